// SPDX-License-Identifier: MIT
//
// Bounds on a run's figures, from the command line: "p99>5ms" fails the run if it is true.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tribar::stress {

struct Results;

struct Threshold {
  std::string text;  // as given
  std::string name;  // a figure or a finding
  bool is_upper = true;
  double bound = 0;
};

/// Parses NAME>VALUE or NAME<VALUE. NAME is a figure or a finding; VALUE is a number which, for a
/// time, may end in us (the default), ms or s. An error says what is wrong.
[[nodiscard]] Result<Threshold, std::string> parse_threshold(std::string_view text);

/// Why `results` violate `threshold`; none if they do not. A figure that this run does not have is
/// a violation too: otherwise the bound would silently be ignored.
[[nodiscard]] std::optional<std::string> broken(const Threshold& threshold, const Results& results);

}  // namespace tribar::stress
