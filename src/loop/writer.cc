// SPDX-License-Identifier: MIT
//
// See writer.h.
#include "loop/writer.h"

#include <utility>

#include "loop/append.h"

namespace tribar {
namespace {

/// The most memory that is kept for reuse: of one connection, and in total.
constexpr std::size_t kSpareBytes = std::size_t{1024} * 1024;
constexpr std::size_t kAllSpareBytes = std::size_t{64} * 1024 * 1024;

std::size_t memory_of(const Outgoing& outgoing) {
  return outgoing.bytes.capacity() + outgoing.frames.capacity() * sizeof(Outbox::Frame);
}

}  // namespace

void Writer::add(Connection& connection, const Effect& effect) {
  if (!connection.outgoing) {
    connection.outgoing = take_spare();
  }
  Outgoing& out = *connection.outgoing;
  const std::string_view long_frame = effect.charge >= long_frame_bytes_
                                          ? frame_of(connection.protocol, effect.body)
                                          : std::string_view();
  const std::size_t start = out.bytes.size();
  if (long_frame.empty()) {
    append_effect(out.bytes, connection.protocol, effect.body, frame_bytes_);
  }
  const auto bytes = static_cast<std::uint32_t>(out.bytes.size() - start + long_frame.size());
  held_bytes_ += bytes;
  out.written.charge += effect.charge;
  const auto* push = std::get_if<Push>(&effect.body);
  // Frames that are not pushes are never returned, so adjacent ones are stored as one.
  if (push == nullptr && !out.frames.empty() && !out.frames.back().is_push &&
      out.frames.back().charge < kRowCharge) {
    out.frames.back().bytes += bytes;
    out.frames.back().charge += effect.charge;
  } else {
    Outbox::Frame& frame = out.frames.emplace_back();
    frame.bytes = bytes;
    frame.charge = effect.charge;
    if (push != nullptr) {
      frame.is_push = true;
      frame.is_live = push->is_live;
      frame.is_kept = push->is_kept;
      frame.account = push->account;
      frame.number = push->number;
      frame.time = push->time;
      out.written.push_charge += effect.charge;
      out.written.pushes += 1;
    }
  }
  if (push != nullptr
          ? push->wants_report
          : effect.charge >= kLongAnswerCharge && std::holds_alternative<Names>(effect.body)) {
    out.wants_report = true;
  }
  if (!long_frame.empty()) {
    write_out(connection, long_frame);
  }
}

void Writer::flush(Connection& connection) {
  if (connection.outgoing) {
    if (connection.outgoing->bytes.size() > 0) {
      write_out(connection, {});
    }
    give_back(std::move(connection.outgoing));
  }
  begin_write_if_due(connection);
}

void Writer::write_last(Connection& connection, ByteBuffer&& frame) {
  Outgoing out;
  out.frames.emplace_back().bytes = static_cast<std::uint32_t>(frame.size());
  const std::ptrdiff_t taken = connection.transport->try_write(frame.view(), {});
  connection.is_failed = taken < 0;
  const std::size_t taken_bytes = taken < 0 ? frame.size() : static_cast<std::size_t>(taken);
  written_bytes_ += taken < 0 ? 0 : taken_bytes;
  if (taken_bytes < frame.size()) {
    out.bytes = std::move(frame);
    keep_rest(connection, out, taken_bytes);
    begin_write_if_due(connection);
  }
}

/// Writes the output of this turn, whose last frame may be elsewhere in memory; keeps what is not
/// accepted in the outbox.
void Writer::write_out(Connection& connection, std::string_view last_frame) {
  const std::uint32_t pushes_before = connection.unreported.pushes;
  Outgoing& out = *connection.outgoing;
  const std::size_t size = out.bytes.size() + last_frame.size();
  std::size_t taken_bytes = 0;
  if (!connection.outbox && !connection.is_failed) {
    const std::ptrdiff_t taken = connection.transport->try_write(out.bytes.view(), last_frame);
    connection.is_failed = taken < 0;
    taken_bytes = taken < 0 ? 0 : static_cast<std::size_t>(taken);
    written_bytes_ += taken_bytes;
  }
  held_bytes_ -= size;
  if (taken_bytes == size) {
    connection.unreported.charge += out.written.charge;
    connection.unreported.push_charge += out.written.push_charge;
    connection.unreported.pushes += out.written.pushes;
    connection.wants_report |= out.wants_report;
  } else {
    out.bytes.append(last_frame);
    keep_rest(connection, out, taken_bytes);
    // At once, because a frame that was accepted in part cannot be taken back.
    begin_write_if_due(connection);
  }
  count_delivered(connection, pushes_before);
  out.clear(kSpareBytes);
}

/// Puts the frames that were not accepted whole into the outbox.
void Writer::keep_rest(Connection& connection, Outgoing& outgoing, std::size_t taken_bytes) {
  if (!connection.outbox) {
    connection.outbox = std::make_unique<Outbox>();
  }
  Outbox& outbox = *connection.outbox;
  held_bytes_ -= outbox.held_bytes();
  outbox.append(std::move(outgoing.bytes), outgoing.frames, taken_bytes, connection.unreported);
  held_bytes_ += outbox.held_bytes();
  connection.wants_report = true;
}

void Writer::written(Connection& connection, bool is_ok) {
  Outbox& outbox = *connection.outbox;
  held_bytes_ -= outbox.held_bytes();
  if (is_ok) {
    const std::uint32_t pushes_before = connection.unreported.pushes;
    outbox.finish_write(connection.unreported);
    count_delivered(connection, pushes_before);
    connection.wants_report = true;
  } else {
    connection.is_failed = true;
  }
  held_bytes_ += outbox.held_bytes();
  if (is_ok && !outbox.is_empty()) {
    begin_write_if_due(connection);
  }
  drop_empty_outbox(connection);
}

void Writer::note_progress(Connection& connection) {
  if (connection.outbox && connection.outbox->is_writing()) {
    const std::uint32_t pushes_before = connection.unreported.pushes;
    connection.outbox->note_progress(connection.transport->unwritten_bytes(),
                                     connection.unreported);
    count_delivered(connection, pushes_before);
  }
}

std::vector<Outbox::Unwritten> Writer::take_pushes(Connection& connection, bool waiting_live) {
  if (connection.outgoing) {
    held_bytes_ -= connection.outgoing->bytes.size();
    keep_rest(connection, *connection.outgoing, 0);
    give_back(std::move(connection.outgoing));
  }
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
  if (connection.outgoing) {
    held_bytes_ -= connection.outgoing->bytes.size();
    give_back(std::move(connection.outgoing));
  }
  if (connection.outbox) {
    held_bytes_ -= connection.outbox->held_bytes();
    connection.outbox.reset();
  }
}

void Writer::drop_spares() {
  spares_.clear();
  spare_bytes_ = 0;
}

std::unique_ptr<Outgoing> Writer::take_spare() {
  if (spares_.empty()) {
    return std::make_unique<Outgoing>();
  }
  std::unique_ptr<Outgoing> spare = std::move(spares_.back());
  spares_.pop_back();
  spare_bytes_ -= memory_of(*spare);
  return spare;
}

void Writer::give_back(std::unique_ptr<Outgoing> outgoing) {
  const std::size_t memory = memory_of(*outgoing);
  if (memory > kSpareBytes || spare_bytes_ + memory > kAllSpareBytes) {
    return;
  }
  outgoing->clear(kSpareBytes);
  spare_bytes_ += memory;
  spares_.push_back(std::move(outgoing));
}

/// In protocol 1 a message counts as delivered when it is acknowledged, which the registry counts.
void Writer::count_delivered(const Connection& connection, std::uint32_t pushes_before) {
  if (connection.protocol != Protocol::One) {
    delivered_ += connection.unreported.pushes - pushes_before;
  }
}

void Writer::begin_write_if_due(Connection& connection) {
  if (connection.outbox && !connection.outbox->is_writing() && !connection.is_failed) {
    const std::string_view bytes = connection.outbox->begin_write();
    written_bytes_ += bytes.size();
    connection.transport->write(bytes);
  }
}

void Writer::drop_empty_outbox(Connection& connection) {
  if (connection.outbox->is_empty()) {
    connection.outbox.reset();
  }
}

}  // namespace tribar
