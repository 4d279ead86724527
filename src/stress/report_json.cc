// SPDX-License-Identifier: MIT
//
// The report as JSON; docs/stress.md describes it.
#include <fmt/format.h>

#include "stress/report.h"

namespace tribar::stress {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string finding_of(std::string_view name, const Findings::Finding& finding) {
  return fmt::format("{}: {{\"count\": {}, \"first\": {}}}", quoted(name), finding.count,
                     quoted(finding.first));
}

}  // namespace

std::string report_as_json(const Options& options, const Results& results) {
  std::string json = fmt::format(
      "{{\"schema\": \"tribar-stress/1\",\n"
      "\"settings\": {{\"server\": {}, \"users\": {}, \"window\": {}, \"bytes\": [{}, {}], "
      "\"seed\": {}}},\n"
      "\"cut_short\": {}, \"generator_was_the_limit\": {}, \"warmup_s\": {:.3f}, "
      "\"measured_s\": {:.6f},\n\"figures\": {{",
      quoted(to_text(options.server)), options.users, options.window, options.least_bytes,
      options.most_bytes, options.seed, results.was_cut_short, results.was_generator_the_limit,
      results.warmup_s, results.measured_s);
  std::string_view separator = "\n  ";
  for (const Figure& figure : results.figures) {
    json += fmt::format("{}{}: {{\"value\": {:.6g}, \"unit\": {}}}", separator, quoted(figure.name),
                        figure.value, quoted(figure.unit));
    separator = ",\n  ";
  }
  json += fmt::format("}},\n\"verdict\": {{\"right\": {}", !results.is_wrong());
  for (std::size_t i = 0; i < kWrongs; ++i) {
    json += ",\n  " + finding_of(kWrongNames[i], results.findings.wrongs[i]);
  }
  json += ",\n  " + finding_of("refused", results.findings.refused);
  json += ",\n  " + finding_of("disconnected", results.findings.disconnected);
  json += ",\n  " + finding_of("failed_logins", results.failed_logins);
  json += "},\n\"histogram_ns\": [";
  separator = "";
  for (const auto& [value, count] : results.latency.buckets()) {
    json += fmt::format("{}[{}, {}]", separator, value, count);
    separator = ", ";
  }
  return json + "]}\n";
}

}  // namespace tribar::stress
