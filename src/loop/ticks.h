// SPDX-License-Identifier: MIT
//
// Computes when the clock of a loop ticks next, and how much time a tick counts. The clock stands
// still while nothing has a deadline, and its interval may change at any time without delaying what
// is due. Time in which the loop did not run (a stopped process, a suspended machine) does not
// count, so that nobody misses a deadline although the bytes arrived in time. Driven by calls; owns
// no clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace tribar {

class Ticks {
 public:
  /// When the next tick is due, on the same clock as `now_ms`, if ticks come every `interval_ms`.
  /// `interval_ms` 0: no tick is needed (none is returned), and the next interval starts anew.
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

  /// A tick happened. Returns the milliseconds that count since the last one. A tick that is late
  /// by a whole interval counts nothing, so that input that arrived meanwhile is read first. A late
  /// tick directly after a late one counts one interval: the loop is overloaded, and deadlines must
  /// still pass.
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
  std::optional<std::uint64_t> last_ms_;  // none: the clock stands still
  std::uint64_t interval_ms_ = 0;
  std::uint64_t asked_ms_ = 0;  // when this interval was first requested
  bool is_behind_ = false;      // the last tick was late
};

}  // namespace tribar
