// SPDX-License-Identifier: MIT
//
// The command line of tribarctl. Main thread, at the start.
#pragma once

#include <string>
#include <vector>

#include "base/command_line.h"
#include "base/result.h"
#include "control/verbs.h"

namespace tribar {

/// The exit codes of tribarctl, after sysexits.h.
enum class ControlExit : int {
  Fine = 0,
  Refused = 1,       // the server says why
  WrongUsage = 64,   // EX_USAGE
  Unreachable = 69,  // EX_UNAVAILABLE
  Failed = 74,       // EX_IOERR: the answer was cut off, or cannot be written
};

/// The environment variable that names the socket.
inline constexpr const char* kControlVariable = "TRIBAR_CONTROL";
/// The socket if nothing names one.
inline constexpr const char* kControlSocket = "/run/tribar/control";

struct ControlOptions {
  enum class Action { Ask, PrintHelp, PrintVersion };
  Action action = Action::Ask;
  std::string socket{};
  bool json = false;
  const ControlVerbRow* verb = nullptr;  // of Ask
  std::vector<std::string> arguments{};
};

/// Parses `argv`, which has `argc` arguments and a nullptr, starting with the program's name; may
/// reorder its pointers. `environment`: $TRIBAR_CONTROL, nullptr if it is not set. Not reentrant,
/// like the getopt_long it uses. An error is a text for the user.
[[nodiscard]] Result<ControlOptions, std::string> parse_control_options(int argc, char** argv,
                                                                        const char* environment);

/// The text of --help, including its last line end.
[[nodiscard]] std::string control_help();

/// All options and verbs, for the manual page and completions.
[[nodiscard]] CommandLine control_command_line();

}  // namespace tribar
