// SPDX-License-Identifier: MIT
//
// Commands of protocol 0: parsing them from frames and writing them. Views point into the frame's
// data, which must outlive the command.
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

/// The reason why CREATE refuses `name`: it contains the delimiter, or refuse_username() refuses
/// it. None if the name is valid.
[[nodiscard]] std::optional<Refusal> refuse_new_username(std::string_view name,
                                                         const CommandLimits& limits);

/// Parses a frame from a client. `code` is the byte from the header; any value is allowed.
[[nodiscard]] Result<Command, Refusal> parse_command(std::uint8_t code, std::string_view data,
                                                     const CommandLimits& limits);

/// Splits the data of a SEND into its fields at the leftmost delimiters; does not check the fields.
[[nodiscard]] Result<Message, Refusal> cut_message(std::string_view data);

/// As cut_message(), and checks that the message may be sent.
[[nodiscard]] Result<Message, Refusal> parse_message(std::string_view data);

/// The first position of kDelimiter in `bytes` at or after `from`, or npos.
[[nodiscard]] std::size_t find_delimiter(std::string_view bytes, std::size_t from);

/// Appends the command's frame to `out`. The fields are not checked: check them with chat/text.h
/// first.
void append_command(std::string& out, const Command& command);

/// Appends `message` as a SEND frame to `out`.
void append_message(std::string& out, const Message& message);

/// The length of `message` as a frame, header included.
[[nodiscard]] inline std::size_t frame_bytes_of(const Message& message) {
  return kHeaderBytes + message.sender.size() + message.recipient.size() + message.text.size() +
         2 * kDelimiter.size();
}

}  // namespace tribar
