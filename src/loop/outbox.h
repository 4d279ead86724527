// SPDX-License-Identifier: MIT
//
// Frames that the kernel did not take at once, and what they mean: so that a message which was not
// written can go back to its queue. A connection has one only while its reader is slow.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/ids.h"
#include "registry/input.h"

namespace tribar {

class Outbox {
 public:
  /// One frame of the stream, or several that are no pushes.
  struct Frame {
    AccountId account;  // of a push, as are the next two
    MessageNumber number;
    UnixMs time;
    std::uint32_t bytes = 0;
    std::uint32_t charge = 0;
    bool is_push = false;
    bool is_live = false;
  };
  struct Unwritten {
    Frame frame;
    std::string bytes;
  };

  /// Adds frames that `bytes` are all of, in order. `taken_bytes` of them the kernel has taken,
  /// which can be only when nothing is here: whole frames of these are added to `written` and do
  /// not come in. The memory of many bytes is taken over.
  void append(ByteBuffer&& bytes, std::span<const Frame> frames, std::size_t taken_bytes,
              Written& written);

  /// Makes everything that waits the write under way, and returns what of it is to be written.
  /// Only when not is_writing() and not is_empty(). The bytes stay until finish_write().
  [[nodiscard]] std::string_view begin_write();
  [[nodiscard]] bool is_writing() const { return !writing_.is_empty(); }

  /// `unwritten_bytes` of the write under way are not taken yet. Adds the frames that are complete
  /// since the last call to `written`.
  void note_progress(std::size_t unwritten_bytes, Written& written);
  /// The write under way is over and all of it taken.
  void finish_write(Written& written);

  [[nodiscard]] bool is_empty() const { return writing_.is_empty() && waiting_.is_empty(); }
  [[nodiscard]] std::size_t held_bytes() const { return writing_.size() + waiting_.size(); }

  /// `elapsed_ms` went by. Returns for how long the kernel has taken nothing, as of the last
  /// note_progress().
  std::uint64_t wait(std::uint64_t elapsed_ms);

  /// Takes out the pushes that the kernel did not take whole, newest first. With `waiting_live`
  /// only live ones, and none of the write under way; the rest goes on.
  [[nodiscard]] std::vector<Unwritten> take_pushes(bool waiting_live);

 private:
  ByteBuffer writing_;
  ByteBuffer waiting_;
  struct Placed {
    Frame frame;
    std::uint64_t end = 0;  // where it ends, counted over the outbox's life
  };
  std::deque<Placed> frames_;  // not complete, oldest first
  std::uint64_t taken_ = 0;
  std::uint64_t taken_before_ = 0;  // when stalled_ms_ began
  std::uint64_t stalled_ms_ = 0;
  std::uint64_t writing_end_ = 0;  // where writing_ ends
  std::uint64_t end_ = 0;          // where waiting_ ends
};

/// What one turn of the loop brings for a connection, before any of it is written. What every frame
/// touches is in one line of the cache.
struct alignas(64) Outgoing {
  ByteBuffer bytes;
  std::vector<Outbox::Frame> frames;
  Written written;  // when all of it is taken
  bool wants_report = false;

  /// Empties it, and gives memory above `keep_bytes` back.
  void clear(std::size_t keep_bytes) {
    bytes.clear(keep_bytes);
    frames.clear();
    written = {};
    wants_report = false;
  }
};

/// Counts a frame as written.
void add_written(Written& written, const Outbox::Frame& frame);

}  // namespace tribar
