// SPDX-License-Identifier: MIT
//
// Limits how often something may happen: a number of times per second, and after a pause up to one
// second's worth at once. Has no clock: the caller passes the time.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tribar {

class TokenBucket {
 public:
  /// The bucket is full at `now_ms`. `per_second`: 0 means no limit; values above 2^40 count as
  /// 2^40.
  explicit TokenBucket(std::uint64_t per_second, std::uint64_t now_ms = 0)
      : per_second_(std::min(per_second, kMostPerSecond)),
        parts_(per_second_ * kPartsPerToken),
        at_ms_(now_ms) {}

  /// From `now_ms` on it may happen `per_second` times; what the bucket holds stays, as far as it
  /// fits.
  void set_rate(std::uint64_t per_second, std::uint64_t now_ms) {
    const TokenBucket full(per_second, now_ms);
    parts_ = per_second_ == 0 ? full.parts_ : std::min(parts_at(now_ms), full.parts_);
    per_second_ = full.per_second_;
    at_ms_ = std::max(at_ms_, now_ms);
  }

  /// Whether it may happen now; if so, counts it. A time earlier than a previous one counts as that
  /// one.
  [[nodiscard]] bool take(std::uint64_t now_ms) {
    parts_ = parts_at(now_ms);
    at_ms_ = std::max(at_ms_, now_ms);
    if (per_second_ == 0) {
      return true;
    }
    if (parts_ < kPartsPerToken) {
      return false;
    }
    parts_ -= kPartsPerToken;
    return true;
  }

  /// How long until it may happen; 0: now.
  [[nodiscard]] std::uint64_t wait_ms(std::uint64_t now_ms) const {
    const std::uint64_t parts = parts_at(now_ms);
    if (per_second_ == 0 || parts >= kPartsPerToken) {
      return 0;
    }
    return (kPartsPerToken - parts + per_second_ - 1) / per_second_;
  }

 private:
  static constexpr std::uint64_t kMostPerSecond = std::uint64_t{1} << 40;
  /// Parts per token, so that one token per second gives one part each millisecond.
  static constexpr std::uint64_t kPartsPerToken = 1000;

  [[nodiscard]] std::uint64_t parts_at(std::uint64_t now_ms) const {
    const std::uint64_t passed_ms =
        now_ms > at_ms_ ? std::min<std::uint64_t>(now_ms - at_ms_, 1000) : 0;
    return std::min(parts_ + passed_ms * per_second_, per_second_ * kPartsPerToken);
  }

  std::uint64_t per_second_;
  std::uint64_t parts_;  // parts in the bucket at at_ms_
  std::uint64_t at_ms_;
};

}  // namespace tribar
