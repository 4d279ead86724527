// SPDX-License-Identifier: MIT
//
// See framer.h.
#include "loop/framer.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/wipe.h"
#include "zero/command1.h"
#include "zero/frame.h"
#ifdef TRIBAR_TEST_PROTOCOL
#include "support/line_protocol.h"
#endif

namespace tribar {
namespace {

/// If the start of a frame is at most this long, it is copied in front of the next read; the rest
/// of a longer one is read directly behind it.
constexpr std::size_t kShortHeldBytes = 4096;
/// What the refusal of an unusable stream counts in the window.
constexpr std::uint32_t kLostBytes = 42;

/// Finds the end of the first frame in `bytes`. `limit_bytes`: the most data that it may have.
FrameCut cut_front(Protocol protocol, std::string_view bytes, std::uint64_t limit_bytes) {
  switch (protocol) {
    case Protocol::Zero:
      return cut_frame(bytes, limit_bytes, kVersion0);
    case Protocol::One:
      return cut_frame(bytes, limit_bytes, kVersion1);
    case Protocol::Undecided:
      break;  // decided by now
#ifdef TRIBAR_TEST_PROTOCOL
    case Protocol::Line:
      return test::cut_line(bytes, limit_bytes);
#endif
  }
  return {};
}

/// Adds the frame that is at `at` in the batch's bytes.
inline Arrival& add_arrival(const Connection& connection, Batch& batch, const FrameCut& cut,
                            std::size_t at) {
  Arrival& arrival = batch.arrivals.emplace_back();
  arrival.from = connection.id;
  arrival.data_offset = at + cut.frame_bytes - cut.data.size();
  arrival.data_bytes = static_cast<std::uint32_t>(cut.data.size());
  arrival.command_bytes = static_cast<std::uint32_t>(cut.frame_bytes);
  arrival.protocol = connection.protocol;
  arrival.code = cut.code;
  return arrival;
}

/// Takes the connection's bytes from `at` on out of the batch, without a trace of its secrets.
void drop_tail(const Connection& connection, Batch& batch, std::size_t at) {
  if (has_secrets(connection.protocol)) {
    wipe(batch.bytes.data() + at, batch.bytes.size() - at);
  }
  batch.bytes.set_size(at);
}

}  // namespace

Framer::Space Framer::space(Connection& connection) {
  Batch& batch = dispatcher_.batch_of(connection.id);
  if (!connection.held) {
    return {batch.bytes.reserve_tail(kReadBytes, batch.may_have_secrets), kReadBytes};
  }
  ByteBuffer& held = connection.held->bytes;
  if (connection.held->is_blocked) {
    const std::size_t spare = held.capacity() - held.size();
    const std::size_t room = std::min(kAheadBytes - std::min(kAheadBytes, held.size()),
                                      spare > 0 ? spare : std::max(kShortHeldBytes, held.size()));
    return {held.reserve_tail(room, has_secrets(connection.protocol)), room};
  }
  if (held.size() < kShortHeldBytes) {
    return {
        batch.bytes.reserve_tail(held.size() + kReadBytes, batch.may_have_secrets) + held.size(),
        kReadBytes};
  }
  // Grows only when full and by what has arrived, never by what a header announces.
  const std::size_t missing = connection.held->needed_bytes - held.size();
  const std::size_t spare = held.capacity() - held.size();
  const std::size_t room =
      std::min({missing, spare > 0 ? spare : held.size(), std::size_t{1} << 20});
  return {held.reserve_tail(room, has_secrets(connection.protocol)), room};
}

void Framer::read(Connection& connection, std::size_t size) {
  Batch& batch = dispatcher_.batch_of(connection.id);
  const std::size_t start = batch.bytes.size();
  std::uint64_t waited_ms = 0;
  FormerLimit former;
  if (connection.held) {
    HeldBytes& held = *connection.held;
    if (held.is_blocked) {
      held.bytes.set_size(held.bytes.size() + size);
      held_bytes_ += size;
      go_on(connection);
      return;
    }
    if (held.bytes.size() >= kShortHeldBytes) {
      held.bytes.set_size(held.bytes.size() + size);
      held_bytes_ += size;
      if (held.bytes.size() >= held.needed_bytes) {
        go_on(connection);
      }
      return;
    }
    const std::string_view front = held.bytes.view();
    std::copy(front.begin(), front.end(), batch.bytes.data() + start);
    size += front.size();
    waited_ms = held.waited_ms;
    former = held.former;
    release(connection);
  }
  batch.bytes.set_size(start + size);
  cut(connection, batch, start, waited_ms, former);
}

void Framer::go_on(Connection& connection) {
  if (is_window_full(connection)) {
    return take_ahead(connection);
  }
  Batch& batch = dispatcher_.batch_of(connection.id);
  const std::size_t start = batch.bytes.size();
  const std::uint64_t waited_ms = connection.held->waited_ms;
  const FormerLimit former = connection.held->former;
  batch.bytes.append(connection.held->bytes.view(), batch.may_have_secrets);
  release(connection);
  cut(connection, batch, start, waited_ms, former);
}

/// Cuts the batch's bytes from `start` on into frames. `waited_ms`: how long the first frame has
/// been incomplete. `former`: of those of the bytes that were held before.
void Framer::cut(Connection& connection, Batch& batch, std::size_t start, std::uint64_t waited_ms,
                 FormerLimit former) {
  connection.awaits_answers = false;
  connection.awaits_allowance = false;
  const std::size_t end = batch.bytes.size();
  if (!connection.is_introduced) {
    introduce(connection, static_cast<std::uint8_t>(batch.bytes.data()[start]));
  }
  batch.may_have_secrets |= has_secrets(connection.protocol);
  std::size_t needed_bytes = end - start;
  bool is_blocked = true;
  bool is_next = false;
  std::size_t at = start;
  while (at < end && !is_window_full(connection)) {
    const std::string_view rest = batch.bytes.view(at, end - at);
    FrameCut cut = cut_front(connection.protocol, rest, limit_for(connection));
    if (cut.kind == FrameCut::Kind::TooLong) {
      const std::uint64_t most = limit_at(at - start, former);
      const bool is_allowed = cut.announced_bytes <= most;
      if (is_allowed && !connection.is_logged_in && connection.in_flight_commands > 0) {
        connection.awaits_answers = true;
        break;
      }
      if (!is_allowed || !connection.is_logged_in) {
        drop_tail(connection, batch, at);
        return lose(connection, {RefusalCode::FrameTooLong, 0, limit_for(connection)});
      }
      cut = cut_front(connection.protocol, rest, most);
    }
    if (cut.kind == FrameCut::Kind::Incomplete) {
      needed_bytes = cut.needed_bytes;
      is_blocked = false;
      break;
    }
    if (cut.kind == FrameCut::Kind::BadVersion) {
      drop_tail(connection, batch, at);
      return lose(connection, {RefusalCode::BadVersion, cut.version, cut.spoken_version});
    }
    if (cut.is_login && !connection.may_log_in) {
      connection.awaits_poll = true;
      break;
    }
    if (!take_allowance(connection)) {
      connection.awaits_allowance = true;
      break;
    }
    connection.may_log_in = false;
    Arrival& arrival = add_arrival(connection, batch, cut, at);
    arrival.is_next = is_next && cut.is_echoed;
    is_next = cut.is_echoed;
    depart(connection, arrival.command_bytes);
    at += cut.frame_bytes;
    waited_ms = 0;
  }
  if (at < end) {
    former.bytes -= std::min(former.bytes, at - start);
    HeldBytes held{{}, needed_bytes, waited_ms, is_blocked, 0, false, former};
    const std::string_view rest = batch.bytes.view(at, end - at);
    // The rest of a long frame will be read directly behind this part, so reserve the same space
    // again.
    const bool is_short = rest.size() < kShortHeldBytes;
    held.bytes.reserve_tail(
        is_short ? rest.size() : std::max(rest.size(), std::min(needed_bytes, 2 * rest.size())));
    held.bytes.append(rest);
    hold(connection, std::move(held));
    drop_tail(connection, batch, at);
    if (may_read_ahead(connection) && is_window_full(connection) && !awaits_more(connection)) {
      take_ahead(connection);
    }
  }
}

/// The window is full, and the connection speaks protocol 1: takes those frames out of what is held
/// that go ahead, as far as there is room for them. The others stay, in order.
void Framer::take_ahead(Connection& connection) {
  HeldBytes& held = *connection.held;
  connection.awaits_allowance = false;
  held.has_next_ahead = false;
  Batch& batch = dispatcher_.batch_of(connection.id);
  const std::size_t end = held.bytes.size();
  std::size_t at = held.passed_bytes;
  std::size_t taken = 0;
  std::size_t taken_of_former = 0;
  while (at < end) {
    const FrameCut cut =
        cut_front(connection.protocol, held.bytes.view(at, end - at),
                  connection.is_logged_in ? limit_at(at, held.former) : limit_for(connection));
    if (cut.kind != FrameCut::Kind::Whole) {
      break;  // what is wrong with it is said in its turn
    }
    if (goes_ahead(cut.code, cut.data)) {
      if (!has_room_ahead(connection)) {
        held.has_next_ahead = true;
        break;
      }
      if (!take_allowance(connection)) {
        held.has_next_ahead = true;
        connection.awaits_allowance = true;
        break;
      }
      depart(connection, add_arrival(connection, batch, cut, batch.bytes.size()).command_bytes);
      batch.bytes.append(held.bytes.view(at, cut.frame_bytes), batch.may_have_secrets);
      taken += cut.frame_bytes;
      taken_of_former += at < held.former.bytes ? cut.frame_bytes : 0;
    } else if (taken > 0) {
      std::memmove(held.bytes.data() + at - taken, held.bytes.data() + at, cut.frame_bytes);
    }
    at += cut.frame_bytes;
  }
  held.passed_bytes = at - taken;
  held.former.bytes -= std::min(held.former.bytes, taken_of_former);
  if (taken > 0) {
    std::memmove(held.bytes.data() + at - taken, held.bytes.data() + at, end - at);
    wipe(held.bytes.data() + end - taken, taken);
    held.bytes.set_size(end - taken);
    held_bytes_ -= taken;
  }
  if (held.bytes.is_empty()) {
    release(connection);
  }
}

/// Settles the connection's protocol by the first byte of the stream, where its listener has not.
/// The registry hears about a connection of protocol 1, or with a certificate, before its first
/// command.
void Framer::introduce(Connection& connection, std::uint8_t first_byte) {
  connection.is_introduced = true;
  if (connection.protocol == Protocol::Undecided) {
    connection.protocol = first_byte == kVersion1 ? Protocol::One : Protocol::Zero;
  }
  if (limits_.certificate_names) {
    const std::string name = connection.transport->certificate_name();
    if (!name.empty()) {
      dispatcher_.add_certified(connection.id, name);
    }
  }
  if (connection.protocol == Protocol::One) {
    const Transport& transport = *connection.transport;
    dispatcher_.add_event(connection.id,
                          Introduced{transport.network().value,
                                     limits_.allow_clear_secrets || transport.is_private()});
  }
}

void Framer::keep_frame_limit(Connection& connection, std::uint64_t frame_bytes) {
  if (connection.held) {
    FormerLimit& former = connection.held->former;
    const std::uint64_t before = former.bytes > 0 ? former.frame_bytes : 0;
    former = {connection.held->bytes.size(), std::max(before, frame_bytes)};
  }
}

void Framer::complete(Connection& connection, std::uint32_t command_bytes, std::uint32_t commands) {
  connection.in_flight_commands -= commands;
  connection.in_flight_bytes -= command_bytes;
  in_flight_commands_ -= commands;
  in_flight_bytes_ -= command_bytes;
}

void Framer::depart(Connection& connection, std::uint32_t command_bytes) {
  connection.in_flight_commands += 1;
  connection.in_flight_bytes += command_bytes;
  in_flight_commands_ += 1;
  in_flight_bytes_ += command_bytes;
}

void Framer::lose(Connection& connection, const Refusal& refusal) {
  release(connection);
  connection.is_lost = true;
  depart(connection, kLostBytes);
  dispatcher_.add_event(connection.id, Rejected{refusal, true}, kLostBytes);
}

void Framer::admit_login(Connection& connection) {
  connection.awaits_poll = false;
  connection.may_log_in = true;
}

bool Framer::has_room_ahead(const Connection& connection) const {
  return connection.in_flight_commands < limits_.in_flight_commands + kAheadBytes / kHeaderBytes &&
         connection.in_flight_bytes < limits_.in_flight_bytes + kAheadBytes;
}

/// Whether frames may be looked for behind a full window.
bool Framer::may_read_ahead(const Connection& connection) const {
  return connection.protocol == Protocol::One && has_room_ahead(connection) &&
         (!connection.held ||
          (!connection.held->has_next_ahead && connection.held->bytes.size() < kAheadBytes));
}

/// Whether the first held frame waits for something else than the window.
bool Framer::awaits_more(const Connection& connection) const {
  return connection.awaits_poll ||
         (connection.awaits_allowance && connection.allowance->commands.wait_ms(now_ms_) > 0) ||
         (connection.awaits_answers && !connection.is_logged_in &&
          connection.in_flight_commands > 0);
}

void Framer::forget(Connection& connection) {
  release(connection);
  in_flight_commands_ -= connection.in_flight_commands;
  in_flight_bytes_ -= connection.in_flight_bytes;
}

void Framer::hold(Connection& connection, HeldBytes held) {
  held_bytes_ += held.bytes.size();
  connection.held = std::make_unique<HeldBytes>(std::move(held));
}

void Framer::release(Connection& connection) {
  if (connection.held) {
    held_bytes_ -= connection.held->bytes.size();
    if (has_secrets(connection.protocol)) {
      wipe(connection.held->bytes.data(), connection.held->bytes.size());
    }
    connection.held.reset();
  }
}

bool Framer::take_allowance(Connection& connection) const {
  return !connection.allowance || connection.allowance->commands.take(now_ms_);
}

std::uint64_t Framer::limit_for(const Connection& connection) const {
  return connection.is_logged_in ? limits_.frame_bytes
                                 : std::min(limits_.frame_bytes, kBeforeLoginBytes);
}

/// The most data, after login, of a frame that begins `at` bytes behind the start of what was held.
std::uint64_t Framer::limit_at(std::size_t at, const FormerLimit& former) const {
  return at < former.bytes ? std::max(former.frame_bytes, limits_.frame_bytes)
                           : limits_.frame_bytes;
}

}  // namespace tribar
