// SPDX-License-Identifier: MIT
//
// What the person who runs tribar wants: one table of settings for all of its front ends. A setting
// is taken from the config file, the environment, or the command line; the latter wins.
//
// A setting with the key k is `k = value` in the file, $TRIBAR_K in the environment, and an option.
// A new one is a member of ClientOptions, a row of the table in the .cc, and a row in
// docs/client.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/command_line.h"
#include "base/result.h"
#include "client/server_address.h"

namespace tribar {

/// What the program does; None: it lets a person chat.
enum class Verb { None, Send, List, Receive, Create, Delete };

enum class ColorWhen { Auto, Always, Never };

struct ClientOptions {
  enum class Action { Run, PrintHelp, PrintVersion };

  Action action = Action::Run;
  Verb verb = Verb::None;
  std::vector<std::string> operands{};  // what stands behind the verb; it judges them

  // Settings, also of the file and the environment.
  ServerAddress server{};
  std::vector<ServerAddress> other_servers{};  // to be tried after it; of TLS if that is, else none
  std::string name{};                          // of the account; empty: not given
  bool is_name_asked = false;                  // it is of the command line
  std::optional<int> protocol{};
  std::string ca{};           // empty: the system's
  std::string secret_file{};  // empty: none
  std::chrono::milliseconds timeout{10'000};
  ColorWhen color = ColorWhen::Auto;
  bool bell = false;
  bool history = true;    // kept in a file
  bool reconnect = true;  // when the server is lost
  bool classic = false;

  // Options of single verbs.
  std::optional<std::string> message{};  // send -m
  bool json = false;                     // list, receive
  bool follow = false;                   // receive
  std::optional<std::uint64_t> count{};  // receive: the most messages; at least 1

  /// 0 or 1.
  [[nodiscard]] int protocol_in_use() const {
    return protocol.value_or(server.kind == ServerAddress::Kind::Tls ? 1 : 0);
  }
  friend bool operator==(const ClientOptions&, const ClientOptions&) = default;
};

/// Looks up a variable of the environment, as std::getenv does.
using Environment = std::function<const char*(const char*)>;

/// Why the program cannot run: all mistakes, each as one line for the user.
struct ClientMistakes {
  int exit_code = 0;
  std::vector<std::string> lines{};
  friend bool operator==(const ClientMistakes&, const ClientMistakes&) = default;
};

/// The options of this run: those of the command line, then the environment, then the config file.
/// If help or the version is asked for, the latter two are not looked at. May reorder argv.
[[nodiscard]] Result<ClientOptions, ClientMistakes> read_client_options(
    int argc, char** argv, const Environment& environment);

/// Where the config file is: $XDG_CONFIG_HOME/tribar/config, else ~/.config/tribar/config; empty if
/// neither is known.
[[nodiscard]] std::string client_config_path(const Environment& environment);

/// Takes the settings in `text`, lines of `key = value`, into `options`; or returns every mistake,
/// as FILE:LINE:COLUMN and what is wrong there. `file_name`: for those, and for its folder, from
/// which relative paths in it count; `home`: for paths that begin with ~/. Pure.
[[nodiscard]] std::vector<std::string> take_client_config(std::string_view text,
                                                          std::string_view file_name,
                                                          std::string_view home,
                                                          ClientOptions& options);

/// The help for `verb`; for Verb::None, of the program. At most 80 columns and 23 lines.
[[nodiscard]] std::string client_help(Verb verb);

/// All options and verbs, for the manual page and completions.
[[nodiscard]] CommandLine client_command_line();

/// The verb's word, such as "send".
[[nodiscard]] std::string_view word_of(Verb verb);

}  // namespace tribar
