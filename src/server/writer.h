// SPDX-License-Identifier: MIT
//
// Station 7, write: what a turn brought for a connection is written together; what the kernel does
// not take waits in the connection's Outbox. Owns no socket; belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_buffer.h"
#include "registry/effect.h"
#include "server/connection.h"

namespace tribar {

class Writer {
 public:
  /// Adds an effect that has bytes to what this turn brings for `connection`. The effect and what
  /// it points to live until flush().
  void add(Connection& connection, const Effect& effect);

  /// Writes what add() brought for `connection`, and counts what the kernel took as unreported.
  /// Sets is_failed when the transport failed; what was not written is in the outbox then.
  void flush(Connection& connection);

  /// The write under way is over; begins the next.
  void written(Connection& connection, bool is_ok);

  /// Takes note of what the kernel took of the write under way.
  void note_progress(Connection& connection);

  /// Pushes that were not written, newest first: all, or only the live ones that still wait.
  [[nodiscard]] std::vector<Outbox::Unwritten> take_pushes(Connection& connection,
                                                           bool waiting_live);

  /// The turn is over: effects may go.
  void end_turn() { pieces_.clear(); }

  /// Bytes in all outboxes.
  [[nodiscard]] std::uint64_t held_bytes() const { return held_bytes_; }
  /// `connection` is about to go.
  void forget(Connection& connection);

 private:
  struct Piece {
    const Effect* effect;
    std::uint32_t next;
  };

  /// What goes out in one write.
  struct Round {
    std::string_view bytes;
    std::uint32_t end = Connection::kNoPiece;  // the first piece that is not in it
    Written written;                           // when all of it is taken
    bool wants_report = false;
  };

  [[nodiscard]] Round gather(std::uint32_t at);
  void keep_rest(Connection& connection, std::uint32_t at, std::uint32_t end,
                 std::size_t taken_bytes);
  void keep(Connection& connection, const Effect& effect, std::string_view bytes);
  void begin_write(Connection& connection);
  void drop_empty_outbox(Connection& connection);

  std::vector<Piece> pieces_;
  ByteBuffer scratch_;
  std::uint64_t held_bytes_ = 0;
};

}  // namespace tribar
