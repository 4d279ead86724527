// SPDX-License-Identifier: MIT
//
// Commands of protocol 1: how they stand in a frame, which is that of protocol 0 with version 1.
// Views point into the frame's data, which must outlive the command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/command.h"
#include "chat/refusal.h"
#include "zero/command.h"

namespace tribar {

/// The longest name of a client.
inline constexpr std::size_t kMostClientBytes = 32;
/// The most data of a PING.
inline constexpr std::size_t kMostPingBytes = 64;

/// Why a frame is no command; `n` is the number of the SEND that it was meant to be, if that much
/// could be read.
struct CommandError {
  Refusal refusal;
  std::optional<std::uint64_t> n = {};
  bool has_secret = false;  // it is wrong for another reason, and holds a secret
};

/// The command in a frame from a client. `code` is the byte from the header, any value. Names and
/// texts are judged; secrets are not, but for being valid as text: see refuse_secret().
[[nodiscard]] Result<Command1, CommandError> parse_command1(std::uint8_t code,
                                                            std::string_view data,
                                                            const CommandLimits& limits);

/// Whether a frame is applied at once, before commands that wait: an ACK, PING or PONG. One with a
/// mistake is not, because refusals keep the order of commands.
[[nodiscard]] bool goes_ahead(std::uint8_t code, std::string_view data);

/// Appends the command's frame to `out`. The fields are written as they are.
void append_command1(std::string& out, const Command1& command);

}  // namespace tribar
