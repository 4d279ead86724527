// SPDX-License-Identifier: MIT
//
// See conversation.h.
#include "client/conversation.h"

#include <fmt/format.h>

#include <utility>

#include "zero/reply.h"

namespace tribar {

std::optional<Step> Conversation::take_line() {
  if (!lines_.wants_line()) {
    return std::nullopt;
  }
  if (const auto line = typed_.take()) {
    return lines_.take_line(*line);
  }
  return typed_.is_ended() ? std::optional(lines_.end_input()) : std::nullopt;
}

Step Conversation::receive(std::string_view bytes) {
  frames_.feed(bytes);
  Step all;
  while (!all.ending) {
    const FrameCut cut = frames_.take();
    if (cut.kind == FrameCut::Kind::Incomplete) {
      break;
    }
    Step step = on(cut);
    if (all.print.empty()) {
      all.print = std::move(step.print);  // a long text is not copied
    } else {
      all.print += step.print;
    }
    all.send += step.send;
    all.ending = std::move(step.ending);
  }
  return all;
}

Step Conversation::on(const FrameCut& cut) {
  switch (cut.kind) {
    case FrameCut::Kind::Whole: {
      const auto reply = parse_reply(cut.code, cut.data);
      return reply ? lines_.take_reply(reply.value()) : lines_.break_off(reply.error().text);
    }
    case FrameCut::Kind::BadVersion:
      return lines_.break_off(fmt::format("it speaks version {}, not {}", cut.version, kVersion0));
    case FrameCut::Kind::TooLong:
      return lines_.break_off(
          fmt::format("it announces a frame of more than {} bytes", kReplyBytes));
    case FrameCut::Kind::Incomplete:
      break;
  }
  return {};
}

}  // namespace tribar
