// SPDX-License-Identifier: MIT
//
// Whether a station still moves: somebody asks, wakes the station, and sees whether it has
// answered.
#pragma once

#include <atomic>
#include <cstdint>

namespace tribar {

class Pulse {
 public:
  /// Any one thread: from now on only an answer that comes later counts.
  void ask() { asked_.fetch_add(1); }
  /// The station, whenever it goes around.
  void answer() {
    const std::uint64_t asked = asked_.load(std::memory_order_relaxed);
    if (answered_.load(std::memory_order_relaxed) != asked) {
      answered_.store(asked);
    }
  }
  /// The thread that asks.
  [[nodiscard]] bool has_answered() const { return answered_.load() == asked_.load(); }

 private:
  std::atomic<std::uint64_t> asked_{0};
  std::atomic<std::uint64_t> answered_{0};
};

}  // namespace tribar
