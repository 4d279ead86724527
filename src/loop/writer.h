// SPDX-License-Identifier: MIT
//
// Station 7, write: what a turn brings for a connection is written together; what the kernel does
// not take waits in the connection's Outbox. Owns no socket; belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "loop/connection.h"
#include "registry/effect.h"

namespace tribar {

class Writer {
 public:
  /// See SwitchboardLimits::long_frame_bytes.
  explicit Writer(std::uint32_t long_frame_bytes) : long_frame_bytes_(long_frame_bytes) {}

  /// Adds the frame of an effect that has one to what this turn brings for `connection`. It is
  /// copied here, while the batch that brought it is still in the cache; a long one is written at
  /// once, with what was added before it. Nothing of the batch is needed any more.
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

  /// Bytes that are not written.
  [[nodiscard]] std::uint64_t held_bytes() const { return held_bytes_; }
  /// `connection` is about to go.
  void forget(Connection& connection);

  /// Memory that is kept for the next turn.
  [[nodiscard]] bool has_spares() const { return !spares_.empty(); }
  void drop_spares();

 private:
  [[nodiscard]] std::unique_ptr<Outgoing> take_spare();
  void give_back(std::unique_ptr<Outgoing> outgoing);
  void write_out(Connection& connection, std::string_view last_frame);
  void keep_rest(Connection& connection, Outgoing& outgoing, std::size_t taken_bytes);
  void begin_write_if_due(Connection& connection);
  void drop_empty_outbox(Connection& connection);

  std::uint32_t long_frame_bytes_;
  std::vector<std::unique_ptr<Outgoing>> spares_;
  std::size_t spare_bytes_ = 0;
  std::uint64_t held_bytes_ = 0;
};

}  // namespace tribar
