// SPDX-License-Identifier: MIT
//
// Reports of results, for people and for programs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "stress/histogram.h"
#include "stress/options.h"
#include "stress/results.h"

namespace tribar::stress {

/// Describes the run and its length in one or two sentences.
[[nodiscard]] std::string run_in_words(const Options& options, const Results& results);

/// The report as a table of text.
[[nodiscard]] std::string report_as_text(const Options& options, const Results& results);

/// The report as JSON, with more details.
[[nodiscard]] std::string report_as_json(const Options& options, const Results& results);

/// The report as one HTML page that loads nothing else.
[[nodiscard]] std::string report_as_html(const Options& options, const Results& results);

/// A name and the buckets of a histogram, in order.
using NamedLatency = std::pair<std::string, std::vector<Histogram::Bucket>>;
/// Latency by percentile of one or two runs, as SVG.
[[nodiscard]] std::string percentile_chart(const std::vector<NamedLatency>& runs);

}  // namespace tribar::stress
