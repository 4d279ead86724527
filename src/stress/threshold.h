// SPDX-License-Identifier: MIT
//
// Bounds that a person sets on a run's figures: "p99>5ms" fails the run when it is true.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tribar::stress {

struct Results;

struct Threshold {
  std::string text;  // as it was written
  std::string name;  // a figure or a finding
  bool is_upper = true;
  double bound = 0;
};

/// NAME>VALUE or NAME<VALUE, where NAME is a figure or a finding, and VALUE a number that, of a
/// time, may end in us (the default), ms or s. An error says what is wrong.
[[nodiscard]] Result<Threshold, std::string> parse_threshold(std::string_view text);

/// Why `results` break `threshold`, if so. A figure that this run does not have breaks it, too: a
/// bound that is never looked at would be worth nothing.
[[nodiscard]] std::optional<std::string> broken(const Threshold& threshold, const Results& results);

}  // namespace tribar::stress
