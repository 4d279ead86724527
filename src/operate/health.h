// SPDX-License-Identifier: MIT
//
// Whether every station of the server still moves: each is asked and woken, and has some time to
// answer. Owns no thread.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/pulse.h"

namespace tribar {

class Health {
 public:
  struct Station {
    std::string name;            // for people
    Pulse* pulse;                // must outlive this
    std::function<void()> wake;  // makes the station go around once; any thread
  };

  /// How long a station has to answer.
  static constexpr std::chrono::milliseconds kPatience{3000};

  explicit Health(std::vector<Station> stations) : stations_(std::move(stations)) {}

  /// Asks all, and waits until they have answered, no longer than `patience`. Returns the names of
  /// those that have not. Any thread; one after another.
  [[nodiscard]] std::vector<std::string> find_stuck(std::chrono::milliseconds patience = kPatience);

 private:
  std::vector<Station> stations_;
  std::mutex mutex_;  // held by whoever asks
};

}  // namespace tribar
