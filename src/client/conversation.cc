// SPDX-License-Identifier: MIT
//
// See conversation.h.
#include "client/conversation.h"

#include <fmt/format.h>

#include <utility>

namespace tribar {

/// `step`, and what the server is told when that is printed.
Step Conversation::confirmed(Step step) {
  step.send += dialogue_->confirm_shown();
  return step;
}

std::optional<Step> Conversation::take_line() {
  if (!dialogue_->wants_line()) {
    return std::nullopt;
  }
  if (const auto line = typed_.take()) {
    ++lines_taken_;
    if (line->size() < cut_bytes_) {
      return confirmed(dialogue_->take_line(*line));
    }
    return confirmed(dialogue_->refuse_line(
        fmt::format("The terminal cuts lines off at {} bytes, so this one may have been longer: it "
                    "has no effect. Longer texts can come from a pipe.",
                    cut_bytes_)));
  }
  if (!typed_.is_ended()) {
    return std::nullopt;
  }
  left_undone_ = dialogue_->unfinished();
  return confirmed(dialogue_->end_input());
}

Step Conversation::receive(std::string_view bytes) {
  frames_.feed(bytes);
  Step all;
  while (!all.ending) {
    const FrameCut cut = frames_.take();
    if (cut.kind == FrameCut::Kind::Incomplete) {
      break;
    }
    add(all, on(cut));
  }
  return confirmed(std::move(all));
}

Step Conversation::end(Ending ending) { return confirmed(dialogue_->end(std::move(ending))); }

Step Conversation::on(const FrameCut& cut) {
  switch (cut.kind) {
    case FrameCut::Kind::Whole:
      return dialogue_->take_frame(cut.code, cut.data);
    case FrameCut::Kind::BadVersion:
      return dialogue_->refuse_version(cut.version);
    case FrameCut::Kind::TooLong:
      return dialogue_->break_off(
          fmt::format("it announces a frame of more than {} bytes", kReplyBytes));
    case FrameCut::Kind::Incomplete:
      break;
  }
  return {};
}

}  // namespace tribar
