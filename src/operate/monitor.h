// SPDX-License-Identifier: MIT
//
// What a program that watches the server can ask over HTTP:
//   /metrics   every metric, in Prometheus' text format
//   /healthz   200 while every station answers, else 503 and which ones do not
//   /readyz    200 while clients are served, else 503
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "config/config.h"
#include "operate/health.h"
#include "operate/http.h"
#include "operate/metrics.h"

namespace tribar {

class Monitor {
 public:
  /// Answers at `where` from now on, on a thread of its own. Or why that cannot be. `health` must
  /// outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Monitor>, std::string> start(
      const ListenerSettings& where, MetricSources sources, Health& health);

  /// Where it answers: HOST:PORT, or unix:PATH.
  [[nodiscard]] const std::string& address() const { return http_->address(); }

  /// The answer for `path`. One call at a time.
  [[nodiscard]] HttpAnswer answer(std::string_view path);

  Monitor(MetricSources sources, Health& health) : sources_(std::move(sources)), health_(health) {}

 private:
  MetricSources sources_;
  Health& health_;
  std::unique_ptr<HttpServer> http_;  // ends first
};

}  // namespace tribar
