// SPDX-License-Identifier: MIT
//
// The chat's vocabulary: its commands, in one table, from which help is made, and what a person is
// told when the server refuses something, and can do about it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tribar {

enum class ChatCommand {
  Login,
  Create,
  Compose,
  Reply,
  List,
  Get,
  Secret,
  Delete,
  Help,
  Quit,
};

/// Where a command is typed. Protocol 0 has fewer.
struct ChatPlace {
  bool is_logged_in = false;
  int protocol = 1;
};

/// What stands behind a command's name.
enum class ChatArguments {
  None,
  Name,         // or nothing: then it is asked for
  Text,         // or nothing
  NameAndText,  // or the name alone, or nothing
};

struct ChatCommandFound {
  ChatCommand command{};
  ChatArguments arguments{};
};

/// The command with this name, long or short, if there is one in this place.
[[nodiscard]] std::optional<ChatCommandFound> find_chat_command(std::string_view name,
                                                                ChatPlace place);

/// The long names of the commands in this place, in the order of the help.
[[nodiscard]] std::vector<std::string_view> chat_command_names(ChatPlace place);

/// All commands in this place, and the keys; lines without an end behind the last one. No line has
/// more than 76 bytes, and there are at most 20.
[[nodiscard]] std::string chat_help(ChatPlace place);

/// What the server said when it refused something.
struct ServerRefusal {
  std::string_view token;  // see client/session.h
  std::string_view text;   // the server's own words, safe to show
  std::optional<std::uint64_t> figure{};
};

/// Why a message to `recipient` was not sent. `recipient` is safe to show, as `name` is below.
[[nodiscard]] std::string told_not_sent(const ServerRefusal& refusal, std::string_view recipient);

/// Why nobody is logged in to the account `name`, or it was not created. `has_secret`: there was
/// such an account, and a secret was given.
[[nodiscard]] std::string told_not_logged_in(const ServerRefusal& refusal, std::string_view name,
                                             bool has_secret);

/// Why another request was refused.
[[nodiscard]] std::string told_refused(const ServerRefusal& refusal);

/// As in "1 message" and "2 messages".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view what);

}  // namespace tribar
