// SPDX-License-Identifier: MIT
//
// Station 6, reply: batches come back to the loop, and the loop is woken when it sleeps. Also the
// count of batches that are on their way from this loop to the registry.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "base/mailbox.h"
#include "loop/reply_router.h"

namespace tribar {

class LoopInbox {
 public:
  /// `wake` interrupts the loop's sleep; it is called on any thread.
  explicit LoopInbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// Any thread: batches come back. Never waits.
  void post(std::span<BatchShare> shares) {
    if (mailbox_.push_all(shares)) {
      wake_();
    }
  }

  /// Any thread: the loop makes another turn.
  void nudge() {
    if (mailbox_.nudge()) {
      wake_();
    }
  }

  /// Any thread: a batch has passed the registry. Wakes a loop that waits for this.
  void note_passed() {
    under_way_.fetch_sub(1);
    if (is_passing_wanted_.exchange(false) && mailbox_.nudge()) {
      wake_();
    }
  }

  /// The loop: whether `count` more batches make no more than `most` under way, and counts them if
  /// so. If not, the loop is woken when one has passed.
  [[nodiscard]] bool try_depart(std::size_t count, std::size_t most) {
    if (under_way_.load() + count > most) {
      is_passing_wanted_.store(true);
      if (under_way_.load() + count > most) {
        return false;
      }
      is_passing_wanted_.store(false);
    }
    under_way_.fetch_add(count);
    return true;
  }

  /// The loop: `count` more batches are under way, however many that makes.
  void depart(std::size_t count) { under_way_.fetch_add(count); }

  /// The loop: takes what came back.
  void drain(std::vector<BatchShare>& into) { mailbox_.drain(into); }
  /// The loop: see Mailbox.
  [[nodiscard]] bool sleep_if_empty() { return mailbox_.sleep_if_empty(); }
  void wake_up() { mailbox_.wake_up(); }

 private:
  Mailbox<BatchShare> mailbox_;
  std::atomic<std::size_t> under_way_{0};
  std::atomic<bool> is_passing_wanted_{false};
  std::function<void()> wake_;
};

}  // namespace tribar
