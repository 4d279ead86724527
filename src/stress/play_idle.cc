// SPDX-License-Identifier: MIT
//
// See plays.h.
#include "stress/company.h"
#include "stress/plays.h"

namespace tribar::stress {

void play_idle(Stage& stage, const Roles& roles) {
  Results& results = stage.results();
  const auto& server = stage.meter().server();
  const std::uint64_t before = server ? server->resident_bytes() : 0;
  const Nanos start = monotonic_now();
  if (!stage.enter(0, roles.quiet.count)) {
    return;
  }
  const Nanos logged_in = monotonic_now();
  const double users = roles.quiet.count;
  const Histogram& times = stage.crowd().login_times();
  results.set("logins", users);
  results.set("login_rate", users / seconds(logged_in - start));
  results.set("login_p50", static_cast<double>(times.percentile(50)) / 1e3);
  results.set("login_p99", static_cast<double>(times.percentile(99)) / 1e3);
  report_handshakes(results, stage.crowd(), 0, seconds(logged_in - start));
  stage.start_measuring(stage.options().seconds);
  stage.play_for(stage.options().seconds);
  stage.stop_measuring();
  const std::uint64_t after = server ? server->resident_bytes() : 0;
  if (after > 0) {
    results.set("server_per_user",
                (static_cast<double>(after) - static_cast<double>(before)) / users);
  }
}

}  // namespace tribar::stress
