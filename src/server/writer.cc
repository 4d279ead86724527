// SPDX-License-Identifier: MIT
//
// See writer.h.
#include "server/writer.h"

#include <utility>

#include "server/encoder.h"

namespace tribar {
namespace {

/// Encoded before it is written: a connection's share of most turns in one piece.
constexpr std::size_t kScratchBytes = std::size_t{256} * 1024;

Outbox::Frame frame_of(const Effect& effect) {
  Outbox::Frame frame;
  frame.charge = effect.charge;
  if (const auto* push = std::get_if<Push>(&effect.body)) {
    frame.is_push = true;
    frame.is_live = push->is_live;
    frame.account = push->account;
    frame.number = push->number;
    frame.time = push->time;
  }
  return frame;
}

}  // namespace

void Writer::add(Connection& connection, const Effect& effect) {
  const auto piece = static_cast<std::uint32_t>(pieces_.size());
  pieces_.push_back({&effect, Connection::kNoPiece});
  if (connection.first_piece == Connection::kNoPiece) {
    connection.first_piece = piece;
  } else {
    pieces_[connection.last_piece].next = piece;
  }
  connection.last_piece = piece;
}

void Writer::flush(Connection& connection) {
  std::uint32_t at = std::exchange(connection.first_piece, Connection::kNoPiece);
  while (at != Connection::kNoPiece) {
    const std::uint32_t first = at;
    const Round round = gather(at);
    at = round.end;
    std::size_t taken_bytes = 0;
    if (!connection.outbox && !connection.is_failed) {
      const std::ptrdiff_t taken = connection.transport->try_write(round.bytes);
      connection.is_failed = taken < 0;
      taken_bytes = taken < 0 ? 0 : static_cast<std::size_t>(taken);
    }
    if (taken_bytes == round.bytes.size()) {
      connection.unreported.charge += round.written.charge;
      connection.unreported.push_charge += round.written.push_charge;
      connection.unreported.pushes += round.written.pushes;
      connection.wants_report |= round.wants_report;
    } else {
      keep_rest(connection, first, at, taken_bytes);
    }
  }
  if (connection.outbox && !connection.outbox->is_writing() && !connection.is_failed) {
    begin_write(connection);
  }
}

/// Puts the frames from piece `at` on in one place, as many as make one write. Frames that came in
/// one behind the other, such as one sender's, still stand so, and are taken as one.
Writer::Round Writer::gather(std::uint32_t at) {
  Round round;
  std::string_view run;
  scratch_.clear(2 * kScratchBytes);
  while (at != Connection::kNoPiece && scratch_.size() + run.size() < kScratchBytes) {
    const Effect& effect = *pieces_[at].effect;
    const auto* push = std::get_if<Push>(&effect.body);
    add_written(round.written, effect.charge, push != nullptr);
    round.wants_report |= push != nullptr && push->wants_report;
    const std::string_view frame = frame_as_read(effect.body);
    if (!frame.empty() && run.data() + run.size() == frame.data()) {
      run = {run.data(), run.size() + frame.size()};
    } else {
      scratch_.append(run);
      run = frame;
      if (frame.empty()) {
        append_effect(scratch_, effect.body);
      }
    }
    at = pieces_[at].next;
  }
  round.end = at;
  if (scratch_.size() == 0) {
    round.bytes = run;
  } else {
    scratch_.append(run);
    round.bytes = scratch_.view();
  }
  return round;
}

/// Keeps what was not taken of the frames from piece `at` to before `end`. They are encoded once
/// more to know where each ends: the rare case pays.
void Writer::keep_rest(Connection& connection, std::uint32_t at, std::uint32_t end,
                       std::size_t taken_bytes) {
  ByteBuffer frame;
  std::size_t offset = 0;
  for (; at != end; at = pieces_[at].next) {
    const Effect& effect = *pieces_[at].effect;
    frame.clear(kScratchBytes);
    append_effect(frame, effect.body);
    if (offset + frame.size() <= taken_bytes) {
      add_written(connection.unreported, effect.charge, std::holds_alternative<Push>(effect.body));
    } else {
      keep(connection, effect, frame.view());
      if (offset < taken_bytes) {
        connection.outbox->skip(taken_bytes - offset);
      }
    }
    offset += frame.size();
  }
  connection.wants_report = true;
}

void Writer::written(Connection& connection, bool is_ok) {
  Outbox& outbox = *connection.outbox;
  held_bytes_ -= outbox.held_bytes();
  if (is_ok) {
    outbox.finish_write(connection.unreported);
    connection.wants_report = true;
  } else {
    connection.is_failed = true;
  }
  held_bytes_ += outbox.held_bytes();
  if (is_ok && !outbox.is_empty()) {
    begin_write(connection);
  }
  drop_empty_outbox(connection);
}

void Writer::note_progress(Connection& connection) {
  if (connection.outbox && connection.outbox->is_writing()) {
    connection.outbox->note_progress(connection.transport->unwritten_bytes(),
                                     connection.unreported);
  }
}

std::vector<Outbox::Unwritten> Writer::take_pushes(Connection& connection, bool waiting_live) {
  if (!connection.outbox) {
    return {};
  }
  held_bytes_ -= connection.outbox->held_bytes();
  auto pushes = connection.outbox->take_pushes(waiting_live);
  held_bytes_ += connection.outbox->held_bytes();
  drop_empty_outbox(connection);
  return pushes;
}

void Writer::forget(Connection& connection) {
  if (connection.outbox) {
    held_bytes_ -= connection.outbox->held_bytes();
    connection.outbox.reset();
  }
}

void Writer::keep(Connection& connection, const Effect& effect, std::string_view bytes) {
  if (!connection.outbox) {
    connection.outbox = std::make_unique<Outbox>();
  }
  connection.outbox->append(bytes, frame_of(effect));
  held_bytes_ += bytes.size();
}

void Writer::begin_write(Connection& connection) {
  if (!connection.transport->write(connection.outbox->begin_write())) {
    connection.is_failed = true;
  }
}

void Writer::drop_empty_outbox(Connection& connection) {
  if (connection.outbox->is_empty()) {
    connection.outbox.reset();
  }
}

}  // namespace tribar
