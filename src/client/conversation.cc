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
    return confirmed(dialogue_->take_line(*line));
  }
  return typed_.is_ended() ? std::optional(confirmed(dialogue_->end_input())) : std::nullopt;
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
