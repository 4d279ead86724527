// SPDX-License-Identifier: MIT
//
// The figures that a run can have: one table of their names, units, and which direction is better.
// Reports, thresholds and comparisons all use it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tribar::stress {

enum class Better : std::uint8_t { Neither, Higher, Lower };

struct FigureKind {
  std::string_view name;
  std::string_view unit;
  Better better;
  std::string_view meaning;
};

/// All figures, in the order in which they are shown.
[[nodiscard]] std::span<const FigureKind> figure_kinds();
/// Null if there is no figure of that name.
[[nodiscard]] const FigureKind* find_figure_kind(std::string_view name);

struct Figure {
  const FigureKind* kind;
  double value;
  /// The value in each part of the run, if known: shows how much it varies.
  std::vector<double> parts;
};

}  // namespace tribar::stress
