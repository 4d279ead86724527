// SPDX-License-Identifier: MIT
//
// Any frame of protocol 1 as a command, and its text as protocol 0 gets it. The first byte is the
// frame's code, the second a name's limit; the rest is the data.
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "chat/text.h"
#include "fuzz.h"
#include "zero/command1.h"
#include "zero/frame.h"
#include "zero/portable.h"
#include "zero/wording.h"

namespace tribar {
namespace {

using fuzz::check;

/// A number may come with leading zeros, which are not written.
bool has_number(std::uint8_t code) {
  return code == static_cast<std::uint8_t>(FrameCode::Send) ||
         code == static_cast<std::uint8_t>(FrameCode::Acknowledge);
}

void check_portable(std::string_view text, std::size_t most_bytes) {
  const std::string portable = portable_text(text, most_bytes);
  check(portable.size() <= most_bytes, "a portable text is as long as it may be");
  check(is_portable(portable), "protocol 0 can carry a portable text");
  const std::string whole = portable_text(text, 16 * text.size());
  check(is_portable(whole), "protocol 0 can carry a portable text");
  check((portable == whole) == (whole.size() <= most_bytes), "a text is cut only if it must be");
  if (is_portable(text)) {
    check(whole == text, "a text that is portable stays as it is");
  }
}

void check_command(std::uint8_t code, std::string_view data, const CommandLimits& limits) {
  const auto command = parse_command1(code, data, limits);
  if (!command) {
    check(!token1_of(command.error().refusal.code).empty(), "a refusal has a token");
    check(!text1_of(command.error().refusal).empty(), "a refusal has words");
    return;
  }
  std::string frame;
  append_command1(frame, command.value());
  const FrameCut cut = cut_frame(frame, frame.size(), kVersion1);
  check(cut.kind == FrameCut::Kind::Whole && cut.frame_bytes == frame.size() && cut.code == code,
        "a command is written as one frame");
  check(cut.data == data || (has_number(code) && cut.data.size() < data.size()),
        "a command is written as it was read");
  const auto again = parse_command1(cut.code, cut.data, limits);
  check(again && again.value() == command.value(), "what is written is read as the same");
  if (const auto* send = std::get_if<SendNumbered>(&command.value())) {
    check(!refuse_text(send->text) && !refuse_text(send->recipient), "a text is judged");
    check(send->is_portable == is_portable(send->text), "a text is known to be portable");
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
  tribar::check_portable(text, data[1]);
  return 0;
}
