// SPDX-License-Identifier: MIT
//
// See line_protocol.h.
#include "support/line_protocol.h"

#include <algorithm>
#include <string>
#include <variant>

namespace tribar::test {
namespace {

/// Removes the first word of `rest` and the blank after it, and returns the word.
std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  return word;
}

Message take_message(std::string_view rest) {
  const std::string_view sender = take_word(rest);
  const std::string_view recipient = take_word(rest);
  return {sender, recipient, rest};
}

void append_message(ByteBuffer& out, const Message& message) {
  for (const std::string_view part :
       {std::string_view("message "), message.sender, std::string_view(" "), message.recipient,
        std::string_view(" "), message.text, std::string_view("\n")}) {
    out.append(part);
  }
}

}  // namespace

FrameCut cut_line(std::string_view bytes, std::uint64_t limit_bytes) {
  FrameCut cut;
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos ? bytes.size() > limit_bytes : end > limit_bytes) {
    cut.kind = FrameCut::Kind::TooLong;
    cut.announced_bytes = bytes.size();
    return cut;
  }
  if (end == std::string_view::npos) {
    cut.needed_bytes = bytes.size() + 1;
    return cut;
  }
  cut.kind = FrameCut::Kind::Whole;
  cut.frame_bytes = cut.needed_bytes = end + 1;
  // The data ends the frame: the line's end is part of it.
  cut.data = bytes.substr(0, end + 1);
  cut.is_login = cut.data.starts_with("login ");
  return cut;
}

Result<Command, Refusal> parse_line(std::string_view line) {
  std::string_view rest = line.substr(0, line.find('\n'));
  const std::string_view verb = take_word(rest);
  if (verb == "create") {
    return Command{Create{rest}};
  }
  if (verb == "login") {
    return Command{Login{rest}};
  }
  if (verb == "list") {
    return Command{List{rest}};
  }
  if (verb == "send") {
    return Command{Send{take_message(rest)}};
  }
  if (verb == "deliver") {
    return Command{Deliver{}};
  }
  if (verb == "delete") {
    return Command{Delete{}};
  }
  return Refusal{RefusalCode::UnknownCommand};
}

Message parse_pushed_line(std::string_view frame) {
  std::string_view rest = frame.substr(0, frame.size() - 1);
  take_word(rest);
  return take_message(rest);
}

void append_line(ByteBuffer& out, const EffectBody& body) {
  if (const auto* push = std::get_if<Push>(&body)) {
    append_message(out, *push->message);
  } else if (std::holds_alternative<Echo>(body) || std::holds_alternative<LoggedIn>(body)) {
    out.append("ok\n");
  } else if (const auto* refuse = std::get_if<Refuse>(&body)) {
    out.append("no ");
    out.append(token_of(refuse->refusal.code));
    out.append("\n");
  } else if (const auto* names = std::get_if<Names>(&body)) {
    std::string line = "names";
    std::string_view rest = names->names;
    while (!rest.empty()) {
      const std::string_view name = rest.substr(0, rest.find('\n'));
      line += ' ';
      line += name;
      rest.remove_prefix(name.size() + 1);
    }
    out.append(line + '\n');
  }
}

}  // namespace tribar::test
