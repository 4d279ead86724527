// SPDX-License-Identifier: MIT
//
// See buffer_budget.h.
#include "loop/buffer_budget.h"

#include "base/log.h"

namespace tribar {
namespace {

/// After this long above the limit, the connections that hold most are closed.
constexpr std::uint64_t kOverMs = 1000;
/// When no connection is read, buffers must shrink within this time; otherwise the connections that
/// hold most are closed already then.
constexpr std::uint64_t kLookMs = 100;
constexpr std::uint64_t kWarningIntervalMs = 1000;

}  // namespace

bool BufferBudget::note(std::uint64_t buffered, std::uint64_t now_ms) {
  Room room = room_;
  if (buffered > limit_ + reserve()) {
    room = Room::None;
  } else if (buffered > limit_) {
    room = room_ == Room::None ? Room::None : Room::Short;
  } else if (buffered > low_mark()) {
    room = room_ == Room::Free ? Room::Free : Room::Short;
  } else {
    room = Room::Free;
  }
  if (room == room_) {
    return false;
  }
  is_look_new_ |= room == Room::None;
  if (room_ == Room::Free) {
    is_shortage_new_ = true;
    if (now_ms >= next_warning_ms_) {
      next_warning_ms_ = now_ms + kWarningIntervalMs;
      log::warn("connections",
                "buffers hold {} bytes, limits.buffered_bytes is {}: the server stops reading from "
                "connections that hold buffers until usage drops",
                buffered, limit_);
    }
  }
  room_ = room;
  return true;
}

/// The first tick of a shortage only starts to measure, since the shortage began somewhere within
/// it.
bool BufferBudget::tick(std::uint64_t elapsed_ms, std::uint64_t buffered, std::uint64_t in_flight) {
  over_ms_ = std::exchange(is_shortage_new_, false) ? 0 : over_ms_ + elapsed_ms;
  looked_ms_ += elapsed_ms;
  bool is_stuck = false;
  if (std::exchange(is_look_new_, false)) {
    looked_ms_ = 0;
    looked_at_bytes_ = buffered;
  } else if (looked_ms_ >= kLookMs) {
    is_stuck = room_ == Room::None && buffered - in_flight > limit_ / 2 &&
               buffered + progress() > looked_at_bytes_;
    looked_ms_ = 0;
    looked_at_bytes_ = buffered;
  }
  if (!is_stuck && over_ms_ < kOverMs) {
    return false;
  }
  over_ms_ = 0;
  return true;
}

}  // namespace tribar
