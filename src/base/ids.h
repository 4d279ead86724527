// SPDX-License-Identifier: MIT
//
// Ids of things that several threads refer to. Strong types, never bare integers.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace tribar {

/// Identifies a connection for the lifetime of the process. The low bits are a slot, which is
/// reused after the connection is closed; the high bits are a generation, so that no id is ever
/// used twice. Zero: no connection. A plain value; any thread.
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

/// Which one of several loops this is. Slots of connections are assigned to the loops in turn, so
/// that a connection's id tells its loop.
struct LoopPlace {
  std::uint32_t index = 0;
  std::uint32_t count = 1;

  /// Which of `count` loops has this connection.
  static constexpr std::size_t loop_of(ConnectionId id, std::size_t count) {
    // Avoids a division, which would cost: this is called several times per message.
    return count == 1 ? 0 : id.slot() % count;
  }
  [[nodiscard]] constexpr bool is_mine(ConnectionId id) const {
    return loop_of(id, count) == index;
  }
  /// Converts a loop's own slot number into a slot of ConnectionId.
  [[nodiscard]] constexpr std::uint64_t slot_at(std::uint64_t own) const {
    return own * count + index;
  }
  [[nodiscard]] constexpr std::size_t own_at(ConnectionId id) const {
    return count == 1 ? id.slot() : id.slot() / count;
  }
};

/// Identifies an account for ever: counted from 1 in the order of creation, never reused, even
/// after the account is deleted. Zero: no account.
struct AccountId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(AccountId, AccountId) = default;
};

/// A message's number: counted from 1 in the order of acceptance, for all accounts together, and
/// never reused. So numbers ascend within each queue.
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
