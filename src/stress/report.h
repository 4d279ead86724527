// SPDX-License-Identifier: MIT
//
// Results for people and for programs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "stress/histogram.h"
#include "stress/options.h"
#include "stress/results.h"

namespace tribar::stress {

/// What was asked for and how long it took, in a sentence or two.
[[nodiscard]] std::string run_in_words(const Options& options, const Results& results);

/// The table that is printed.
[[nodiscard]] std::string report_as_text(const Options& options, const Results& results);

/// The same and more as JSON.
[[nodiscard]] std::string report_as_json(const Options& options, const Results& results);

/// The same as one page that needs nothing else.
[[nodiscard]] std::string report_as_html(const Options& options, const Results& results);

/// A name and the buckets of a histogram, in order.
using NamedLatency = std::pair<std::string, std::vector<Histogram::Bucket>>;
/// Latency by percentile of one or two runs, as SVG.
[[nodiscard]] std::string percentile_chart(const std::vector<NamedLatency>& runs);

}  // namespace tribar::stress
