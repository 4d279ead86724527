// SPDX-License-Identifier: MIT
//
// How long to wait before the next attempt to connect, so that a server that comes back is not
// overrun by all of its clients at once. Pure: no clock, no randomness of its own.
#pragma once

#include <chrono>
#include <cstdint>

namespace tribar {

class Backoff {
 public:
  static constexpr std::chrono::milliseconds kLeast{500};
  static constexpr std::chrono::milliseconds kMost{30'000};

  /// The wait before the next attempt: anything from kLeast to a limit, as `random` says, every
  /// value of which must be equally likely. The limit is 1 s at first and doubles with each attempt
  /// up to kMost.
  [[nodiscard]] std::chrono::milliseconds next(std::uint64_t random);

  /// After a connection that worked: the limit is small again.
  void reset() { limit_ = kFirstLimit; }

 private:
  static constexpr std::chrono::milliseconds kFirstLimit{1000};
  std::chrono::milliseconds limit_ = kFirstLimit;
};

}  // namespace tribar
