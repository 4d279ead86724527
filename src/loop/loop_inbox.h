// SPDX-License-Identifier: MIT
//
// Station 6, reply: the queue in which batches return to the loop; wakes the loop if it sleeps.
// Also counts the batches that are on their way from this loop to the registry.
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
  /// `wake` wakes the loop; it is called on any thread.
  explicit LoopInbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// Any thread: returns batches to the loop. Never waits.
  void post(std::span<BatchShare> shares) {
    if (mailbox_.push_all(shares)) {
      wake_();
    }
  }

  /// Any thread: makes the loop run another turn.
  void nudge() {
    if (mailbox_.nudge()) {
      wake_();
    }
  }

  /// Any thread: a batch has passed the registry. Wakes the loop if it waits for this.
  void note_passed() {
    under_way_.fetch_sub(1);
    if (is_passing_wanted_.exchange(false) && mailbox_.nudge()) {
      wake_();
    }
  }

  /// The loop: counts `count` more batches as under way if that makes no more than `most`, and
  /// returns true. Otherwise returns false, and the loop is woken when a batch has passed.
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

  /// The loop: counts `count` more batches as under way, without a limit.
  void depart(std::size_t count) { under_way_.fetch_add(count); }

  /// The loop: takes the batches that have returned.
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
