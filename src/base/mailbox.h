// SPDX-License-Identifier: MIT
//
// Mailbox<T>: the queue between two stations, with many writers and one reader. It has the only
// mutex in the path of a message. The reader takes all items at once, by a swap under the lock, and
// processes them outside of it. The reader says when it sleeps, and writers wake it only then, so
// that a busy reader costs no system call.
#pragma once

#include <semaphore.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace tribar {

template <typename T>
class Mailbox {
 public:
  Mailbox() { sem_init(&arrival_, 0, 0); }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox() { sem_destroy(&arrival_); }

  /// Adds one item; any thread, never waits for the reader. Wakes a reader that sleeps in wait().
  /// Returns true if the reader has announced its sleep by sleep_if_empty(): then the caller must
  /// wake it.
  [[nodiscard]] bool push(T item) { return push_all(std::span<T>(&item, 1)); }

  /// Adds all of `items`, in order; otherwise as push().
  [[nodiscard]] bool push_all(std::span<T> items) {
    bool must_wake = false;
    bool is_waiting = false;
    {
      const std::lock_guard lock(mutex_);
      for (T& item : items) {
        items_.push_back(std::move(item));
      }
      must_wake = std::exchange(is_asleep_, false);
      is_waiting = std::exchange(is_waiting_, false);
    }
    if (is_waiting) {
      sem_post(&arrival_);
    }
    return must_wake;
  }

  /// Wakes the reader without adding an item; otherwise as push().
  [[nodiscard]] bool nudge() {
    bool must_wake = false;
    bool is_waiting = false;
    {
      const std::lock_guard lock(mutex_);
      is_nudged_ = true;
      must_wake = std::exchange(is_asleep_, false);
      is_waiting = std::exchange(is_waiting_, false);
    }
    if (is_waiting) {
      sem_post(&arrival_);
    }
    return must_wake;
  }

  /// Moves all items into `into`, which must be empty. Only for the reader.
  void drain(std::vector<T>& into) {
    const std::lock_guard lock(mutex_);
    items_.swap(into);
  }

  [[nodiscard]] bool is_empty() {
    const std::lock_guard lock(mutex_);
    return items_.empty();
  }

  /// Sleeps until there is an item or a nudge. Only for the reader.
  void wait() {
    if (may_wait()) {
      take_wakeup();
      end_wait();
    }
  }

  /// As wait(), but no longer than `most`.
  void wait_for(std::chrono::milliseconds most) {
    if (!may_wait()) {
      return;
    }
    timespec until{};
    clock_gettime(CLOCK_MONOTONIC, &until);
    const std::int64_t ns = until.tv_nsec + most.count() % 1000 * 1'000'000;
    until.tv_sec += most.count() / 1000 + ns / 1'000'000'000;
    until.tv_nsec = ns % 1'000'000'000;
    int code = 0;
    do {
      code = sem_clockwait(&arrival_, CLOCK_MONOTONIC, &until);
    } while (code != 0 && errno == EINTR);
    if (!end_wait() && code != 0) {
      // A writer is about to wake us, or has just done so.
      take_wakeup();
    }
  }

  /// Announces that the reader will sleep in another way than wait(), so that the caller of push()
  /// must wake it. Returns false if there is something to do first. Only for the reader.
  [[nodiscard]] bool sleep_if_empty() {
    const std::lock_guard lock(mutex_);
    if (!items_.empty() || std::exchange(is_nudged_, false)) {
      return false;
    }
    is_asleep_ = true;
    return true;
  }

  /// Must be called when the reader has woken from the sleep that it announced.
  void wake_up() {
    const std::lock_guard lock(mutex_);
    is_asleep_ = false;
  }

 private:
  /// Whether there is nothing to do; if so, a writer that changes this wakes the reader.
  [[nodiscard]] bool may_wait() {
    const std::lock_guard lock(mutex_);
    is_waiting_ = items_.empty() && !std::exchange(is_nudged_, false);
    return is_waiting_;
  }

  /// True if no writer has woken the reader, and none will for this wait.
  bool end_wait() {
    const std::lock_guard lock(mutex_);
    is_nudged_ = false;
    return std::exchange(is_waiting_, false);
  }

  void take_wakeup() {
    while (sem_wait(&arrival_) != 0) {
      // Interrupted by a signal.
    }
  }

  std::mutex mutex_;
  // A semaphore, because with a condition variable the waking thread would take the mutex again,
  // which costs a further system call for each wake-up.
  sem_t arrival_{};
  std::vector<T> items_;
  bool is_waiting_ = false;  // the reader is in wait(), and no writer has woken it yet
  bool is_asleep_ = false;   // announced by sleep_if_empty()
  bool is_nudged_ = false;
};

}  // namespace tribar
