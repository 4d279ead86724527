// SPDX-License-Identifier: MIT
//
// Two reports side by side: the ratio of each figure, and whether the difference is more than the
// runs vary by themselves.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "stress/figure.h"
#include "stress/histogram.h"

namespace tribar::stress {

/// What is read back of a report.
struct Report {
  std::string name;                                           // the file
  std::vector<std::pair<std::string, std::string>> settings;  // in words
  std::vector<Figure> figures;                                // in the order of figure_kinds()
  std::vector<Histogram::Bucket> latency;
  bool is_right = true;
};

/// Reads what report_as_json() wrote, from `json`; anything may stand there. `name` is the file's.
/// An error says what is wrong with it.
[[nodiscard]] Result<Report, std::string> read_report(std::string name, const std::string& json);

/// One figure of both.
struct Comparison {
  enum class Verdict {
    Same,     // no more apart than the runs vary by themselves
    Better,   // the second is better
    Worse,    // the second is worse
    Differs,  // apart, and neither way is better
    Unknown,  // these runs do not say how much they vary
  };
  const FigureKind* kind;
  double first;
  double second;
  Verdict verdict;
};

/// The figures that both have. A difference counts when it is more than three times its
/// standard error, estimated from how the parts of each run differ.
[[nodiscard]] std::vector<Comparison> compare(const Report& first, const Report& second);

[[nodiscard]] std::string comparison_as_text(const Report& first, const Report& second);
[[nodiscard]] std::string comparison_as_html(const Report& first, const Report& second);

}  // namespace tribar::stress
