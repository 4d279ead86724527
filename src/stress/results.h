// SPDX-License-Identifier: MIT
//
// What a run found out, as values: every report is made from this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stress/histogram.h"
#include "stress/ledger.h"
#include "stress/timeline.h"

namespace tribar::stress {

/// Which way a figure should go.
enum class Better : std::uint8_t { Neither, Higher, Lower };

struct Figure {
  std::string name;  // a word, such as "p99"
  std::string unit;
  double value = 0;
  Better better = Better::Neither;
  /// The same figure of each part of the run, where it has one: tells how much it varies.
  std::vector<double> parts;
};

struct Results {
  std::vector<Figure> figures;
  Findings findings;
  Findings::Finding failed_logins;
  /// Whether refusals are part of what the scenario is about.
  bool may_refuse = false;
  bool was_cut_short = false;
  bool was_generator_the_limit = false;
  std::vector<std::string> notes;
  double warmup_s = 0;
  double measured_s = 0;
  Histogram latency;
  Timeline timeline{0, 1};

  [[nodiscard]] bool is_wrong() const;
  [[nodiscard]] const Figure* find(std::string_view name) const;
};

}  // namespace tribar::stress
