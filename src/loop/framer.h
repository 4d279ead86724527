// SPDX-License-Identifier: MIT
//
// Station 2, frame: cuts the bytes that were read into frames in the open batch, as far as the
// connection's window allows. Bytes are read directly to the end of the batch's buffer. Behind a
// full window a connection of protocol 1 is read a little further, because its acknowledgements and
// pings do not wait. Owns no socket; belongs to the loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "loop/connection.h"
#include "loop/dispatcher.h"

namespace tribar {

struct FrameLimits {
  std::uint64_t frame_bytes = 65536;        // most data of a frame, after login
  std::uint64_t in_flight_commands = 1024;  // per connection
  std::uint64_t in_flight_bytes = 262144;
  bool allow_clear_secrets = false;  // also where others can read along
  bool certificate_names = false;    // a good certificate proves whose account a peer may log in to
  friend bool operator==(const FrameLimits&, const FrameLimits&) = default;
};

class Framer {
 public:
  /// The most bytes of one read.
  static constexpr std::size_t kReadBytes = 65536;
  /// No command that is legal before login needs more data than this.
  static constexpr std::uint64_t kBeforeLoginBytes = 1024;

  /// Behind a full window a connection of protocol 1 is read until this much is held, and what goes
  /// ahead has a window of its own: of so many bytes, and as many commands as fit into them.
  static constexpr std::size_t kAheadBytes = 65536;

  using Space = ReadSpace;

  Framer(const FrameLimits& limits, Dispatcher& dispatcher)
      : limits_(limits), dispatcher_(dispatcher) {}

  /// From now on these limits count; of frames under way, too. When frame_bytes becomes lower,
  /// keep_frame_limit() must follow for each connection.
  void set_limits(const FrameLimits& limits) { limits_ = limits; }

  /// Frames of which something is held may have `frame_bytes` of data, the limit when it came. They
  /// were not refused then, and whoever sends them has sent much of them.
  static void keep_frame_limit(Connection& connection, std::uint64_t frame_bytes);

  /// Sets the time, for limits per second.
  void set_time(std::uint64_t now_ms) { now_ms_ = now_ms; }

  /// Where the next bytes of `connection` are to be read to; valid until the next call of any
  /// method.
  [[nodiscard]] Space space(Connection& connection);

  /// `size` bytes were read into the space: cuts whole frames that are allowed now, and holds the
  /// rest.
  void read(Connection& connection, std::size_t size);

  /// Cuts held bytes, after the window opened or the answer for which a frame waited arrived. While
  /// the window is full: those that go ahead.
  void go_on(Connection& connection);

  /// `commands` commands are completed, whose frames had `command_bytes` together.
  void complete(Connection& connection, std::uint32_t command_bytes, std::uint32_t commands = 1);

  /// Marks the stream as unusable: nothing more is cut, and `refusal` is answered in order, as if
  /// it were a command.
  void lose(Connection& connection, const Refusal& refusal);

  /// Allows the LOGIN that is the first held frame.
  void admit_login(Connection& connection);

  /// Whether the connection should be read: the window is open, or something may go ahead, and no
  /// held frame waits for answers, a poll or the next second.
  [[nodiscard]] bool can_read(const Connection& connection) const {
    return !awaits_more(connection) && (!is_window_full(connection) || may_read_ahead(connection));
  }

  /// Whether held bytes can be cut now.
  [[nodiscard]] bool can_go_on(const Connection& connection) const {
    return connection.held && connection.held->is_blocked && !awaits_more(connection) &&
           (!is_window_full(connection) ||
            (connection.held->has_next_ahead && has_room_ahead(connection)));
  }

  /// Commands without a completion, of all connections together.
  [[nodiscard]] std::uint64_t in_flight_commands() const { return in_flight_commands_; }
  /// The memory that they take, roughly, in all stations: some wait in the registry for long.
  [[nodiscard]] std::uint64_t in_flight_bytes() const {
    return in_flight_bytes_ + in_flight_commands_ * kCommandBytes;
  }
  /// As above, for one connection.
  [[nodiscard]] static std::uint64_t in_flight_bytes_of(const Connection& connection) {
    return connection.in_flight_bytes + connection.in_flight_commands * kCommandBytes;
  }
  /// Bytes held for all connections together.
  [[nodiscard]] std::uint64_t held_bytes() const { return held_bytes_; }
  /// Drops the held bytes of `connection`.
  void release(Connection& connection);
  /// Must be called before `connection` is destroyed; its commands get no completion any more.
  void forget(Connection& connection);

 private:
  /// Memory of a command under way, in addition to its frame.
  static constexpr std::uint64_t kCommandBytes = 256;

  void introduce(Connection& connection, std::uint8_t first_byte);
  void cut(Connection& connection, Batch& batch, std::size_t start, std::uint64_t waited_ms,
           FormerLimit former);
  void take_ahead(Connection& connection);
  void hold(Connection& connection, HeldBytes held);
  void depart(Connection& connection, std::uint32_t command_bytes);
  [[nodiscard]] bool is_window_full(const Connection& connection) const {
    return connection.in_flight_commands >= limits_.in_flight_commands ||
           connection.in_flight_bytes >= limits_.in_flight_bytes;
  }
  [[nodiscard]] bool has_room_ahead(const Connection& connection) const;
  [[nodiscard]] bool may_read_ahead(const Connection& connection) const;
  [[nodiscard]] bool awaits_more(const Connection& connection) const;
  [[nodiscard]] bool take_allowance(Connection& connection) const;
  [[nodiscard]] std::uint64_t limit_for(const Connection& connection) const;
  [[nodiscard]] std::uint64_t limit_at(std::size_t at, const FormerLimit& former) const;

  FrameLimits limits_;
  Dispatcher& dispatcher_;
  std::uint64_t held_bytes_ = 0;
  std::uint64_t in_flight_commands_ = 0;
  std::uint64_t in_flight_bytes_ = 0;
  std::uint64_t now_ms_ = 0;
};

}  // namespace tribar
