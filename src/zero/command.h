// SPDX-License-Identifier: MIT
//
// Commands of protocol 0: how they stand in a frame. Views point into the frame's data, which must
// outlive the command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/command.h"
#include "chat/refusal.h"
#include "zero/frame.h"

namespace tribar {

struct CommandLimits {
  std::size_t username_bytes = 64;
};

/// Why CREATE refuses `name`, if so: it holds the delimiter, or refuse_username() says why.
[[nodiscard]] std::optional<Refusal> refuse_new_username(std::string_view name,
                                                         const CommandLimits& limits);

/// The command in a frame from a client. `code` is the byte from the header, any value.
[[nodiscard]] Result<Command, Refusal> parse_command(std::uint8_t code, std::string_view data,
                                                     const CommandLimits& limits);

/// The fields in the data of a SEND, cut at the leftmost delimiters; what they hold is not judged.
[[nodiscard]] Result<Message, Refusal> cut_message(std::string_view data);

/// The message in the data of a SEND, cut likewise, if it may be sent.
[[nodiscard]] Result<Message, Refusal> parse_message(std::string_view data);

/// The first place of kDelimiter in `bytes` at or after `from`, or npos.
[[nodiscard]] std::size_t find_delimiter(std::string_view bytes, std::size_t from);

/// Appends the command's frame to `out`. The fields are written as they are: check them with
/// text.h first.
void append_command(std::string& out, const Command& command);

/// Appends `message` as a SEND frame to `out`.
void append_message(std::string& out, const Message& message);

/// The bytes of `message` as a frame, header included.
[[nodiscard]] inline std::size_t frame_bytes_of(const Message& message) {
  return kHeaderBytes + message.sender.size() + message.recipient.size() + message.text.size() +
         2 * kDelimiter.size();
}

}  // namespace tribar
