// SPDX-License-Identifier: MIT
//
// Lets several loops stop together. A loop that has nothing left to do may still get work from
// another, so all go on until all are quiet at the same time.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace tribar {

class Rendezvous {
 public:
  /// `wake_all` wakes every loop; it is called on any thread.
  Rendezvous(std::size_t loops, std::function<void()> wake_all)
      : loops_(loops), wake_all_(std::move(wake_all)) {}

  /// A loop has nothing left to do. Called once by each loop, until it calls leave().
  void arrive() {
    if (quiet_.fetch_add(1) + 1 == loops_) {
      is_over_.store(true);
      wake_all_();
    }
  }
  /// The loop has work again. Must be called before the loop that caused the work learns that it
  /// was received.
  void leave() { quiet_.fetch_sub(1); }

  /// Whether all loops were quiet at the same time: every loop ends.
  [[nodiscard]] bool is_over() const { return is_over_.load(); }

 private:
  std::size_t loops_;
  std::function<void()> wake_all_;
  std::atomic<std::size_t> quiet_{0};
  std::atomic<bool> is_over_{false};
};

}  // namespace tribar
