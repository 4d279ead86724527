// SPDX-License-Identifier: MIT
//
// How far each loop is, so that one can wait until every other has looked at its sockets again.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace tribar {

class Turns {
 public:
  explicit Turns(std::size_t loops) : loops_(loops) {}

  /// What every loop has to reach, by loop: for all but `asker` the end of two turns that begin
  /// from now on. The caller wakes them.
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

  /// Whether `loop` must not sleep before its next turn.
  [[nodiscard]] bool is_wanted(std::size_t loop) const {
    return loops_[loop].completed.load() < loops_[loop].wanted.load();
  }

  /// `loop` has made a turn, and sent on what it found. True when somebody may wait for that.
  [[nodiscard]] bool complete(std::size_t loop) {
    const bool was_wanted = is_wanted(loop);
    loops_[loop].completed.fetch_add(1);
    return was_wanted;
  }

 private:
  /// The turn that is under way may have looked before now. The next one reads what came before the
  /// end of a connection, and the one after that the end.
  static constexpr std::uint64_t kTurns = 3;

  struct Loop {
    std::atomic<std::uint64_t> completed{0};
    std::atomic<std::uint64_t> wanted{0};
  };
  std::vector<Loop> loops_;
};

}  // namespace tribar
