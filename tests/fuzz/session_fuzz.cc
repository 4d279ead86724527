// SPDX-License-Identifier: MIT
//
// A client's session against a server that sends anything in any pieces, with requests and lost
// connections in between, in both protocols: what goes out are commands, each request is answered
// at most once, each message of protocol 1 comes once, acknowledged numbers only grow on a
// connection, and what is kept is bounded. The first byte says which protocol; then come events, a
// byte each and what belongs to it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "client/session.h"
#include "fuzz.h"
#include "fuzz_bytes.h"
#include "zero/command.h"
#include "zero/command1.h"
#include "zero/frame.h"
#include "zero/reply.h"
#include "zero/reply1.h"

namespace tribar::client {
namespace {

using fuzz::Bytes;
using fuzz::check;

constexpr std::array<std::string_view, 3> kNames{"ann", "bob", "carl"};
constexpr std::array<std::string_view, 12> kTokens{
    "ok",       "no-such-user", "bad-secret", "throttled", "bad-number",   "replaced",
    "too-long", "busy",         "stopping",   "in-use",    "mailbox-full", "a-new-one",
};
constexpr std::array<std::string_view, 6> kTexts0{
    "",
    "username does not exist",
    "user is already logged in",
    "recipient does not exist",
    "the server is shutting down",
    "something else",
};
constexpr std::array<std::string_view, 3> kMessages{"hi", "ho", ""};
constexpr std::string_view kSecret = "a secret word";

template <std::size_t size>
std::string_view one_of(const std::array<std::string_view, size>& words, Bytes& input) {
  return words[input.take() % size];
}

std::optional<std::uint64_t> number(Bytes& input) {
  const auto byte = input.take();
  return byte % 4 == 0 ? std::nullopt : std::optional<std::uint64_t>(byte / 4);
}

std::string reply0(Bytes& input) {
  std::string frame;
  switch (input.take() % 4) {
    case 0:
      append_reply(frame, Response{one_of(kTexts0, input)});
      break;
    case 1: {
      const std::string_view name = one_of(kNames, input);
      append_reply(frame, input.take() % 2 == 0 ? ListResponse{{name}} : ListResponse{});
      break;
    }
    case 2: {
      const std::string_view sender = one_of(kNames, input);
      const std::string_view recipient = one_of(kNames, input);
      append_reply(frame, Delivery{{sender, recipient, one_of(kMessages, input)}});
      break;
    }
    default: {
      const auto code = static_cast<std::uint8_t>(input.take() % 16);
      append_frame(frame, code, input.take(input.take()), kVersion0);
    }
  }
  return frame;
}

std::string reply1(Bytes& input) {
  std::string frame;
  switch (input.take() % 6) {
    case 0: {
      const std::string_view token = one_of(kTokens, input);
      const auto waiting = number(input);
      append_reply1(frame, Response1{token, "words", waiting, number(input)});
      break;
    }
    case 1:
      append_reply1(frame, ListResponse1{{{one_of(kNames, input), input.take() % 2 == 0}}});
      break;
    case 2: {
      const MessageNumber at{input.take()};
      const std::string_view recipient = one_of(kNames, input);
      append_reply1(frame, Delivery1{at, {1}, {"bob", recipient, one_of(kMessages, input)}});
      break;
    }
    case 3: {
      const std::uint64_t n = input.take();
      append_reply1(frame, Accepted1{n, {input.take()}, {1}});
      break;
    }
    case 4:
      append_reply1(frame, Ping{input.take(input.take() % 65)});
      break;
    default: {
      const auto code = static_cast<std::uint8_t>(input.take() % 16);
      append_frame(frame, code, input.take(input.take()), kVersion1);
    }
  }
  return frame;
}

/// A session, and what is known of it from outside.
class Watched {
 public:
  explicit Watched(std::uint32_t how)
      : protocol_(how % 2 == 0 ? 0 : 1),
        session_({.protocol = protocol_, .client = how % 4 < 2 ? "client" : ""}) {}

  void take(Bytes& input) {
    const std::uint32_t choice = input.take();
    switch (choice % 16) {
      case 0:
        asked(session_.log_in(std::string(one_of(kNames, input)), std::string(kSecret)));
        break;
      case 1:
        asked(session_.create(std::string(one_of(kNames, input)), std::string(kSecret)));
        break;
      case 2:
        asked(session_.list("*"));
        break;
      case 3:
      case 4: {
        std::string recipient(one_of(kNames, input));
        asked(session_.send(std::move(recipient), std::string(one_of(kMessages, input))));
        break;
      }
      case 5:
        asked(session_.fetch());
        break;
      case 6:
        asked(session_.set_secret(std::string(kSecret), "another secret"));
        break;
      case 7:
        asked(session_.remove(std::string(kSecret)));
        break;
      case 8:
        session_.acknowledge();
        break;
      case 9:
        session_.disconnected();
        break;
      case 10:
        check_output();
        session_.connected();
        acknowledged_ = {};
        break;
      default:
        receive(choice / 16 % 8 == 0 ? std::string(input.take(input.take()))
                : protocol_ == 0     ? reply0(input)
                                     : reply1(input),
                input.take());
    }
    check_output();
    take_events();
    check(session_.unsent().size() <= Session::kMostKept, "what is kept is bounded");
  }

  void end() {
    session_.disconnected();
    take_events();
    check(!session_.is_connected() && !session_.is_logged_in() && session_.output().empty(),
          "nothing is left of a lost connection");
  }

 private:
  void asked(RequestId id) {
    check(id == last_id_ + 1, "ids ascend");
    last_id_ = id;
    open_.insert(id);
  }

  void receive(std::string_view bytes, std::uint32_t cut) {
    const std::size_t size = cut % 4 == 0 ? 1 : std::max<std::size_t>(1, cut);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) {
      session_.receive(bytes.substr(0, size));
    }
  }

  void answered(RequestId id) { check(open_.erase(id) == 1, "a request is answered once"); }

  void on(const LoggedIn& event) {
    if (event.is_again) {
      check(open_.count(event.id) == 0, "what was answered is done again");
    } else {
      answered(event.id);
    }
  }
  void on(const LoginRefused& event) {
    if (!event.is_again) {
      answered(event.id);
    }
  }
  void on(const Refused& event) { answered(event.id); }
  void on(const UserList& event) { answered(event.id); }
  void on(const Sent& event) {
    check(event.id > last_sent_, "messages are confirmed in order");
    last_sent_ = event.id;
    answered(event.id);
  }
  void on(const InDoubt& event) { answered(event.id); }
  void on(const FetchDone& event) { answered(event.id); }
  void on(const Done& event) { answered(event.id); }
  void on(const Arrived& event) {
    check((protocol_ == 1) == event.time.has_value(), "protocol 1 tells the time");
  }
  void on(const Ended& event) { check(!event.token.empty(), "an end has a reason"); }

  void take_events() {
    for (const SessionEvent& event : session_.take_events()) {
      std::visit([this](const auto& what) { on(what); }, event);
    }
  }

  void check_output() {
    std::string sent = std::exchange(session_.output(), {});
    std::string_view rest = sent;
    while (!rest.empty()) {
      const auto version = protocol_ == 0 ? kVersion0 : kVersion1;
      const FrameCut cut = cut_frame(rest, 65536, version);
      check(cut.kind == FrameCut::Kind::Whole, "whole frames are sent");
      if (protocol_ == 0) {
        check(parse_command(cut.code, cut.data, {}).is_ok(), "what is sent can be executed");
      } else {
        const auto command = parse_command1(cut.code, cut.data, {});
        check(command.is_ok(), "what is sent can be executed");
        if (const auto* acknowledge = std::get_if<Acknowledge>(&command.value())) {
          check(acknowledge->number > acknowledged_, "acknowledged numbers grow");
          acknowledged_ = acknowledge->number;
        }
      }
      rest.remove_prefix(cut.frame_bytes);
    }
  }

  int protocol_;
  Session session_;
  RequestId last_id_ = 0;
  RequestId last_sent_ = 0;
  std::set<RequestId> open_;
  MessageNumber acknowledged_{};
};

void run(std::string_view text) {
  Bytes input(text);
  Watched session(input.take());
  while (!input.is_empty()) {
    session.take(input);
  }
  session.end();
}

}  // namespace
}  // namespace tribar::client

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tribar::client::run(tribar::fuzz::as_text(data, size));
  return 0;
}
