// SPDX-License-Identifier: MIT
//
// Names for things that threads talk about. Strong types, never bare integers.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace tribar {

/// Names one connection for the life of the process. The low bits are a slot, used again after the
/// connection is gone; the high bits are a generation, so that no id is ever used twice.
/// Zero names nothing. A plain value; any thread.
struct ConnectionId {
  static constexpr unsigned kSlotBits = 26;  // 64 loops with a million connections each
  static constexpr std::uint64_t kSlots = std::uint64_t{1} << kSlotBits;
  static constexpr std::uint64_t kGenerations = std::uint64_t{1} << (64 - kSlotBits);

  std::uint64_t value = 0;

  /// `slot` < kSlots; `generation` from 1, < kGenerations.
  static constexpr ConnectionId make(std::uint64_t slot, std::uint64_t generation) {
    return ConnectionId{generation << kSlotBits | slot};
  }
  [[nodiscard]] constexpr std::size_t slot() const { return value & (kSlots - 1); }
  [[nodiscard]] constexpr std::uint64_t generation() const { return value >> kSlotBits; }
  [[nodiscard]] constexpr bool is_none() const { return value == 0; }
  friend constexpr auto operator<=>(ConnectionId, ConnectionId) = default;
};

/// Which one of several loops it is. They have the slots of connections in turn, so that an id says
/// whose it is.
struct LoopPlace {
  std::uint32_t index = 0;
  std::uint32_t count = 1;

  /// The loop, of `count`, that has this connection.
  static constexpr std::size_t loop_of(ConnectionId id, std::size_t count) {
    // A division would be felt: this is asked several times a message.
    return count == 1 ? 0 : id.slot() % count;
  }
  [[nodiscard]] constexpr bool is_mine(ConnectionId id) const {
    return loop_of(id, count) == index;
  }
  /// Between a slot and its number among the loop's own.
  [[nodiscard]] constexpr std::uint64_t slot_at(std::uint64_t own) const {
    return own * count + index;
  }
  [[nodiscard]] constexpr std::size_t own_at(ConnectionId id) const {
    return count == 1 ? id.slot() : id.slot() / count;
  }
};

/// Names an account for ever: counted up from 1 in the order of creation, never used again, also
/// not after the account is deleted. Zero names nothing.
struct AccountId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(AccountId, AccountId) = default;
};

/// A message's number: counted up from 1 in the order of acceptance, for all accounts together, and
/// never used again. So the numbers of one queue ascend.
struct MessageNumber {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(MessageNumber, MessageNumber) = default;
};

/// Milliseconds since 1970-01-01 UTC.
struct UnixMs {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(UnixMs, UnixMs) = default;
};

}  // namespace tribar
