// SPDX-License-Identifier: MIT
//
// Counts the turns of each loop, so that one loop can wait until every other one has polled its
// sockets again.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace tribar {

class Turns {
 public:
  explicit Turns(std::size_t loops) : loops_(loops) {}

  /// Returns the turn count that each loop must reach: for all but `asker`, the end of two turns
  /// that begin after this call. The caller wakes them.
  [[nodiscard]] std::vector<std::uint64_t> ask(std::size_t asker) {
    std::vector<std::uint64_t> targets(loops_.size(), 0);
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (i != asker) {
        targets[i] = loops_[i].completed.load() + kTurns;
        std::uint64_t wanted = loops_[i].wanted.load();
        while (wanted < targets[i] && !loops_[i].wanted.compare_exchange_weak(wanted, targets[i])) {
        }
      }
    }
    return targets;
  }
  [[nodiscard]] bool are_reached(const std::vector<std::uint64_t>& targets) const {
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (loops_[i].completed.load() < targets[i]) {
        return false;
      }
    }
    return true;
  }

  /// Whether `loop` must make another turn without sleeping.
  [[nodiscard]] bool is_wanted(std::size_t loop) const {
    return loops_[loop].completed.load() < loops_[loop].wanted.load();
  }

  /// `loop` has finished a turn and sent its input on. True if another loop may wait for that.
  [[nodiscard]] bool complete(std::size_t loop) {
    const bool was_wanted = is_wanted(loop);
    loops_[loop].completed.fetch_add(1);
    return was_wanted;
  }

 private:
  /// The current turn may have polled before the request. The next turn reads the last bytes of a
  /// connection that ended, and the one after that the end itself.
  static constexpr std::uint64_t kTurns = 3;

  struct Loop {
    std::atomic<std::uint64_t> completed{0};
    std::atomic<std::uint64_t> wanted{0};
  };
  std::vector<Loop> loops_;
};

}  // namespace tribar
