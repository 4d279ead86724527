// SPDX-License-Identifier: MIT
//
// The report as a table.
#include "stress/report.h"

#include <fmt/format.h>

namespace tribar::stress {
namespace {

std::string line_of(std::string_view name, const Findings::Finding& finding) {
  return finding.count == 0
             ? fmt::format("  {:<14} 0\n", name)
             : fmt::format("  {:<14} {}   first: {}\n", name, finding.count, finding.first);
}

}  // namespace

std::string report_as_text(const Options& options, const Results& results) {
  std::string text = fmt::format(
      "{} users, {} under way each, {}..{} bytes, seed {}\n"
      "measured {:.2f} s after a warm-up of {:.2f} s{}\n\n",
      options.users, options.window, options.least_bytes, options.most_bytes, options.seed,
      results.measured_s, results.warmup_s, results.was_cut_short ? ", cut short" : "");
  for (const Figure& figure : results.figures) {
    text += fmt::format("  {:<14} {:>14.2f} {}\n", figure.name, figure.value, figure.unit);
  }
  text += '\n';
  for (std::size_t i = 0; i < kWrongs; ++i) {
    text += line_of(kWrongNames[i], results.findings.wrongs[i]);
  }
  const std::pair<const char*, const Findings::Finding&> others[] = {
      {"refused", results.findings.refused},
      {"disconnected", results.findings.disconnected},
      {"failed logins", results.failed_logins}};
  for (const auto& [name, finding] : others) {
    if (finding.count > 0) {
      text += line_of(name, finding);
    }
  }
  text += '\n';
  if (results.was_generator_the_limit) {
    text += "The load generator was the limit: its processor had no time left.\n";
  }
  for (const std::string& note : results.notes) {
    text += note + '\n';
  }
  return text + (results.is_wrong() ? "WRONG\n" : "all right\n");
}

}  // namespace tribar::stress
