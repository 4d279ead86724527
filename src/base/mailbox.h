// SPDX-License-Identifier: MIT
//
// Mailbox<T>: the queue between two stations, and the only mutex on the way of a message. Many
// write, one reads. It is drained whole, under the lock by a swap, and worked off outside of it.
// Its reader says when it sleeps; whoever writes wakes only a sleeper, so a busy reader costs no
// system call.
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

  /// Adds one item; any thread, never waits for the reader. Wakes a reader that sleeps in wait();
  /// true when the reader had announced its sleep by sleep_if_empty(): then the caller wakes it.
  [[nodiscard]] bool push(T item) { return push_all(std::span<T>(&item, 1)); }

  /// Moves all of `items` in, in order; as push().
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

  /// Wakes the reader without an item; as push().
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
      // Somebody is about to wake us, or has just done so.
      take_wakeup();
    }
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
  /// Whether there is nothing to do; then whoever changes that wakes the reader.
  [[nodiscard]] bool may_wait() {
    const std::lock_guard lock(mutex_);
    is_waiting_ = items_.empty() && !std::exchange(is_nudged_, false);
    return is_waiting_;
  }

  /// True when nobody has woken the reader, and nobody will for this wait.
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
  // A condition variable would take the mutex again in the waking thread and cost a further system
  // call for each wake-up.
  sem_t arrival_{};
  std::vector<T> items_;
  bool is_waiting_ = false;  // in wait(), and nobody has woken it yet
  bool is_asleep_ = false;   // as announced by sleep_if_empty()
  bool is_nudged_ = false;
};

}  // namespace tribar
