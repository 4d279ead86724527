// SPDX-License-Identifier: MIT
//
// The report as a table.
#include "stress/report.h"

#include <fmt/format.h>

#include "stress/chart.h"

namespace tribar::stress {
namespace {

std::string line_of(std::string_view name, const Findings::Finding& finding) {
  return finding.count == 0
             ? fmt::format("  {:<16} 0\n", name)
             : fmt::format("  {:<16} {}   first: {}\n", name, finding.count, finding.first);
}

}  // namespace

std::string run_in_words(const Options& options, const Results& results) {
  std::string pace = fmt::format("{} under way each", options.window);
  if (options.scenario == Scenario::Idle) {
    pace = "silent";
  } else if (options.rate > 0) {
    pace = fmt::format("{} messages a second on a schedule", options.rate);
  }
  const std::string size = options.least_bytes == options.most_bytes
                               ? fmt::format("{}", options.least_bytes)
                               : fmt::format("{} to {}", options.least_bytes, options.most_bytes);
  const std::string span =
      results.measured_s == 0
          ? "Nothing was measured"
          : fmt::format("Measured {:.2f} s after a warm-up of {:.2f} s that does not count",
                        results.measured_s, results.warmup_s);
  const std::string_view protocol = options.protocol == 0    ? ""
                                    : options.secret.empty() ? ", protocol 1"
                                                             : ", protocol 1 with secrets";
  return fmt::format("{} users{}{}, {}, {} bytes a message, seed {}. {}{}.", options.users,
                     protocol, options.is_tls ? ", over TLS" : "", pace, size, options.seed, span,
                     results.was_cut_short ? ", cut short" : "");
}

std::string report_as_text(const Options& options, const Results& results) {
  std::string text =
      fmt::format("{}: {}\n\n", name_of(options.scenario), run_in_words(options, results));
  for (const Figure& figure : results.figures) {
    text += fmt::format("  {:<16} {:>14} {}\n", figure.kind->name, number_text(figure.value),
                        figure.kind->unit);
  }
  text += '\n';
  for (const auto& [name, finding] : results.all_findings()) {
    text += line_of(name, *finding);
  }
  text += '\n';
  for (const std::string& note : results.notes) {
    text += note + '\n';
  }
  for (const std::string& what : results.not_done) {
    text += what + '\n';
  }
  return text + (results.is_wrong() ? "WRONG\n" : "all right\n");
}

}  // namespace tribar::stress
