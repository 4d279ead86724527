// SPDX-License-Identifier: MIT
//
// See bounds.h.
#include "simulation/bounds.h"

#include <algorithm>

#include "loop/connection.h"
#include "loop/framer.h"
#include "zero/frame.h"

namespace tribar::simulation {
namespace {

/// What one read can bring.
constexpr std::size_t kReadBytes = 65536;
/// The longest answer that is no message: refusals and lists of few names.
constexpr std::size_t kAnswerBytes = 150;

void check_window(const Connection& connection, const Settings& settings, Diary& diary) {
  const FrameLimits& limits = settings.loop.frames;
  const std::uint64_t one_frame = limits.frame_bytes + kHeaderBytes;
  // A fatal mistake takes its place behind a full window.
  const std::uint64_t last_word = connection.is_lost ? 1 : 0;
  // In protocol 1 what goes ahead has a window of its own.
  const bool goes_ahead = connection.protocol == Protocol::One;
  const std::uint64_t ahead_bytes = goes_ahead ? Framer::kAheadBytes : 0;
  if (connection.in_flight_commands >
          limits.in_flight_commands + ahead_bytes / kHeaderBytes + last_word ||
      connection.in_flight_bytes >=
          limits.in_flight_bytes + ahead_bytes + one_frame + last_word * kHeaderBytes) {
    diary.fail("{:x}: {} commands of {} bytes are in flight", connection.id.value,
               connection.in_flight_commands, connection.in_flight_bytes);
  }
  const bool is_full = connection.in_flight_commands >= limits.in_flight_commands ||
                       connection.in_flight_bytes >= limits.in_flight_bytes;
  const bool may_be_read =
      goes_ahead && (!connection.held || connection.held->bytes.size() < Framer::kAheadBytes);
  if (is_full && connection.is_reading && !connection.is_shut && !may_be_read) {
    diary.fail("{:x}: is read from behind a full window", connection.id.value);
  }
}

void check_outbox(const Connection& connection, const Settings& settings, std::size_t longest_frame,
                  Diary& diary) {
  // One frame always passes, of a command both its push and its echo; a short answer counts half.
  const std::uint64_t frame_bytes = std::max(longest_frame, kAnswerBytes);
  const std::uint64_t most = 2 * settings.loop.outbox_bytes + 3 * frame_bytes;
  if (connection.outbox && connection.outbox->held_bytes() > most) {
    diary.fail("{:x}: {} bytes wait to be written", connection.id.value,
               connection.outbox->held_bytes());
  }
}

void check_loop(const Loop& loop, const Settings& settings, std::size_t longest_frame,
                Diary& diary) {
  std::uint64_t buffered_bytes = 0;
  std::uint64_t most_held_by_a_reader = 0;
  bool is_read = false;
  for (const auto& link : loop.links()) {
    if (link->connection == nullptr) {
      continue;
    }
    const Connection& connection = *link->connection;
    check_window(connection, settings, diary);
    check_outbox(connection, settings, longest_frame, diary);
    // A filter may keep the link from being read, and never reads it unasked.
    const bool may_differ = settings.is_filtered && !link->is_reading;
    if (connection.is_reading != link->is_reading && !may_differ) {
      diary.fail("{:x}: is read from unawares, or not", connection.id.value);
    }
    const std::size_t held = connection.held ? connection.held->bytes.size() : 0;
    if (held > kReadBytes + settings.loop.frames.frame_bytes + kHeaderBytes) {
      diary.fail("{:x}: {} bytes are held", connection.id.value, held);
    }
    const std::uint64_t its_bytes = held + Framer::in_flight_bytes_of(connection) +
                                    (connection.outbox ? connection.outbox->held_bytes() : 0);
    buffered_bytes += its_bytes;
    if (connection.is_reading && !connection.is_shut) {
      is_read = true;
      most_held_by_a_reader = std::max(most_held_by_a_reader, its_bytes);
    }
  }
  const std::uint64_t reserve = settings.loop.buffered_bytes / 4;
  if (buffered_bytes > settings.loop.buffered_bytes + reserve && is_read) {
    diary.fail("something is read, with {} bytes in buffers", buffered_bytes);
  }
  // Past the limit, who has more than an even share of another quarter is read no more.
  if (buffered_bytes > settings.loop.buffered_bytes &&
      most_held_by_a_reader * settings.loop.connections > reserve * settings.loops) {
    diary.fail("one is read that holds {} bytes, with {} in all buffers", most_held_by_a_reader,
               buffered_bytes);
  }
}

}  // namespace

void check_bounds(const Life& life, const Settings& settings, std::size_t longest_frame,
                  Diary& diary) {
  for (const auto& loop : life.loops()) {
    check_loop(*loop, settings, longest_frame, diary);
  }
  if (life.registry().queued_bytes() > settings.registry.queued_bytes) {
    diary.fail("{} bytes of messages are kept", life.registry().queued_bytes());
  }
}

void check_rest(const Connection& connection, Diary& diary) {
  if (connection.in_flight_commands != 0 || connection.in_flight_bytes != 0) {
    diary.fail("{:x}: {} commands stay in flight", connection.id.value,
               connection.in_flight_commands);
  }
  if (connection.outbox) {
    diary.fail("{:x}: {} bytes stay unwritten", connection.id.value,
               connection.outbox->held_bytes());
  }
  if (!connection.is_reading || (connection.held && connection.held->is_blocked)) {
    diary.fail("{:x}: is not read from any more", connection.id.value);
  }
}

}  // namespace tribar::simulation
