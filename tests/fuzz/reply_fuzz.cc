// SPDX-License-Identifier: MIT
//
// The client against a server that sends anything, with a person who types anything: what is shown
// is safe for a terminal, what is kept is bounded, and nothing depends on how bytes are split. The
// first four bytes are the lengths of pieces; then come events, a byte each and what belongs to it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/conversation.h"
#include "fuzz.h"
#include "fuzz_bytes.h"
#include "zero/command.h"
#include "zero/reply.h"

namespace tribar {
namespace {

using fuzz::Bytes;
using fuzz::check;

constexpr std::array<std::string_view, 16> kTyped{
    "login", "create_account", "ann",  "bob", "c", "l", "g", "d", "h", "y", "n", "hi", "",
    "q",     "quit",           "*[a-",
};
constexpr std::array<std::string_view, 4> kErrors{"", "username does not exist",
                                                  "username already exists", "no"};
constexpr std::array<std::string_view, 4> kNames{"ann", "bob", "x\x1b[2Jy", ""};

struct Event {
  enum class Kind { Typed, EndOfTyped, Received } kind = Kind::Typed;
  std::string bytes;
  bool is_held = false;  // what is received comes in one piece with the next
};

std::string header(std::uint8_t code, std::size_t shift) {
  std::string frame(kHeaderBytes, '\0');
  frame[1] = static_cast<char>(code);
  frame[kHeaderBytes - 1 - shift / 8] = static_cast<char>(1 << shift % 8);
  return frame;
}

std::string frame_of(const Reply& reply) {
  std::string frame;
  append_reply(frame, reply);
  return frame;
}

Event read_event(Bytes& input, std::uint32_t choice) {
  constexpr auto kReceived = Event::Kind::Received;
  switch (choice % 11) {
    case 0:
      return {Event::Kind::Typed, std::string(kTyped[input.take() % kTyped.size()]) + '\n'};
    case 1:
      return {Event::Kind::Typed, std::string(input.take(input.take())) + '\n'};
    case 2:
      return {Event::Kind::Typed, std::string(input.take(input.take()))};
    case 3:
      return {Event::Kind::EndOfTyped, {}};
    case 4: {
      std::string frame;
      const auto code = static_cast<std::uint8_t>(input.take() % 10);
      append_frame(frame, code, input.take(input.take()));
      return {kReceived, frame};
    }
    case 5:
      return {kReceived, std::string(input.take(input.take()))};
    case 6: {
      const auto code = static_cast<std::uint8_t>(input.take());
      return {kReceived, header(code, input.take() * 2 % 320)};
    }
    case 7:
      return {kReceived, frame_of(Response{kErrors[input.take() % kErrors.size()]})};
    case 8: {
      std::vector<std::string_view> names(input.take() % 8);
      for (std::string_view& name : names) {
        name = kNames[input.take() % kNames.size()];
      }
      return {kReceived, frame_of(ListResponse{names})};
    }
    case 9: {
      const std::string_view sender = kNames[input.take() % kNames.size()];
      const std::string_view recipient = kNames[input.take() % kNames.size()];
      const std::string_view text = input.take() % 2 == 0 ? "hi" : input.take(input.take());
      return {kReceived, frame_of(Delivery{{sender, recipient, text}})};
    }
    default: {
      // A long one.
      const std::size_t size = std::size_t{64} * input.take();
      const std::string text(size, static_cast<char>(input.take()));
      return {kReceived, frame_of(Delivery{{"bob", "ann", text}})};
    }
  }
}

Event take_event(Bytes& input) {
  const std::uint32_t choice = input.take();
  Event event = read_event(input, choice % 128);
  event.is_held = choice >= 128;
  return event;
}

/// What a conversation came to.
struct Transcript {
  std::string printed;
  std::string sent;
  std::optional<Ending> ending;
  friend bool operator==(const Transcript&, const Transcript&) = default;
};

/// A conversation as Client leads it: nothing is received while it is crowded, and no more is taken
/// after an ending.
class Session {
 public:
  /// Bytes come in pieces of `lengths`, one after the other and again; empty: each event whole.
  explicit Session(std::string_view lengths) : lengths_(lengths) { add(conversation_.begin()); }

  void take(const Event& event) {
    switch (event.kind) {
      case Event::Kind::Typed:
        in_pieces(event.bytes, [this](std::string_view piece) {
          conversation_.type(piece);
          take_lines();
        });
        break;
      case Event::Kind::EndOfTyped:
        conversation_.end_typing();
        break;
      case Event::Kind::Received:
        on_its_way_ += event.bytes;
        break;
    }
    take_lines();
    if (!event.is_held && !conversation_.is_crowded()) {
      in_pieces(std::exchange(on_its_way_, {}),
                [this](std::string_view piece) { add(conversation_.receive(piece)); });
    }
    take_lines();
  }

  [[nodiscard]] Transcript end() {
    if (!transcript_.ending) {
      add(conversation_.end(Ending{69, "the server closed the connection"}));
    }
    return transcript_;
  }

 private:
  template <typename Function>
  void in_pieces(std::string_view bytes, Function function) {
    while (!bytes.empty() && !transcript_.ending) {
      std::size_t length = bytes.size();
      if (!lengths_.empty()) {
        // Long ones in few pieces.
        const auto chosen = static_cast<unsigned char>(lengths_[pieces_++ % lengths_.size()]);
        length = std::max(std::size_t{1} + chosen, bytes.size() / 64);
      }
      function(bytes.substr(0, length));
      bytes.remove_prefix(std::min(length, bytes.size()));
    }
  }

  void take_lines() {
    while (!transcript_.ending) {
      const auto step = conversation_.take_line();
      if (!step) {
        return;
      }
      add(*step);
    }
  }

  void add(const Step& step) {
    transcript_.printed += step.print;
    transcript_.sent += step.send;
    transcript_.ending = step.ending;
  }

  std::string_view lengths_;
  std::size_t pieces_ = 0;
  Conversation conversation_;
  std::string on_its_way_;
  Transcript transcript_;
};

void check_terminal(const Transcript& transcript) {
  char before = '\n';
  for (const char c : transcript.printed) {
    check((c >= ' ' && c <= '~') || c == '\n' || (c == '\t' && before == '\n'),
          "what is shown holds line ends, tabs that begin a line, and no other control byte");
    before = c;
  }
  for (const char c : transcript.ending->reason) {
    check(c >= ' ' && c <= '~', "a reason can be shown on a terminal");
  }
  check(transcript.ending->reason.size() < 1000, "a reason is short");
}

void check_sent(std::string_view sent) {
  while (!sent.empty()) {
    const FrameCut cut = cut_frame(sent, Lines::kFrameBytes);
    check(cut.kind == FrameCut::Kind::Whole, "whole frames are sent");
    check(cut.code <= static_cast<std::uint8_t>(FrameCode::Login), "only commands are sent");
    const auto command = parse_command(cut.code, cut.data, {});
    check(command.is_ok(), "what is sent can be executed");
    sent.remove_prefix(cut.frame_bytes);
  }
}

void run(std::string_view text) {
  Bytes input(text);
  const std::string_view lengths = input.take(4);
  std::vector<Event> events;
  std::size_t typed_bytes = 0;
  std::size_t received_bytes = 0;
  while (!input.is_empty() && received_bytes < (std::size_t{1} << 19)) {
    const Event& event = events.emplace_back(take_event(input));
    (event.kind == Event::Kind::Received ? received_bytes : typed_bytes) += event.bytes.size();
  }
  Session whole({});
  Session split(lengths);
  for (const Event& event : events) {
    whole.take(event);
    split.take(event);
  }
  const Transcript transcript = whole.end();
  check(split.end() == transcript, "a conversation does not depend on how bytes are split");
  check_terminal(transcript);
  check_sent(transcript.sent);
  // Four bytes show one, a frame is told in few words, and a line is answered by few lines.
  const std::size_t lines = events.size() + typed_bytes + 2;
  check(transcript.printed.size() <= 5 * received_bytes + 4 * typed_bytes + 300 * lines,
        "what is shown is bounded by what came");
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tribar::run(tribar::fuzz::as_text(data, size));
  return 0;
}
