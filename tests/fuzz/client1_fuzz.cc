// SPDX-License-Identifier: MIT
//
// The client in protocol 1 against a server that sends anything, with a person who types anything:
// what is shown is safe for a terminal, what is sent are commands, and numbers only grow. The first
// byte says how; then come events, a byte each and what belongs to it.
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "chat/text.h"
#include "client/conversation.h"
#include "client/lines1.h"
#include "fuzz.h"
#include "fuzz_bytes.h"
#include "zero/command1.h"
#include "zero/frame.h"
#include "zero/reply1.h"

namespace tribar {
namespace {

using fuzz::Bytes;
using fuzz::check;

constexpr std::array<std::string_view, 16> kTyped{
    "login", "create_account",
    "ann",   "a secret word",
    "c",     "l",
    "g",     "s",
    "d",     "y",
    "n",     "bob",
    "",      "q",
    "quit",  "h\u00e9 |||",
};
constexpr std::array<std::string_view, 8> kTokens{
    "ok", "no-such-user", "bad-secret", "throttled", "bad-number", "replaced", "busy", "a-new-one",
};
constexpr std::array<std::string_view, 2> kNames{"ann", "bob"};

std::string frame_of(const Reply1& reply) {
  std::string frame;
  append_reply1(frame, reply);
  return frame;
}

std::optional<std::uint64_t> number(Bytes& input) {
  const auto byte = input.take();
  return byte % 4 == 0 ? std::nullopt : std::optional<std::uint64_t>(byte / 4);
}

std::string received(Bytes& input, std::uint32_t choice) {
  switch (choice % 7) {
    case 0: {
      std::string frame;
      const auto code = static_cast<std::uint8_t>(input.take() % 16);
      append_frame(frame, code, input.take(input.take()), kVersion1);
      return frame;
    }
    case 1:
      return std::string(input.take(input.take()));
    case 2: {
      const std::string_view token = kTokens[input.take() % kTokens.size()];
      const std::string_view text = input.take(input.take() % 16);
      const auto waiting = number(input);
      return frame_of(Response1{token, text, waiting, number(input)});
    }
    case 3:
      return frame_of(ListResponse1{{{kNames[input.take() % 2], input.take() % 2 == 0}}});
    case 4: {
      const std::string_view recipient = kNames[input.take() % 4 == 0 ? 1 : 0];
      const MessageNumber at{input.take()};
      return frame_of(Delivery1{at, {1}, {"bob", recipient, input.take(input.take())}});
    }
    case 5: {
      const std::uint64_t n = input.take();
      return frame_of(Accepted1{n, {input.take()}, {1}});
    }
    default:
      return frame_of(Ping{input.take(input.take() % 65)});
  }
}

/// What a session prints and sends, checked.
class Session {
 public:
  explicit Session(std::uint32_t how)
      : is_utf8_(how % 2 == 0), conversation_(std::make_unique<Lines1>(settings(how))) {
    add(conversation_.begin());
  }

  void take(Bytes& input) {
    const std::uint32_t choice = input.take();
    if (choice % 3 == 0) {
      conversation_.type(std::string(kTyped[input.take() % kTyped.size()]) + '\n');
    } else if (choice % 32 == 1) {
      conversation_.type(std::string(input.take(input.take())) + '\n');
    } else if (choice % 32 == 2) {
      conversation_.end_typing();
    } else {
      add(conversation_.receive(received(input, choice / 3)));
    }
    while (!has_ended_) {
      const auto step = conversation_.take_line();
      if (!step) {
        break;
      }
      add(*step);
    }
  }

  [[nodiscard]] bool has_ended() const { return has_ended_; }

 private:
  static Lines1::Settings settings(std::uint32_t how) {
    return {.client = how % 4 < 2 ? "client" : "",
            .secret = how % 8 < 4 ? std::nullopt : std::optional<std::string>("a secret word"),
            .is_utf8 = how % 2 == 0,
            .may_send_secrets = how % 16 < 8};
  }

  void add(const Step& step) {
    check_shown(step.print);
    check_sent(step.send);
    if (step.ending) {
      has_ended_ = true;
      check_shown(step.ending->reason);
    }
  }

  void check_shown(std::string_view text) const {
    // It is valid UTF-8, with line ends and tabs of the client's own alone.
    check(!refuse_text(text) && text.find('\r') == std::string_view::npos,
          "what is shown holds no control character");
    check(is_utf8_ || !refuse_not_ascii(text), "what is shown is ASCII where there is no more");
    check(text.find("\u202e") == std::string_view::npos, "what is shown is not reordered");
  }

  void check_sent(std::string_view sent) {
    while (!sent.empty()) {
      const FrameCut cut = cut_frame(sent, Dialogue::kFrameBytes, kVersion1);
      check(cut.kind == FrameCut::Kind::Whole, "whole frames are sent");
      const auto command = parse_command1(cut.code, cut.data, {});
      check(command.is_ok(), "what is sent can be executed");
      if (const auto* acknowledge = std::get_if<Acknowledge>(&command.value())) {
        check(acknowledge->number >= acknowledged_, "acknowledged numbers only grow");
        acknowledged_ = acknowledge->number;
      }
      sent.remove_prefix(cut.frame_bytes);
    }
  }

  bool is_utf8_;
  Conversation conversation_;
  MessageNumber acknowledged_{};
  bool has_ended_ = false;
};

void run(std::string_view text) {
  Bytes input(text);
  Session session(input.take());
  while (!input.is_empty() && !session.has_ended()) {
    session.take(input);
  }
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tribar::run(tribar::fuzz::as_text(data, size));
  return 0;
}
