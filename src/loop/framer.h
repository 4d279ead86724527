// SPDX-License-Identifier: MIT
//
// Station 2, frame: bytes that were read become frames in the open batch, within the connection's
// window. Bytes are read right where they stay: behind the batch's end. Owns no socket; belongs to
// the loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "loop/connection.h"
#include "loop/dispatcher.h"

namespace tribar {

struct FrameLimits {
  std::uint64_t frame_bytes = 65536;        // of data, after login
  std::uint64_t in_flight_commands = 1024;  // per connection
  std::uint64_t in_flight_bytes = 262144;
  bool allow_clear_secrets = false;  // also where others can read along
};

class Framer {
 public:
  /// What one read can bring.
  static constexpr std::size_t kReadBytes = 65536;
  /// Before login no legal command needs more data than this.
  static constexpr std::uint64_t kBeforeLoginBytes = 1024;

  using Space = ReadSpace;

  Framer(const FrameLimits& limits, Dispatcher& dispatcher)
      : limits_(limits), dispatcher_(dispatcher) {}

  /// What time it is, for limits per second.
  void set_time(std::uint64_t now_ms) { now_ms_ = now_ms; }

  /// Where the next bytes of `connection` go; good until anything else is asked of the Framer.
  [[nodiscard]] Space space(Connection& connection);

  /// `size` bytes are in the space: cuts what is whole and allowed, and holds the rest.
  void read(Connection& connection, std::size_t size);

  /// Cuts what is held, after the window opened or a login was judged.
  void go_on(Connection& connection);

  /// Commands are answered: so many, whose frames had `command_bytes` together.
  void complete(Connection& connection, std::uint32_t command_bytes, std::uint32_t commands = 1);

  /// Closes the stream for a reason: nothing is cut any more, and the refusal takes its place in
  /// the order of answers.
  void lose(Connection& connection, const Refusal& refusal);

  /// Lets the LOGIN pass that is the first frame held.
  void admit_login(Connection& connection);

  /// Whether reading on makes sense: the window is open, and neither a judgement nor a LOGIN nor
  /// the next second is waited for.
  [[nodiscard]] bool can_read(const Connection& connection) const;

  /// Whether held bytes may be cut now.
  [[nodiscard]] bool can_go_on(const Connection& connection) const {
    return connection.held && connection.held->is_blocked && can_read(connection);
  }

  /// Commands without a completion, of all connections.
  [[nodiscard]] std::uint64_t in_flight_commands() const { return in_flight_commands_; }
  /// What they take of memory, about, wherever they are: some wait in the registry for long.
  [[nodiscard]] std::uint64_t in_flight_bytes() const {
    return in_flight_bytes_ + in_flight_commands_ * kCommandBytes;
  }
  /// As above, of one connection.
  [[nodiscard]] static std::uint64_t in_flight_bytes_of(const Connection& connection) {
    return connection.in_flight_bytes + connection.in_flight_commands * kCommandBytes;
  }
  /// Bytes held by all connections.
  [[nodiscard]] std::uint64_t held_bytes() const { return held_bytes_; }
  /// Drops what is held for `connection`.
  void release(Connection& connection);
  /// `connection` is about to go, and its commands get no completion any more.
  void forget(Connection& connection);

 private:
  /// Of a command under way, beside the bytes of its frame.
  static constexpr std::uint64_t kCommandBytes = 256;

  void introduce(Connection& connection, std::uint8_t first_byte);
  void cut(Connection& connection, Batch& batch, std::size_t start, std::uint64_t waited_ms);
  void hold(Connection& connection, HeldBytes held);
  void depart(Connection& connection, std::uint32_t command_bytes);
  [[nodiscard]] bool is_window_full(const Connection& connection) const {
    return connection.in_flight_commands >= limits_.in_flight_commands ||
           connection.in_flight_bytes >= limits_.in_flight_bytes;
  }
  [[nodiscard]] bool take_allowance(Connection& connection) const;
  [[nodiscard]] std::uint64_t limit_for(const Connection& connection) const;

  FrameLimits limits_;
  Dispatcher& dispatcher_;
  std::uint64_t held_bytes_ = 0;
  std::uint64_t in_flight_commands_ = 0;
  std::uint64_t in_flight_bytes_ = 0;
  std::uint64_t now_ms_ = 0;
};

}  // namespace tribar
