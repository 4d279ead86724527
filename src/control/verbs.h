// SPDX-License-Identifier: MIT
//
// What can be asked of a running server, in one table: the server carries it out, tribarctl's help
// and completions are made from it. Constant; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tribar {

enum class ControlVerb : std::uint8_t {
  Status,
  Sessions,
  Kick,
  UserAdd,
  UserDelete,
  UserSetSecret,
  UserShow,
  Reload,
  Drain,
  LogLevel,
  Backup,
  Certificate,
};

struct ControlVerbRow {
  ControlVerb verb;
  std::string_view name;       // one word, or two with a space
  std::string_view arguments;  // for people; those in brackets can be left out
  std::size_t least = 0;       // of arguments
  std::size_t most = 0;
  bool takes_secret = false;  // behind the arguments
  bool is_logged = false;     // it changes something
  bool needs_leader = false;  // a standby cannot do it
  std::string_view help;
};

[[nodiscard]] std::span<const ControlVerbRow> control_verbs();

/// nullptr: there is none of this name.
[[nodiscard]] const ControlVerbRow* find_control_verb(std::string_view name);

}  // namespace tribar
