// SPDX-License-Identifier: MIT
//
// limits.buffered_bytes: what all connections of a loop hold together, and what happens above it.
// Above the limit, connections that hold buffers are not read from; above the reserve, nobody is.
// When that does not help, those that hold most are closed. Owns no clock and no connection.
#pragma once

#include <cstdint>
#include <utility>

namespace tribar {

class BufferBudget {
 public:
  /// How often tick() is to be called while is_short().
  static constexpr std::uint64_t kTickMs = 100;

  BufferBudget(std::uint64_t limit_bytes, std::uint64_t connections)
      : limit_(limit_bytes), connections_(connections) {}

  /// Takes note that all buffers together hold `buffered` bytes. True when that changes who may be
  /// read from. Logs the beginning of a shortage, once a second at most.
  [[nodiscard]] bool note(std::uint64_t buffered, std::uint64_t now_ms);

  [[nodiscard]] bool is_short() const { return room_ != Room::Free; }

  /// Whether there are buffers for what a connection sends that holds `held` bytes. When they are
  /// short there are for one that holds no more than its even share of the reserve: the shortage is
  /// none of its making.
  [[nodiscard]] bool has_room_for(std::uint64_t held) const {
    return room_ == Room::Free || (room_ == Room::Short && held * connections_ <= reserve());
  }

  /// While is_short(): `elapsed_ms` went by; `in_flight` of the `buffered` bytes wait for the
  /// server itself, and perhaps for its disk. True when connections are to be closed, those that
  /// hold most first, until no more than kept_when_relieved() is held: overload passes by itself,
  /// and buffers shrink, but those of peers that do not read stay.
  [[nodiscard]] bool tick(std::uint64_t elapsed_ms, std::uint64_t buffered,
                          std::uint64_t in_flight);
  /// Enough to read on for more than a moment.
  [[nodiscard]] std::uint64_t kept_when_relieved() const { return limit_ / 2; }

 private:
  enum class Room : std::uint8_t {
    Free,
    Short,  // for those who hold next to nothing
    None,
  };

  /// Above the limit once, reading goes on when no more than this is held.
  [[nodiscard]] std::uint64_t low_mark() const { return limit_ / 8 * 7; }
  /// As much may come on top of the limit before nobody at all is read from.
  [[nodiscard]] std::uint64_t reserve() const { return limit_ / 4; }
  /// Shrunk by so much from one look to the next, buffers are on a good way.
  [[nodiscard]] std::uint64_t progress() const { return limit_ / 64; }

  std::uint64_t limit_;
  std::uint64_t connections_;
  std::uint64_t over_ms_ = 0;
  std::uint64_t looked_ms_ = 0;        // since the last look
  std::uint64_t looked_at_bytes_ = 0;  // that were buffered then
  std::uint64_t may_complain_ms_ = 0;  // when a shortage is next logged
  Room room_ = Room::Free;
  bool is_shortage_new_ = false;  // since the last tick, as for the next
  bool is_look_new_ = false;      // nobody is read from any more
};

}  // namespace tribar
