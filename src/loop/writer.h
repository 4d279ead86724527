// SPDX-License-Identifier: MIT
//
// Station 7, write: the output of a turn for a connection is written with one call; what the kernel
// does not accept waits in the connection's Outbox. Owns no socket; belongs to the loop's thread.
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
  /// See SwitchboardLimits::long_frame_bytes and FrameLimits::frame_bytes.
  Writer(std::uint32_t long_frame_bytes, std::uint64_t frame_bytes)
      : long_frame_bytes_(long_frame_bytes), frame_bytes_(frame_bytes) {}

  /// From now on this limit counts.
  void set_frame_bytes(std::uint64_t frame_bytes) { frame_bytes_ = frame_bytes; }

  /// Adds the frame of an effect, which must have one, to this turn's output for `connection`. The
  /// frame is copied now, while its batch is in the CPU cache; a long one is written at once,
  /// together with what was added before. Afterwards the batch is not used any more.
  void add(Connection& connection, const Effect& effect);

  /// Writes this turn's output for `connection`, and counts the bytes that the kernel accepted as
  /// unreported. Sets is_failed if the transport failed; then the unwritten frames are in the
  /// outbox.
  void flush(Connection& connection);

  /// Writes `frame`, after which nothing more is added. Requires that nothing is written or waits.
  /// What the kernel does not accept at once is in the outbox. Sets is_failed if the transport
  /// failed.
  void write_last(Connection& connection, ByteBuffer&& frame);

  /// The current write is finished; starts the next.
  void written(Connection& connection, bool is_ok);

  /// Records how much of the current write the kernel has accepted.
  void note_progress(Connection& connection);

  /// Removes and returns the pushes that were not written, newest first: all of them, or only live
  /// ones that are not in the current write.
  [[nodiscard]] std::vector<Outbox::Unwritten> take_pushes(Connection& connection,
                                                           bool waiting_live);

  /// Bytes that are not written yet, for all connections.
  [[nodiscard]] std::uint64_t held_bytes() const { return held_bytes_; }
  /// Bytes that were written, or that transports are writing.
  [[nodiscard]] std::uint64_t written_bytes() const { return written_bytes_; }
  /// Messages that were written to connections whose messages count as delivered by that.
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  /// Must be called before `connection` is destroyed.
  void forget(Connection& connection);

  /// Whether memory is kept for reuse.
  [[nodiscard]] bool has_spares() const { return !spares_.empty(); }
  void drop_spares();

 private:
  [[nodiscard]] std::unique_ptr<Outgoing> take_spare();
  void give_back(std::unique_ptr<Outgoing> outgoing);
  void write_out(Connection& connection, std::string_view last_frame);
  void keep_rest(Connection& connection, Outgoing& outgoing, std::size_t taken_bytes);
  void count_delivered(const Connection& connection, std::uint32_t pushes_before);
  void begin_write_if_due(Connection& connection);
  void drop_empty_outbox(Connection& connection);

  std::uint32_t long_frame_bytes_;
  std::uint64_t frame_bytes_;
  std::uint64_t written_bytes_ = 0;
  std::uint64_t delivered_ = 0;
  std::vector<std::unique_ptr<Outgoing>> spares_;
  std::size_t spare_bytes_ = 0;
  std::uint64_t held_bytes_ = 0;
};

}  // namespace tribar
