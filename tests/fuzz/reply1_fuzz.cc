// SPDX-License-Identifier: MIT
//
// Any frame of protocol 1 as a server's. The first byte is the frame's code; the rest is the data.
#include <cstdint>
#include <string>
#include <variant>

#include "chat/text.h"
#include "fuzz.h"
#include "zero/frame.h"
#include "zero/reply1.h"

namespace tribar {
namespace {

using fuzz::check;

void check_reply(std::uint8_t code, std::string_view data) {
  const auto reply = parse_reply1(code, data);
  if (!reply) {
    check(is_plain(reply.error().text) && !reply.error().text.empty(),
          "a reply that cannot be has a reason that can be shown");
    return;
  }
  std::string frame;
  append_reply1(frame, reply.value());
  const FrameCut cut = cut_frame(frame, frame.size(), kVersion1);
  check(cut.kind == FrameCut::Kind::Whole && cut.frame_bytes == frame.size() && cut.code == code,
        "a reply is written as one frame");
  // Numbers may come with leading zeros, which are not written.
  check(cut.data == data || cut.data.size() < data.size(), "a reply is written as it was read");
  const auto again = parse_reply1(cut.code, cut.data);
  check(again && again.value() == reply.value(), "what is written is read as the same");
  if (!std::holds_alternative<Ping>(reply.value()) &&
      !std::holds_alternative<Pong>(reply.value())) {
    check(!refuse_text(data), "all that people see is text");
  }
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) {
    tribar::check_reply(data[0], tribar::fuzz::as_text(data + 1, size - 1));
  }
  return 0;
}
