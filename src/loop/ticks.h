// SPDX-License-Identifier: MIT
//
// When the clock of a loop ticks next, and how much time a tick counts. It stands while nobody
// wants it, and how often it ticks may change at any time without putting off what is due. Time in
// which the loop did not run (a stopped process, a suspended machine) does not count, so that
// nobody misses a deadline whose bytes were there in time. Driven by calls; owns no clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace tribar {

class Ticks {
 public:
  /// When the next tick is due, by the clock that `now_ms` is of, at one every `interval_ms` since
  /// the last; 0: none is wanted, and the next that is begins anew.
  [[nodiscard]] std::optional<std::uint64_t> next_ms(std::uint64_t now_ms,
                                                     std::uint64_t interval_ms) {
    if (interval_ms == 0) {
      last_ms_.reset();
      return std::nullopt;
    }
    if (!last_ms_) {
      last_ms_ = now_ms;
      is_behind_ = false;
    }
    if (interval_ms != interval_ms_) {
      asked_ms_ = now_ms;
    }
    interval_ms_ = interval_ms;
    return *last_ms_ + interval_ms;
  }

  /// It ticks. Returns the milliseconds that count since the last tick. A tick that is a whole
  /// interval late counts nothing: first, what came meanwhile is to be read. One that is late
  /// right after another counts one interval: an overloaded loop is slow, and time goes on.
  [[nodiscard]] std::uint64_t tick(std::uint64_t now_ms) {
    const std::uint64_t last_ms = std::exchange(last_ms_, now_ms).value_or(now_ms);
    const std::uint64_t due_ms = std::max(last_ms + interval_ms_, asked_ms_);
    const bool was_behind = is_behind_;
    is_behind_ = now_ms >= due_ms + interval_ms_;
    if (!is_behind_) {
      return now_ms - last_ms;
    }
    return was_behind ? interval_ms_ : 0;
  }

 private:
  std::optional<std::uint64_t> last_ms_;  // none: it stands
  std::uint64_t interval_ms_ = 0;
  std::uint64_t asked_ms_ = 0;  // when this interval was first asked for
  bool is_behind_ = false;      // the last tick was late
};

}  // namespace tribar
