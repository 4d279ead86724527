// SPDX-License-Identifier: MIT
//
// The send queue of a connection: frames that the kernel did not accept at once, with what is
// needed to return an unwritten message to its account's queue. Exists only while the peer reads
// slowly.
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
  /// One frame of the stream, or several that are not pushes.
  struct Frame {
    AccountId account;  // of a push; so are the next two
    MessageNumber number;
    UnixMs time;
    std::uint32_t bytes = 0;
    std::uint32_t charge = 0;
    bool is_push = false;
    bool is_live = false;
    bool is_kept = false;
  };
  struct Unwritten {
    Frame frame;
    std::string bytes;  // empty if it is kept
  };

  /// Adds `frames`, which `bytes` consists of, in order. `taken_bytes` of them were already
  /// accepted by the kernel; non-zero only if the outbox is empty. Frames that were accepted whole
  /// are added to `written` instead of the outbox. If `bytes` is large, its memory is taken over.
  void append(ByteBuffer&& bytes, std::span<const Frame> frames, std::size_t taken_bytes,
              Written& written);

  /// Starts a write of everything that waits; returns the bytes to be written. Requires
  /// !is_writing() and !is_empty(). The bytes stay valid until finish_write().
  [[nodiscard]] std::string_view begin_write();
  [[nodiscard]] bool is_writing() const { return !writing_.is_empty(); }

  /// `unwritten_bytes` of the current write are not accepted yet. Adds the frames that were
  /// completed since the last call to `written`.
  void note_progress(std::size_t unwritten_bytes, Written& written);
  /// The current write is finished, with all bytes accepted.
  void finish_write(Written& written);

  [[nodiscard]] bool is_empty() const { return writing_.is_empty() && waiting_.is_empty(); }
  [[nodiscard]] std::size_t held_bytes() const { return writing_.size() + waiting_.size(); }

  /// Adds `elapsed_ms` to the time for which the kernel has accepted nothing, as of the last
  /// note_progress(), and returns that time.
  std::uint64_t wait(std::uint64_t elapsed_ms);

  /// Removes the pushes that the kernel did not accept whole, newest first. With `waiting_live`:
  /// only live ones, and none of the current write; the others are still written.
  [[nodiscard]] std::vector<Unwritten> take_pushes(bool waiting_live);

 private:
  ByteBuffer writing_;
  ByteBuffer waiting_;
  struct Placed {
    Frame frame;
    std::uint64_t end = 0;  // end position in the stream of all bytes of this outbox
  };
  std::deque<Placed> frames_;  // frames that are not written completely, oldest first
  std::uint64_t taken_ = 0;
  std::uint64_t taken_before_ = 0;  // bytes accepted when stalled_ms_ began
  std::uint64_t stalled_ms_ = 0;
  std::uint64_t writing_end_ = 0;  // end position of writing_
  std::uint64_t end_ = 0;          // end position of waiting_
};

/// The output of one turn for a connection, before any of it is written. The fields that every
/// frame uses are in one cache line.
struct alignas(64) Outgoing {
  ByteBuffer bytes;
  std::vector<Outbox::Frame> frames;
  Written written;  // to be reported when all of it is accepted
  bool wants_report = false;

  /// Empties it, and frees memory above `keep_bytes`.
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
