// SPDX-License-Identifier: MIT
//
// The chat against a server that sends anything, with a person who types anything, in both
// protocols, while connections are lost: every row that is printed begins with a mark of ours, and
// holds no escape sequence but our colours, no control character and nothing that reorders or hides
// text; what is sent are commands. The first byte says how; then come events, a byte each and what
// belongs to it.
#include <algorithm>
#include <array>
#include <clocale>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "chat/command.h"
#include "client/chat.h"
#include "client/shown_text.h"
#include "fuzz.h"
#include "fuzz_bytes.h"
#include "zero/command.h"
#include "zero/command1.h"
#include "zero/frame.h"
#include "zero/reply.h"
#include "zero/reply1.h"
#include "zero/wording.h"

namespace tribar {
namespace {

using fuzz::Bytes;
using fuzz::check;

constexpr std::array<std::string_view, 32> kTyped{
    "login ann", "create ann", "login",     "ann",         "",        "a secret word",
    "c bob",     "c bob text", "c",         "bob",         "r",       "r text",
    "l",         "l b*",       "g",         "s",           "d",       "y",
    "n",         "q",          "help",      "text",        "/l",      "//text",
    "/q",        "/c cid",     "h\u00e9 |", "one\ntwo\tx", "\x1b[2J", "c b\u202eb x",
    "/d",        "||| text",
};
constexpr std::array<std::string_view, 12> kTokens{
    "ok",   "no-such-user", "bad-secret", "throttled",    "bad-number", "replaced",
    "busy", "stopping",     "in-use",     "mailbox-full", "name-taken", "a-new-one",
};
constexpr std::array<std::string_view, 4> kErrors0{
    "", "username does not exist", "user is already logged in", "recipient does not exist"};
constexpr std::array<std::string_view, 2> kNames{"ann", "bob"};
constexpr std::array<std::string_view, 8> kTexts{
    "hello",
    "\n12:00 <ann> forged\r\n* forged\n! forged\n      | forged",
    "\x1b]0;title\x07\x1b[2J\x1b[1A",
    "\u202ereversed\u2066\u200b",
    "\u4f60\u597d \u4f60\u597d\u4f60\u597d e\u0301e\u0301",
    "a row that is longer than the terminal is wide, which is to be cut by words",
    "\r\r\t\v\f\u2028\u2029\u0085",
    "averylongwordthatcannotbecutbywordsaverylongwordthatcannotbecutbywords\n\n",
};

template <typename AnyReply, typename Append>
std::string frame_of(const AnyReply& reply, Append append) {
  std::string frame;
  append(frame, reply);
  return frame;
}

std::optional<std::uint64_t> number(Bytes& input) {
  const auto byte = input.take();
  return byte % 4 == 0 ? std::nullopt : std::optional<std::uint64_t>(byte / 4);
}

std::string_view some_text(Bytes& input) {
  const std::uint32_t choice = input.take();
  return choice % 2 == 0 ? kTexts[choice / 2 % kTexts.size()] : input.take(choice / 2);
}

std::string received1(Bytes& input, std::uint32_t choice) {
  const auto frame = [](const Reply1& reply) { return frame_of(reply, append_reply1); };
  switch (choice % 5) {
    case 0: {
      const std::string_view token = kTokens[input.take() % kTokens.size()];
      const std::string_view text = some_text(input);
      const auto waiting = number(input);
      return frame(Response1{token, text, waiting, number(input)});
    }
    case 1:
      return frame(ListResponse1{{{kNames[input.take() % 2], input.take() % 2 == 0}}});
    case 2: {
      const std::string_view recipient = kNames[input.take() % 8 == 0 ? 1 : 0];
      const MessageNumber at{input.take()};
      const UnixMs time{static_cast<std::uint64_t>(input.take()) << (input.take() % 64)};
      return frame(Delivery1{at, time, {"bob", recipient, some_text(input)}});
    }
    case 3: {
      const std::uint64_t n = input.take();
      return frame(Accepted1{n, {input.take()}, {1}});
    }
    default:
      return frame(Ping{input.take(input.take() % 65)});
  }
}

std::string received0(Bytes& input, std::uint32_t choice) {
  const auto frame = [](const Reply& reply) { return frame_of(reply, append_reply); };
  switch (choice % 3) {
    case 0: {
      const std::uint32_t error = input.take();
      return frame(
          Response{error % 2 == 0 ? kErrors0[error / 2 % kErrors0.size()] : some_text(input)});
    }
    case 1:
      return frame(ListResponse{{kNames[input.take() % 2], some_text(input)}});
    default: {
      const std::uint32_t who = input.take();
      const std::string_view sender = who % 3 == 0 ? some_text(input) : kNames[who % 2];
      return frame(Delivery{{sender, kNames[who / 4 % 2], some_text(input)}});
    }
  }
}

/// `line` without our colours; there is no other escape sequence.
std::string without_colors(std::string_view line) {
  constexpr std::array<std::string_view, 10> kOurs{"0",    "2",    "36",   "1;31", "1;32",
                                                   "1;33", "1;34", "1;35", "1;36", "1"};
  std::string text;
  bool is_plain = true;
  while (true) {
    const std::size_t escape = line.find("\x1b[");
    text += line.substr(0, escape);
    if (escape == std::string_view::npos) {
      break;
    }
    const std::size_t end = line.find('m', escape);
    check(end != std::string_view::npos, "an escape sequence is a colour");
    const std::string_view sgr = line.substr(escape + 2, end - escape - 2);
    check(std::find(kOurs.begin(), kOurs.end(), sgr) != kOurs.end(), "a colour is one of ours");
    is_plain = sgr == "0";
    line.remove_prefix(end + 1);
  }
  check(is_plain, "colours end before the line does");
  return text;
}

/// As in "12:00 <bob> text", with a date or not.
bool is_heading(std::string_view line) {
  for (const std::string_view shape : {"00:00 <", "0000-00-00 00:00 <", "--:-- <", "earlier <"}) {
    const bool fits =
        line.size() > shape.size() &&
        std::equal(shape.begin(), shape.end(), line.begin(), [](char expected, char found) {
          return expected == '0' ? found >= '0' && found <= '9' : expected == found;
        });
    if (fits) {
      const std::string_view name = line.substr(shape.size(), line.find('>') - shape.size());
      return line.find("> ") != std::string_view::npos &&
             name.find_first_of(" <:|*!") == std::string_view::npos;
    }
  }
  return false;
}

/// A chat and what it does, checked.
class Checked {
 public:
  explicit Checked(std::uint32_t how)
      : protocol_(how % 2 == 0 ? 0 : 1), is_utf8_(how % 4 < 2), chat_(settings(how)) {
    chat_.set_columns(how % 8 < 4 ? 20 : 80);
    take(chat_.connected(how % 64 < 48, moment_));
  }

  void take(Bytes& input) {
    const std::uint32_t choice = input.take();
    moment_.is_typing = choice >= 192;
    switch (choice % 16) {
      case 0:
        return take(chat_.end_input(moment_));
      case 1:
        return take(chat_.interrupt(some_text(input), moment_));
      case 2:
        is_connected_ = false;
        return take(chat_.lost("it is gone", moment_));
      case 3:
        return connect();
      case 4:
        return chat_.set_columns(input.take());
      case 5:
        return static_cast<void>(chat_.complete(some_text(input)));
      case 6:
        return take(chat_.take_line(std::string(some_text(input)), choice % 32 < 16, moment_));
      case 7:
        return receive(some_text(input));
      case 8:
      case 9:
      case 10:
        return take(chat_.take_line(std::string(kTyped[input.take() % kTyped.size()]),
                                    choice >= 240, moment_));
      default:
        return receive(protocol_ == 0 ? received0(input, choice / 16 + choice)
                                      : received1(input, choice / 16 + choice));
    }
  }

  [[nodiscard]] bool has_ended() const { return has_ended_; }

 private:
  [[nodiscard]] Chat::Settings settings(std::uint32_t how) const {
    Chat::Settings made;
    made.session = {protocol_, how % 16 < 8 ? "client" : ""};
    made.server = "unix:/a\nb";
    made.name = how % 32 < 16 ? "" : "ann";
    made.secret = how % 128 < 96 ? std::nullopt : std::optional<std::string>("a secret word");
    made.reconnects = how < 224;
    made.view = {is_utf8_, how % 16 < 12};
    return made;
  }

  void connect() {
    is_connected_ = true;
    acknowledged_ = {};
    take(chat_.connected(true, moment_));
  }

  void receive(std::string_view bytes) {
    if (is_connected_) {
      take(chat_.receive(bytes, moment_));
    }
  }

  void take(const ChatStep& step) {
    check(!has_ended_, "nothing happens behind the end");
    check(step.print.empty() || step.print.ends_with('\n'), "whole lines are printed");
    for (std::string_view rest = step.print; !rest.empty();) {
      const std::size_t end = rest.find('\n');
      check_line(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    check_sent();
    if (step.drops_link) {
      is_connected_ = false;
    }
    if (step.ending) {
      has_ended_ = true;
      check_shown(step.ending->reason);
    }
    check_shown(chat_.prompt());
    check(!chat_.wants_secret() || chat_.is_question(), "a secret is asked for");
    chat_.shown();
    check_sent();
  }

  void check_shown(std::string_view text) const {
    check(shown_text(text, is_utf8_) == text, "what is shown is safe for a terminal");
  }

  void check_line(std::string_view line) const {
    const std::string text = without_colors(line);
    check_shown(text);
    const auto begins = [&text](std::string_view mark) { return text.starts_with(mark); };
    check(begins("* ") || begins("! ") || begins("      | ") || is_heading(text),
          "every line begins with a mark");
  }

  void check_sent() {
    std::string_view sent = chat_.output();
    while (!sent.empty()) {
      const FrameCut cut =
          cut_frame(sent, Dialogue::kFrameBytes, protocol_ == 0 ? kVersion0 : kVersion1);
      check(cut.kind == FrameCut::Kind::Whole, "whole frames are sent");
      if (protocol_ == 0) {
        check(parse_command(cut.code, cut.data, {}).is_ok(), "what is sent can be executed");
      } else {
        check_command1(cut);
      }
      sent.remove_prefix(cut.frame_bytes);
    }
    chat_.output().clear();
  }

  void check_command1(const FrameCut& cut) {
    const auto command = parse_command1(cut.code, cut.data, {});
    check(command.is_ok(), "what is sent can be executed");
    if (const auto* acknowledge = std::get_if<Acknowledge>(&command.value())) {
      check(acknowledge->number >= acknowledged_, "acknowledged numbers only grow");
      acknowledged_ = acknowledge->number;
    }
  }

  int protocol_;
  bool is_utf8_;
  Chat chat_;
  ChatMoment moment_{{1'767'182'400'000}, false};
  bool is_connected_ = true;
  MessageNumber acknowledged_{};
  bool has_ended_ = false;
};

void run(std::string_view text) {
  static const bool has_locale = std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr;
  check(has_locale, "there is a locale with UTF-8");
  Bytes input(text);
  Checked chat(input.take());
  while (!input.is_empty() && !chat.has_ended()) {
    chat.take(input);
  }
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tribar::run(tribar::fuzz::as_text(data, size));
  return 0;
}
