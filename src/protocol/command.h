// SPDX-License-Identifier: MIT
//
// What a peer can ask, as values, and how they stand in a frame. Views point into the frame's
// data, which must outlive the command.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "protocol/frame.h"
#include "protocol/refusal.h"

namespace tribar {

/// The codes of the wire. The last two go from server to client only; SEND goes both ways.
enum class FrameCode : std::uint8_t {
  Create = 0,
  List = 1,
  Send = 2,
  Deliver = 3,
  Delete = 4,
  Login = 5,
  Response = 6,
  ListResponse = 7,
};

/// A message on its way: what SEND carries in both directions.
struct Message {
  std::string_view sender;
  std::string_view recipient;
  std::string_view text;
  friend bool operator==(const Message&, const Message&) = default;
};

struct Create {
  std::string_view username;
  friend bool operator==(const Create&, const Create&) = default;
};
struct List {
  std::string_view pattern;  // empty: all
  friend bool operator==(const List&, const List&) = default;
};
struct Send {
  Message message;
  friend bool operator==(const Send&, const Send&) = default;
};
struct Deliver {
  friend bool operator==(const Deliver&, const Deliver&) = default;
};
struct Delete {
  friend bool operator==(const Delete&, const Delete&) = default;
};
struct Login {
  std::string_view
      username;  // any ASCII: a name that no account can have is one that does not exist
  friend bool operator==(const Login&, const Login&) = default;
};

using Command = std::variant<Create, List, Send, Deliver, Delete, Login>;

struct CommandLimits {
  std::size_t username_bytes = 64;
};

/// The command in a frame from a client. `code` is the byte from the header, any value.
[[nodiscard]] Result<Command, Refusal> parse_command(std::uint8_t code, std::string_view data,
                                                     const CommandLimits& limits);

/// The fields in the data of a SEND, cut at the leftmost delimiters; what they hold is not judged.
[[nodiscard]] Result<Message, Refusal> cut_message(std::string_view data);

/// The message in the data of a SEND, cut likewise, if it may be sent.
[[nodiscard]] Result<Message, Refusal> parse_message(std::string_view data);

/// Appends the command's frame to `out`. The fields are written as they are: check them with
/// text.h first.
void append_command(std::string& out, const Command& command);

/// Appends `message` as a SEND frame to `out`.
void append_message(std::string& out, const Message& message);

/// The bytes of `message` as a frame, header included: what it counts in every limit on bytes.
[[nodiscard]] inline std::size_t frame_bytes_of(const Message& message) {
  return kHeaderBytes + message.sender.size() + message.recipient.size() + message.text.size() +
         2 * kDelimiter.size();
}

}  // namespace tribar
