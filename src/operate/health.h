// SPDX-License-Identifier: MIT
//
// Whether every station of the server still moves: each is asked and woken, and has some time to
// answer. Owns no thread.
#pragma once

#include <chrono>
#include <functional>
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
  /// those that have not. One thread at a time.
  [[nodiscard]] std::vector<std::string> find_stuck(
      std::chrono::milliseconds patience = kPatience) const;

 private:
  std::vector<Station> stations_;
};

}  // namespace tribar
