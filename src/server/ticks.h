// SPDX-License-Identifier: MIT
//
// When the clock of a loop ticks next. It stands while nobody wants it, and how often it ticks may
// change at any time without putting off what is due. Driven by calls; owns no clock.
#pragma once

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
    }
    return *last_ms_ + interval_ms;
  }

  /// It ticks. Returns the milliseconds since the last tick.
  std::uint64_t tick(std::uint64_t now_ms) {
    return now_ms - std::exchange(last_ms_, now_ms).value_or(now_ms);
  }

 private:
  std::optional<std::uint64_t> last_ms_;  // none: it stands
};

}  // namespace tribar
