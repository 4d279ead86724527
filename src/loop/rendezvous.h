// SPDX-License-Identifier: MIT
//
// How several loops stop together: one that has nothing left to do may still get something from
// another, so all of them go on until all are quiet at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace tribar {

class Rendezvous {
 public:
  /// `wake_all` wakes every loop; any thread.
  Rendezvous(std::size_t loops, std::function<void()> wake_all)
      : loops_(loops), wake_all_(std::move(wake_all)) {}

  /// A loop has nothing left to do. Each says so once, until it leaves.
  void arrive() {
    if (quiet_.fetch_add(1) + 1 == loops_) {
      is_over_.store(true);
      wake_all_();
    }
  }
  /// It has again: said before whoever brought that is told that it was taken.
  void leave() { quiet_.fetch_sub(1); }

  /// Whether all were quiet at once: every loop ends.
  [[nodiscard]] bool is_over() const { return is_over_.load(); }

 private:
  std::size_t loops_;
  std::function<void()> wake_all_;
  std::atomic<std::size_t> quiet_{0};
  std::atomic<bool> is_over_{false};
};

}  // namespace tribar
