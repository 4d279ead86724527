// SPDX-License-Identifier: MIT
//
// See outbox.h.
#include "loop/outbox.h"

#include <algorithm>
#include <utility>

namespace tribar {
namespace {

/// For this many bytes copying costs more than allocating new memory the next time.
constexpr std::size_t kTakenOverBytes = 262144;

}  // namespace

void add_written(Written& written, const Outbox::Frame& frame) {
  written.charge += frame.charge;
  if (frame.is_push) {
    written.push_charge += frame.charge;
    written.pushes += 1;
  }
}

void Outbox::append(ByteBuffer&& bytes, std::span<const Frame> frames, std::size_t taken_bytes,
                    Written& written) {
  std::size_t begin = 0;  // start of the first frame that is kept
  while (!frames.empty() && begin + frames.front().bytes <= taken_bytes) {
    add_written(written, frames.front());
    begin += frames.front().bytes;
    frames = frames.subspan(1);
  }
  if (taken_bytes > 0) {
    taken_ = end_ + taken_bytes - begin;
  }
  if (begin == 0 && waiting_.is_empty() && bytes.size() >= kTakenOverBytes &&
      bytes.size() >= bytes.capacity() / 2) {
    waiting_ = std::move(bytes);
  } else {
    waiting_.append(bytes.view().substr(begin));
  }
  for (const Frame& frame : frames) {
    end_ += frame.bytes;
    frames_.push_back({frame, end_});
  }
}

std::string_view Outbox::begin_write() {
  writing_ = std::exchange(waiting_, {});
  writing_end_ = end_;
  const std::uint64_t begin = writing_end_ - writing_.size();
  taken_ = std::max(taken_, begin);
  return writing_.view().substr(taken_ - begin);
}

void Outbox::note_progress(std::size_t unwritten_bytes, Written& written) {
  if (!is_writing()) {
    return;
  }
  taken_ = writing_end_ - unwritten_bytes;
  while (!frames_.empty() && frames_.front().end <= taken_) {
    add_written(written, frames_.front().frame);
    frames_.pop_front();
  }
}

void Outbox::finish_write(Written& written) {
  note_progress(0, written);
  writing_ = {};
}

std::uint64_t Outbox::wait(std::uint64_t elapsed_ms) {
  stalled_ms_ = std::exchange(taken_before_, taken_) == taken_ ? stalled_ms_ + elapsed_ms : 0;
  return stalled_ms_;
}

std::vector<Outbox::Unwritten> Outbox::take_pushes(bool waiting_live) {
  std::vector<Unwritten> taken;
  std::deque<Placed> kept_frames;
  ByteBuffer kept;
  std::uint64_t kept_end = writing_end_;
  const std::uint64_t writing_begin = writing_end_ - writing_.size();
  for (const auto& [frame, end] : frames_) {
    const bool is_under_way = end <= writing_end_;
    const std::uint64_t begin = end - frame.bytes;
    const std::string_view bytes = is_under_way ? writing_.view(begin - writing_begin, frame.bytes)
                                                : waiting_.view(begin - writing_end_, frame.bytes);
    if (frame.is_push && (!waiting_live || (!is_under_way && frame.is_live))) {
      taken.push_back({frame, frame.is_kept ? std::string() : std::string(bytes)});
      continue;
    }
    if (!is_under_way) {
      kept.append(bytes);
      kept_end += frame.bytes;
    }
    kept_frames.push_back({frame, is_under_way ? end : kept_end});
  }
  frames_ = std::move(kept_frames);
  waiting_ = std::move(kept);
  end_ = kept_end;
  std::reverse(taken.begin(), taken.end());
  return taken;
}

}  // namespace tribar
