// SPDX-License-Identifier: MIT
//
// Compares two reports: the ratio of each figure, and whether the difference is larger than the
// variation within the runs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "stress/figure.h"
#include "stress/histogram.h"

namespace tribar::stress {

/// The parts of a report that are needed here.
struct Report {
  std::string name;                                           // the file
  std::vector<std::pair<std::string, std::string>> settings;  // as text
  std::vector<Figure> figures;                                // in the order of figure_kinds()
  std::vector<Histogram::Bucket> latency;
  bool is_right = true;
};

/// Parses `json`, the output of report_as_json(); any bytes may come. `name`: the file's. An error
/// says what is wrong.
[[nodiscard]] Result<Report, std::string> read_report(std::string name, const std::string& json);

/// One figure of both reports.
struct Comparison {
  enum class Verdict {
    Same,     // the difference is within the variation of the runs
    Better,   // the second is better
    Worse,    // the second is worse
    Differs,  // different, and neither direction is better
    Unknown,  // the variation of these runs is unknown
  };
  const FigureKind* kind;
  double first;
  double second;
  Verdict verdict;
};

/// Compares the figures that both have. A difference counts if it is more than three times its
/// standard error, which is estimated from the differences between the parts of each run.
[[nodiscard]] std::vector<Comparison> compare(const Report& first, const Report& second);

[[nodiscard]] std::string comparison_as_text(const Report& first, const Report& second);
[[nodiscard]] std::string comparison_as_html(const Report& first, const Report& second);

}  // namespace tribar::stress
