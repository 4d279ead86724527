// SPDX-License-Identifier: MIT
//
// The command line of tribard, and which config it chooses. Main thread, at the start.
#pragma once

#include <optional>
#include <string>

#include "base/command_line.h"
#include "base/result.h"

namespace tribar {

/// The exit codes of tribard, after sysexits.h.
enum class ExitCode : int {
  Fine = 0,
  WrongUsage = 64,
  CannotListen = 69,
  Bug = 70,
  StorageFailed = 74,
  OutputFailed = 74,  // both are EX_IOERR
  BadConfig = 78,
};

/// The build's default config file, if neither the command line nor the environment names one.
extern const char* const kSystemConfigFile;
/// The environment variable that names a config file.
inline constexpr const char* kConfigVariable = "TRIBAR_CONFIG";

struct Options {
  /// If several are requested, the last one in this list is performed.
  enum class Action {
    Serve,
    VerifyStorage,
    MoveStorage,
    PrintConfig,
    CheckConfig,
    PrintVersion,
    PrintHelp
  };
  Action action = Action::Serve;
  std::optional<std::string> config_file{};
  std::string storage{};  // for VerifyStorage, and for MoveStorage: from where
  std::string move_to{};  // for MoveStorage
  friend bool operator==(const Options&, const Options&) = default;
};

/// What is wrong with the command line, as text; the program ends with ExitCode::WrongUsage.
struct UsageError {
  std::string text;
};

/// Parses `argv`, which has `argc` arguments and a nullptr, starting with the program's name; may
/// reorder its pointers. Not reentrant, like the getopt_long it uses.
[[nodiscard]] Result<Options, UsageError> parse_options(int argc, char** argv);

/// Which file to read, if any, and its name in the log.
struct ConfigChoice {
  std::optional<std::string> file;  // none: the built-in defaults
  std::string description;
  friend bool operator==(const ConfigChoice&, const ConfigChoice&) = default;
};

/// Chooses the file of --config; else the non-empty value `environment` of $TRIBAR_CONFIG (nullptr:
/// not set); else `system_file` if it exists; else none. A file that was named is chosen even if it
/// does not exist; reading it then fails.
[[nodiscard]] ConfigChoice choose_config(const Options& options, const char* environment,
                                         const std::string& system_file = kSystemConfigFile);

/// The text of --help, including its last line end.
[[nodiscard]] std::string help_text();

/// All options, for the manual page and completions.
[[nodiscard]] CommandLine server_command_line();

}  // namespace tribar
