// SPDX-License-Identifier: MIT
//
// Any frame as a command, and as a reply. The first byte is the frame's code, the
// second a name's limit; the rest is the data.
#include <cstdint>
#include <string>

#include "fuzz.h"
#include "zero/command.h"
#include "zero/frame.h"
#include "zero/reply.h"
#include "zero/wording.h"

namespace tribar {
namespace {

using fuzz::check;

std::string frame_of(std::uint8_t code, std::string_view data) {
  std::string frame;
  append_frame(frame, code, data);
  return frame;
}

void check_command(std::uint8_t code, std::string_view data, const CommandLimits& limits) {
  const auto command = parse_command(code, data, limits);
  if (command) {
    std::string frame;
    append_command(frame, command.value());
    check(frame == frame_of(code, data), "a command is written as it was read");
  } else {
    check(!text_of(command.error()).empty(), "a refusal has words");
  }
}

void check_reply(std::uint8_t code, std::string_view data) {
  const auto reply = parse_reply(code, data);
  if (reply) {
    std::string frame;
    append_reply(frame, reply.value());
    check(frame == frame_of(code, data), "a reply is written as it was read");
  } else {
    check(!reply.error().text.empty(), "a reply that cannot be has a reason");
  }
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const std::string_view text = tribar::fuzz::as_text(data + 2, size - 2);
  tribar::check_command(data[0], text, {.username_bytes = data[1]});
  tribar::check_reply(data[0], text);
  return 0;
}
