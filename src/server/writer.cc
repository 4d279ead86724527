// SPDX-License-Identifier: MIT
//
// See writer.h.
#include "server/writer.h"

#include <utility>

#include "server/encoder.h"

namespace tribar {
namespace {

/// Encoded before it is written: a connection's share of most turns in one piece.
constexpr std::size_t kScratchBytes = 256 * 1024;

void add_written(Connection& connection, const Effect& effect) {
  const auto* push = std::get_if<Push>(&effect.body);
  tribar::add_written(connection.unreported, effect.charge, push != nullptr);
  connection.wants_report |= push != nullptr && push->wants_report;
}

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
    // One round: as many frames as go into the scratch buffer.
    const std::uint32_t first = at;
    scratch_.clear(2 * kScratchBytes);
    while (at != Connection::kNoPiece && scratch_.size() < kScratchBytes) {
      append_effect(scratch_, pieces_[at].effect->body);
      at = pieces_[at].next;
    }
    std::ptrdiff_t taken = 0;
    if (!connection.outbox && !connection.is_failed) {
      taken = connection.transport->try_write(scratch_.view());
      if (taken < 0) {
        connection.is_failed = true;
        taken = 0;
      }
    }
    const auto taken_bytes = static_cast<std::size_t>(taken);
    if (taken_bytes == scratch_.size()) {
      for (std::uint32_t i = first; i != at; i = pieces_[i].next) {
        add_written(connection, *pieces_[i].effect);
      }
      continue;
    }
    // Encoded once more to know where each frame ends: the rare case pays.
    ByteBuffer one;
    std::size_t offset = 0;
    for (std::uint32_t i = first; i != at; i = pieces_[i].next) {
      const Effect& effect = *pieces_[i].effect;
      one.clear(kScratchBytes);
      append_effect(one, effect.body);
      const std::size_t end = offset + one.size();
      if (end <= taken_bytes) {
        add_written(connection, effect);
      } else {
        const bool is_cut = offset < taken_bytes;
        keep(connection, effect, one.view());
        if (is_cut) {
          connection.outbox->skip(taken_bytes - offset);
        }
      }
      offset = end;
    }
  }
  if (connection.outbox && !connection.outbox->is_writing() && !connection.is_failed) {
    begin_write(connection);
  }
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
