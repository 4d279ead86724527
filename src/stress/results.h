// SPDX-License-Identifier: MIT
//
// The results of a run, as values: every report is made from them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stress/figure.h"
#include "stress/histogram.h"
#include "stress/ledger.h"
#include "stress/timeline.h"

namespace tribar::stress {

struct Results {
  std::vector<Figure> figures;  // in the order of figure_kinds()
  Findings findings;
  Findings::Finding failed_logins;
  /// What the run should have done and did not, in sentences. If there are any the run has failed.
  std::vector<std::string> not_done;
  /// Whether refusals are expected in this scenario.
  bool may_refuse = false;
  bool was_cut_short = false;
  bool was_generator_the_limit = false;
  std::vector<std::string> notes;
  double warmup_s = 0;
  double measured_s = 0;
  Histogram latency;
  Timeline timeline{0, 1};

  /// Adds or replaces a figure; `name`: see figure_kinds(). A value that is not finite is ignored.
  void set(std::string_view name, double value, std::vector<double> parts = {});
  /// The value of a figure, or the count of a finding ("lost"); none if this run has neither.
  [[nodiscard]] std::optional<double> value_of(std::string_view name) const;
  /// Whether anything is wrong.
  [[nodiscard]] bool is_wrong() const;
  /// The findings by name: kWrongNames, then "refused", "disconnected", "failed_logins".
  [[nodiscard]] std::vector<std::pair<std::string_view, const Findings::Finding*>> all_findings()
      const;
};

}  // namespace tribar::stress
