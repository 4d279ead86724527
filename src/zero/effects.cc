// SPDX-License-Identifier: MIT
//
// See effects.h.
#include "zero/effects.h"

#include <string>
#include <string_view>

#include "zero/command.h"
#include "zero/frame.h"
#include "zero/names.h"
#include "zero/portable.h"
#include "zero/wording.h"

namespace tribar {
namespace {

/// Whether the fields of a message that arrived by this protocol lie in memory as in a frame. If
/// so, the frame's header precedes them, and it is the header that we would write. Kept messages
/// never lie like this: their text directly follows their sender.
bool is_as_on_the_wire(const Message& message) {
  return message.sender.data() + message.sender.size() + kDelimiter.size() ==
             message.recipient.data() &&
         message.recipient.data() + message.recipient.size() + kDelimiter.size() ==
             message.text.data();
}

void append_header(ByteBuffer& out, FrameCode code, std::size_t data_bytes) {
  put_header(out.reserve_tail(kHeaderBytes), static_cast<std::uint8_t>(code), data_bytes);
  out.set_size(out.size() + kHeaderBytes);
}

/// The message's frame as it arrived, with the `more_bytes` that follow it in memory; empty if the
/// message does not lie in memory as a frame.
std::string_view frame_of(const Message& message, std::uint32_t more_bytes) {
  return is_as_on_the_wire(message) ? std::string_view(message.sender.data() - kHeaderBytes,
                                                       frame_bytes_of(message) + more_bytes)
                                    : std::string_view();
}

/// The same for a push, whose message may have arrived by another protocol.
std::string_view frame_of(const Push& push) {
  return push.came_as == Protocol::Zero ? frame_of(*push.message, 0) : std::string_view();
}

void put_message(ByteBuffer& out, const Message& message) {
  append_header(out, FrameCode::Send, frame_bytes_of(message) - kHeaderBytes);
  out.append(message.sender);
  out.append(kDelimiter);
  out.append(message.recipient);
  out.append(kDelimiter);
  out.append(message.text);
}

/// A message whose text protocol 0 cannot carry as it is.
void put_portable(ByteBuffer& out, const Message& message, std::uint64_t frame_bytes) {
  const std::size_t names_bytes = frame_bytes_of({message.sender, message.recipient, {}});
  const std::size_t most_bytes = kHeaderBytes + frame_bytes;
  const std::string text =
      portable_text(message.text, most_bytes > names_bytes ? most_bytes - names_bytes : 0);
  put_message(out, {message.sender, message.recipient, text});
}

}  // namespace

void append_effect(ByteBuffer& out, const EffectBody& body, std::uint64_t frame_bytes) {
  if (const auto* push = std::get_if<Push>(&body)) {
    const std::string_view frame = frame_of(*push);
    if (!frame.empty()) {
      out.append(frame);
    } else if (push->is_portable) {
      put_message(out, *push->message);
    } else {
      put_portable(out, *push->message, frame_bytes);
    }
  } else if (const auto* echo = std::get_if<Echo>(&body)) {
    // An Echo goes to the sender, so the message arrived by this protocol.
    const std::string_view frame = frame_of(*echo->message, echo->more_bytes);
    frame.empty() ? put_message(out, *echo->message) : out.append(frame);
  } else if (std::holds_alternative<LoggedIn>(body)) {
    append_header(out, FrameCode::Response, 0);
  } else if (const auto* refuse = std::get_if<Refuse>(&body)) {
    append_refusal(out, refuse->refusal, {});
  } else if (const auto* names = std::get_if<Names>(&body)) {
    append_names(out, *names, kVersion0);
  }
}

void append_refusal(ByteBuffer& out, const Refusal& refusal, std::string_view address) {
  const std::string text = text_of(refusal, address);
  append_header(out, FrameCode::Response, text.size());
  out.append(text);
}

std::string_view frame_of(const EffectBody& body) {
  if (const auto* push = std::get_if<Push>(&body)) {
    return frame_of(*push);
  }
  const auto* echo = std::get_if<Echo>(&body);
  return echo == nullptr ? std::string_view() : frame_of(*echo->message, echo->more_bytes);
}

}  // namespace tribar
