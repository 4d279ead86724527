// SPDX-License-Identifier: MIT
//
// The command line of tribard, and which config it means. Main thread, at the start.
#pragma once

#include <optional>
#include <string>

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

/// Where the config is, as it was built, when neither the command line nor the environment says.
extern const char* const kSystemConfigFile;
/// The environment variable that names a config file.
inline constexpr const char* kConfigVariable = "TRIBAR_CONFIG";

struct Options {
  /// Of several that are asked for, the last one here is done.
  enum class Action { Serve, VerifyStorage, PrintConfig, CheckConfig, PrintVersion, PrintHelp };
  Action action = Action::Serve;
  std::optional<std::string> config_file{};
  std::string storage_file{};  // of VerifyStorage
  friend bool operator==(const Options&, const Options&) = default;
};

/// What is wrong with the command line, in words; the program ends with ExitCode::WrongUsage.
struct UsageError {
  std::string text;
};

/// The options in `argv`, which holds `argc` arguments and a nullptr, the program's name first; its
/// pointers may be put in another order. Not reentrant, like the getopt_long it uses.
[[nodiscard]] Result<Options, UsageError> parse_options(int argc, char** argv);

/// Which file to read, if any, and how to name that in the log.
struct ConfigChoice {
  std::optional<std::string> file;  // none: the built-in defaults
  std::string description;
  friend bool operator==(const ConfigChoice&, const ConfigChoice&) = default;
};

/// The file of --config; else the one that `environment`, the value of $TRIBAR_CONFIG or nullptr,
/// names unless empty; else `system_file` if there is one; else none. A file that was named and is
/// not there is chosen all the same: reading it tells.
[[nodiscard]] ConfigChoice choose_config(const Options& options, const char* environment,
                                         const std::string& system_file = kSystemConfigFile);

/// What --help prints, with its last line end.
[[nodiscard]] std::string help_text();

}  // namespace tribar
