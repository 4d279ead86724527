// SPDX-License-Identifier: MIT
//
// Station 6, reply: batches come home to the loop, and the loop is woken when it sleeps. Also the
// count of batches that are on their way from this loop to the registry.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/mailbox.h"
#include "registry/batch.h"

namespace tribar {

class LoopInbox {
 public:
  /// `wake` interrupts the loop's sleep; it is called on any thread.
  LoopInbox(std::size_t workers, std::function<void()> wake)
      : under_way_(std::make_unique<UnderWay[]>(workers)), wake_(std::move(wake)) {}

  /// Any thread: a batch comes home. Never waits.
  void post(BatchPtr batch) {
    if (mailbox_.push(std::move(batch))) {
      wake_();
    }
  }

  /// Any thread: a batch for `worker` has passed the registry. Wakes a loop that waits for this.
  void note_passed(std::uint32_t worker) {
    UnderWay& lane = under_way_[worker];
    lane.batches.fetch_sub(1);
    if (lane.is_wanted.exchange(false) && mailbox_.nudge()) {
      wake_();
    }
  }

  /// The loop: whether fewer than `most` batches are under way to `worker`, and counts one more if
  /// so. If not, the loop is woken when one has passed.
  [[nodiscard]] bool try_depart(std::uint32_t worker, std::uint32_t most) {
    UnderWay& lane = under_way_[worker];
    if (lane.batches.load() >= most) {
      lane.is_wanted.store(true);
      if (lane.batches.load() >= most) {
        return false;
      }
      lane.is_wanted.store(false);
    }
    lane.batches.fetch_add(1);
    return true;
  }

  /// The loop: takes what came home.
  void drain(std::vector<BatchPtr>& into) { mailbox_.drain(into); }
  /// The loop: see Mailbox.
  [[nodiscard]] bool sleep_if_empty() { return mailbox_.sleep_if_empty(); }
  void wake_up() { mailbox_.wake_up(); }

 private:
  struct UnderWay {
    std::atomic<std::uint32_t> batches{0};
    std::atomic<bool> is_wanted{false};
  };
  Mailbox<BatchPtr> mailbox_;
  std::unique_ptr<UnderWay[]> under_way_;
  std::function<void()> wake_;
};

}  // namespace tribar
