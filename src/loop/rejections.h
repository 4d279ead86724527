// SPDX-License-Identifier: MIT
//
// Connections that were rejected for want of room and still wait for their error to be sent: the
// oldest is dropped first. Logs how many there were. Owns no clock and no connection.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "base/ids.h"
#include "base/log.h"

namespace tribar {

class Rejections {
 public:
  /// So many at most wait for their error to be sent.
  static constexpr std::size_t kMost = 16;

  /// One more. Returns the one that is to be dropped for it, if so; remove() follows.
  [[nodiscard]] std::optional<ConnectionId> add(ConnectionId id) {
    ++unlogged_;
    waiting_.push_back(id);
    return waiting_.size() > kMost ? std::optional(waiting_.front()) : std::nullopt;
  }
  /// It is gone.
  void remove(ConnectionId id) { std::erase(waiting_, id); }

  /// Whether there were some that are not logged yet.
  [[nodiscard]] bool is_counting() const { return unlogged_ > 0; }

  /// `elapsed_ms` went by, and `connections` are here. Logs a line a second at most.
  void tick(std::uint64_t elapsed_ms, std::uint64_t connections) {
    constexpr std::uint64_t kReportMs = 1000;
    unlogged_ms_ = is_counting() ? unlogged_ms_ + elapsed_ms : 0;
    if (unlogged_ms_ >= kReportMs) {
      log::warn("connections", "rejected {} connections within {} ms: {} are here",
                std::exchange(unlogged_, 0), std::exchange(unlogged_ms_, 0), connections);
    }
  }

 private:
  std::deque<ConnectionId> waiting_;  // oldest first
  std::uint64_t unlogged_ = 0;
  std::uint64_t unlogged_ms_ = 0;  // since the first of them
};

}  // namespace tribar
