// SPDX-License-Identifier: MIT
//
// Mailbox<T>: the queue between two stations, and the only mutex in the program. Many write, one
// reads. It is drained whole, under the lock by a swap, and worked off outside of it. Its reader
// says when it sleeps; whoever writes wakes only a sleeper, so a busy reader costs no system call.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace tribar {

template <typename T>
class Mailbox {
 public:
  /// Adds one item; any thread, never waits for the reader. Wakes a reader that sleeps in wait();
  /// true when the reader had announced its sleep by sleep_if_empty(): then the caller wakes it.
  [[nodiscard]] bool push(T item) {
    bool must_wake = false;
    bool is_waiting = false;
    {
      const std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
      must_wake = std::exchange(is_asleep_, false);
      is_waiting = is_waiting_;
    }
    if (is_waiting) {
      arrival_.notify_one();
    }
    return must_wake;
  }

  /// Wakes the reader without an item; as push().
  [[nodiscard]] bool nudge() {
    bool must_wake = false;
    {
      const std::lock_guard lock(mutex_);
      is_nudged_ = true;
      must_wake = std::exchange(is_asleep_, false);
    }
    arrival_.notify_one();
    return must_wake;
  }

  /// Moves everything into `into`, which is empty, at once. The reader only.
  void drain(std::vector<T>& into) {
    const std::lock_guard lock(mutex_);
    items_.swap(into);
  }

  [[nodiscard]] bool is_empty() {
    const std::lock_guard lock(mutex_);
    return items_.empty();
  }

  /// Sleeps until there is an item or a nudge. The reader only.
  void wait() {
    std::unique_lock lock(mutex_);
    is_waiting_ = true;
    arrival_.wait(lock, [this] { return !items_.empty() || is_nudged_; });
    is_waiting_ = false;
    is_nudged_ = false;
  }

  /// As wait(), but no longer than `most`.
  void wait_for(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    is_waiting_ = true;
    arrival_.wait_for(lock, most, [this] { return !items_.empty() || is_nudged_; });
    is_waiting_ = false;
    is_nudged_ = false;
  }

  /// Announces that the reader will sleep where only push()'s caller can wake it; false when
  /// there is something to do first. The reader only.
  [[nodiscard]] bool sleep_if_empty() {
    const std::lock_guard lock(mutex_);
    if (!items_.empty() || std::exchange(is_nudged_, false)) {
      return false;
    }
    is_asleep_ = true;
    return true;
  }

  /// The reader is up again, whoever woke it.
  void wake_up() {
    const std::lock_guard lock(mutex_);
    is_asleep_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrival_;
  std::vector<T> items_;
  bool is_waiting_ = false;  // in wait()
  bool is_asleep_ = false;   // as announced by sleep_if_empty()
  bool is_nudged_ = false;
};

}  // namespace tribar
