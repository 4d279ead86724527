// SPDX-License-Identifier: MIT
//
// Rejected connections that still wait for their error to be sent; the oldest is dropped first.
// Logs how many were rejected. Owns no clock and no connection.
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
  /// The most connections that wait for their error to be sent.
  static constexpr std::size_t kMost = 16;

  /// Adds a connection. Returns the one that must be dropped to make room, if any; the caller then
  /// calls remove() for it.
  [[nodiscard]] std::optional<ConnectionId> add(ConnectionId id) {
    ++unlogged_;
    waiting_.push_back(id);
    return waiting_.size() > kMost ? std::optional(waiting_.front()) : std::nullopt;
  }
  /// The connection is closed.
  void remove(ConnectionId id) { std::erase(waiting_, id); }

  /// Whether there were rejections that are not logged yet.
  [[nodiscard]] bool is_counting() const { return unlogged_ > 0; }

  /// To be called after `elapsed_ms`, with the current number of `connections`. Logs at most one
  /// line a second.
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
  std::uint64_t unlogged_ms_ = 0;  // since the first unlogged one
};

}  // namespace tribar
