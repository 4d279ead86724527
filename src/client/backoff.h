// SPDX-License-Identifier: MIT
//
// How long to wait before the next attempt to connect, so that a server that comes back is not
// overrun by all of its clients at once. Where there are several servers the others are tried
// first, at once. Pure: no clock, no randomness of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tribar {

class Backoff {
 public:
  static constexpr std::chrono::milliseconds kLeast{500};
  static constexpr std::chrono::milliseconds kMost{30'000};

  /// For attempts that take turns among so many servers, at least 1.
  explicit Backoff(std::size_t servers = 1) : servers_(servers) {}

  /// A server cannot be reached, or its connection is of no more use: the wait before the next
  /// attempt, which is with the next server. 0 until each of them has failed since the last wait.
  /// Then anything from kLeast to a limit, as `random` says, every value of which must be equally
  /// likely. The limit is 1 s at first and doubles with each wait up to kMost.
  [[nodiscard]] std::chrono::milliseconds next(std::uint64_t random);

  /// After a connection that worked: the limit is small again, and no server has failed.
  void reset() {
    limit_ = kFirstLimit;
    failed_ = 0;
  }

 private:
  static constexpr std::chrono::milliseconds kFirstLimit{1000};
  std::size_t servers_;
  std::size_t failed_ = 0;  // since the last wait
  std::chrono::milliseconds limit_ = kFirstLimit;
};

}  // namespace tribar
