// SPDX-License-Identifier: MIT
//
// What a run found out, as values: every report is made from this.
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
  /// What the run set out to do and did not, in sentences. Any of them makes it wrong.
  std::vector<std::string> not_done;
  /// Whether refusals are part of what the scenario is about.
  bool may_refuse = false;
  bool was_cut_short = false;
  bool was_generator_the_limit = false;
  std::vector<std::string> notes;
  double warmup_s = 0;
  double measured_s = 0;
  Histogram latency;
  Timeline timeline{0, 1};

  /// Adds or replaces a figure; `name` is that of a kind. A value that is not finite is none.
  void set(std::string_view name, double value, std::vector<double> parts = {});
  /// Of a figure, or the count of a finding ("lost"); nothing when this run has none of that name.
  [[nodiscard]] std::optional<double> value_of(std::string_view name) const;
  /// Whether anything is other than it must be.
  [[nodiscard]] bool is_wrong() const;
  /// The findings by name: kWrongNames, then "refused", "disconnected", "failed_logins".
  [[nodiscard]] std::vector<std::pair<std::string_view, const Findings::Finding*>> all_findings()
      const;
};

}  // namespace tribar::stress
