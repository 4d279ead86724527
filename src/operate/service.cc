// SPDX-License-Identifier: MIT
//
// See service.h: what does not need libsystemd.
#include "operate/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/thread_name.h"

namespace tribar {

Watchdog::Watchdog(std::chrono::microseconds interval, FindStuck find_stuck)
    // Twice in the interval, as sd_watchdog_enabled(3) asks, and a little more.
    : period_(std::max(std::chrono::milliseconds(1),
                       std::chrono::duration_cast<std::chrono::milliseconds>(interval / 3))),
      find_stuck_(std::move(find_stuck)),
      thread_([this] {
        name_thread("watchdog");
        run();
      }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void Watchdog::run() {
  bool was_well = true;
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    lock.unlock();
    const std::vector<std::string> stuck = find_stuck_(period_);
    if (stuck.empty()) {
      service::tell_alive();
    } else if (was_well) {
      log::error("server", "no answer from: {}; if it stays so the watchdog ends this process",
                 fmt::join(stuck, ", "));
    }
    was_well = stuck.empty();
    lock.lock();
    ended_.wait_for(lock, period_, [this] { return is_ending_; });
  }
}

}  // namespace tribar
