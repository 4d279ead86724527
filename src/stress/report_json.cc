// SPDX-License-Identifier: MIT
//
// The report as JSON; docs/stress.md describes it.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/timestamp.h"
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

std::string list_of(const std::vector<std::string>& texts) {
  std::string json = "[";
  for (const std::string& text : texts) {
    json += (json.size() > 1 ? ", " : "") + quoted(text);
  }
  return json += ']';
}

std::string environment() {
  utsname system{};
  uname(&system);
  return fmt::format(
      "{{\"time\": \"{}\", \"host\": {}, \"kernel\": {}, "
      "\"machine\": {}, \"processors\": {}, \"version\": {}}}",
      timestamp(unix_ms_now()), quoted(system.nodename), quoted(system.release),
      quoted(system.machine), sysconf(_SC_NPROCESSORS_ONLN), quoted(TRIBAR_VERSION));
}

std::string settings_of(const Options& options) {
  return fmt::format(
      "{{\"server\": {}, \"protocol\": {}, \"has_secrets\": {}, \"tls\": {}, "
      "\"scenario\": {}, \"users\": {}, "
      "\"window\": {}, "
      "\"bytes\": [{}, {}], "
      "\"seconds\": {}, \"messages\": {}, \"rate\": {}, \"share_percent\": {}, \"nap_s\": {}, "
      "\"burst\": {}, \"accounts\": {}, \"step_s\": {}, \"step_factor\": {}, "
      "\"bound_p99_us\": {}, \"drain_s\": {}, \"seed\": {}}}",
      quoted(to_text(options.servers)), options.protocol, !options.secret.empty(), options.is_tls,
      quoted(name_of(options.scenario)), options.users, options.window, options.least_bytes,
      options.most_bytes, options.seconds, options.messages, options.rate, options.share_percent,
      options.nap_s, options.burst, options.accounts, options.step_s, options.step_factor,
      options.bound_p99_us, options.drain_s, options.seed);
}

std::string timeline_of(const Timeline& timeline) {
  std::string json =
      fmt::format("{{\"slice_s\": {:.6f}, \"slices\": [", seconds(timeline.slice_length()));
  std::string_view separator = "";
  for (const Slice& slice : timeline.slices()) {
    json += fmt::format(
        "{}\n  {{\"sent\": {}, \"delivered\": {}, \"p50_us\": {:.6g}, \"p99_us\": {:.6g}, "
        "\"max_us\": {:.6g}, \"server_cpu_s\": {:.6g}, \"server_memory_bytes\": {}}}",
        separator, slice.sent, slice.delivered,
        static_cast<double>(slice.latency.percentile(50)) / 1e3,
        static_cast<double>(slice.latency.percentile(99)) / 1e3,
        static_cast<double>(slice.latency.max()) / 1e3, seconds(slice.server_cpu),
        slice.server_memory_bytes);
    separator = ",";
  }
  return json + "]}";
}

}  // namespace

std::string report_as_json(const Options& options, const Results& results) {
  std::string json = fmt::format(
      "{{\"schema\": \"tribar-stress/1\",\n\"environment\": {},\n\"settings\": {},\n"
      "\"cut_short\": {}, \"generator_was_the_limit\": {}, \"warmup_s\": {:.3f}, "
      "\"measured_s\": {:.6f},\n\"figures\": {{",
      environment(), settings_of(options), results.was_cut_short, results.was_generator_the_limit,
      results.warmup_s, results.measured_s);
  std::string_view separator = "";
  for (const Figure& figure : results.figures) {
    json += fmt::format("{}\n  {}: {{\"value\": {:.9g}, \"unit\": {}, \"parts\": [{:.6g}]}}",
                        separator, quoted(figure.kind->name), figure.value,
                        quoted(figure.kind->unit), fmt::join(figure.parts, ", "));
    separator = ",";
  }
  json += fmt::format("}},\n\"verdict\": {{\"right\": {}", !results.is_wrong());
  for (const auto& [name, finding] : results.all_findings()) {
    json += fmt::format(",\n  {}: {{\"count\": {}, \"first\": {}}}", quoted(name), finding->count,
                        quoted(finding->first));
  }
  json += fmt::format(",\n  \"not_done\": {}}},\n\"notes\": {},\n\"histogram_ns\": [",
                      list_of(results.not_done), list_of(results.notes));
  separator = "";
  for (const auto& [value, count] : results.latency.buckets()) {
    json += fmt::format("{}[{}, {}]", separator, value, count);
    separator = ", ";
  }
  return json + "],\n\"timeline\": " + timeline_of(results.timeline) + "}\n";
}

}  // namespace tribar::stress
