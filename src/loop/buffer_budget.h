// SPDX-License-Identifier: MIT
//
// limits.buffered_bytes: limits the memory in buffers of all connections of a loop. Above the limit
// the server stops reading from connections that hold buffers; above limit and reserve it reads
// from none. If usage does not drop, the connections that hold most are closed. Owns no clock and
// no connection.
#pragma once

#include <cstdint>
#include <utility>

namespace tribar {

class BufferBudget {
 public:
  /// How often tick() must be called while is_short().
  static constexpr std::uint64_t kTickMs = 100;

  BufferBudget(std::uint64_t limit_bytes, std::uint64_t connections)
      : limit_(limit_bytes), connections_(connections) {}

  /// From now on these count; note() must follow.
  void set_limits(std::uint64_t limit_bytes, std::uint64_t connections) {
    limit_ = limit_bytes;
    connections_ = connections;
  }

  /// Reports that all buffers together hold `buffered` bytes. Returns true if the set of
  /// connections that may be read changes. Logs the start of a shortage, at most once a second.
  [[nodiscard]] bool note(std::uint64_t buffered, std::uint64_t now_ms);

  [[nodiscard]] bool is_short() const { return room_ != Room::Free; }

  /// Whether a connection that holds `held` bytes may be read. During a shortage only connections
  /// that hold no more than an even share of the reserve are, since they did not cause it.
  [[nodiscard]] bool has_room_for(std::uint64_t held) const {
    return room_ == Room::Free || (room_ == Room::Short && held * connections_ <= reserve());
  }

  /// To be called while is_short(), `elapsed_ms` after the last call. `in_flight` of the `buffered`
  /// bytes belong to commands in progress, which wait for the server or its disk. Returns true if
  /// connections must be closed, those that hold most first, until no more than
  /// kept_after_closing() is held. Overload passes by itself and its buffers shrink; buffers for
  /// peers that do not read stay.
  [[nodiscard]] bool tick(std::uint64_t elapsed_ms, std::uint64_t buffered,
                          std::uint64_t in_flight);
  /// Low enough that reading can continue for a while.
  [[nodiscard]] std::uint64_t kept_after_closing() const { return limit_ / 2; }

 private:
  enum class Room : std::uint8_t {
    Free,
    Short,  // only connections that hold almost nothing are read
    None,
  };

  /// After a shortage, normal reading starts again at or below this.
  [[nodiscard]] std::uint64_t low_mark() const { return limit_ / 8 * 7; }
  /// How far usage may exceed the limit before no connection is read.
  [[nodiscard]] std::uint64_t reserve() const { return limit_ / 4; }
  /// If buffers shrink by this much between two checks, they are considered to drain.
  [[nodiscard]] std::uint64_t progress() const { return limit_ / 64; }

  std::uint64_t limit_;
  std::uint64_t connections_;
  std::uint64_t over_ms_ = 0;
  std::uint64_t looked_ms_ = 0;        // since the last check
  std::uint64_t looked_at_bytes_ = 0;  // bytes buffered at the last check
  std::uint64_t next_warning_ms_ = 0;  // when a shortage may next be logged
  Room room_ = Room::Free;
  bool is_shortage_new_ = false;  // since the last tick; so is the next
  bool is_look_new_ = false;      // no connection is read any more: start a new check
};

}  // namespace tribar
