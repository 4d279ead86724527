// SPDX-License-Identifier: MIT
//
// The figures that a run can have: one table of what they are called, what they are measured in
// and which way they should go. Reports, thresholds and comparisons all go by it.
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

/// All of them, in the order in which they are shown.
[[nodiscard]] std::span<const FigureKind> figure_kinds();
/// Null when there is none of that name.
[[nodiscard]] const FigureKind* find_figure_kind(std::string_view name);

struct Figure {
  const FigureKind* kind;
  double value;
  /// The same of each part of the run, where it has one: tells how much it varies by itself.
  std::vector<double> parts;
};

}  // namespace tribar::stress
