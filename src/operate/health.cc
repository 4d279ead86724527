// SPDX-License-Identifier: MIT
//
// See health.h.
#include "operate/health.h"

#include <algorithm>
#include <thread>

namespace tribar {
namespace {

/// How often the answers are looked at.
constexpr std::chrono::milliseconds kLook{1};

}  // namespace

std::vector<std::string> Health::find_stuck(std::chrono::milliseconds patience) {
  const std::lock_guard lock(mutex_);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (const Station& station : stations_) {
    station.pulse->ask();
    station.wake();
  }
  const auto is_stuck = [](const Station& station) { return !station.pulse->has_answered(); };
  while (std::any_of(stations_.begin(), stations_.end(), is_stuck) &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kLook);
  }
  std::vector<std::string> stuck;
  for (const Station& station : stations_) {
    if (is_stuck(station)) {
      stuck.push_back(station.name);
    }
  }
  return stuck;
}

}  // namespace tribar
