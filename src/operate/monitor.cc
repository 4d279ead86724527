// SPDX-License-Identifier: MIT
//
// See monitor.h.
#include "operate/monitor.h"

#include <fmt/format.h>

#include <utility>

namespace tribar {
namespace {

constexpr unsigned kUnavailable = 503;
constexpr unsigned kNotFound = 404;
constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kMetricsText = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace

Result<std::unique_ptr<Monitor>, std::string> Monitor::start(const ListenerSettings& where,
                                                             MetricSources sources,
                                                             Health& health) {
  auto monitor = std::make_unique<Monitor>(std::move(sources), health);
  auto http = HttpServer::start(
      where, [&answers = *monitor](std::string_view path) { return answers.answer(path); });
  if (!http) {
    return http.error();
  }
  monitor->http_ = std::move(http.value());
  return monitor;
}

HttpAnswer Monitor::answer(std::string_view path) {
  if (path == "/metrics") {
    return {200, kMetricsText, metrics_page(sources_)};
  }
  if (path == "/healthz") {
    const std::vector<std::string> stuck = health_.find_stuck();
    if (stuck.empty()) {
      return {200, kText, "ok\n"};
    }
    return {kUnavailable, kText, fmt::format("no answer from: {}\n", fmt::join(stuck, ", "))};
  }
  if (path == "/readyz") {
    return sources_.is_ready() ? HttpAnswer{200, kText, "ready\n"}
                               : HttpAnswer{kUnavailable, kText, "not ready\n"};
  }
  return {kNotFound, kText, "there are /metrics, /healthz and /readyz\n"};
}

}  // namespace tribar
