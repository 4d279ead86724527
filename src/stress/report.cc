// SPDX-License-Identifier: MIT
//
// The report as a table.
#include "stress/report.h"

#include <fmt/format.h>

namespace tribar::stress {
namespace {

std::string line_of(std::string_view name, const Findings::Finding& finding) {
  return finding.count == 0
             ? fmt::format("  {:<16} 0\n", name)
             : fmt::format("  {:<16} {}   first: {}\n", name, finding.count, finding.first);
}

}  // namespace

std::string report_as_text(const Options& options, const Results& results) {
  std::string text = fmt::format(
      "{}: {} users, {} under way each, {}..{} bytes, seed {}\n"
      "measured {:.2f} s after a warm-up of {:.2f} s{}\n\n",
      name_of(options.scenario), options.users, options.window, options.least_bytes,
      options.most_bytes, options.seed, results.measured_s, results.warmup_s,
      results.was_cut_short ? ", cut short" : "");
  for (const Figure& figure : results.figures) {
    text +=
        fmt::format("  {:<16} {:>14.2f} {}\n", figure.kind->name, figure.value, figure.kind->unit);
  }
  text += '\n';
  for (const auto& [name, finding] : results.all_findings()) {
    text += line_of(name, *finding);
  }
  text += '\n';
  for (const std::string& note : results.notes) {
    text += note + '\n';
  }
  return text + (results.is_wrong() ? "WRONG\n" : "all right\n");
}

}  // namespace tribar::stress
