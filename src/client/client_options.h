// SPDX-License-Identifier: MIT
//
// What the person who runs tribar wants: one table of settings for all of its front ends. A setting
// is taken from the config file, the environment, or the command line; the latter wins. Only
// read_client_config() touches the system.
//
// Each setting with a `key` is `key = value` in the file, $TRIBAR_KEY in the environment, and an
// option. A new one is a member of ClientOptions, a row of the table in the .cc, and a line in
// docs/client.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/server_address.h"

namespace tribar {

/// What one run of the program does, beside talking to a person.
enum class Verb { None, Send, List, Receive, Create, Delete };

enum class ColorWhen { Auto, Always, Never };

struct ClientOptions {
  enum class Action { Run, PrintHelp, PrintVersion };

  Action action = Action::Run;
  Verb verb = Verb::None;
  std::vector<std::string> operands{};  // of the verb: what is neither option nor verb

  // Settings, also of the file and the environment.
  ServerAddress server{};
  std::string name{};  // of the account; empty: asked for
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

/// Mistakes, each as one line for the user.
using ClientMistakes = std::vector<std::string>;

/// Looks up a variable of the environment, as std::getenv does.
using Environment = std::function<const char*(const char*)>;

/// Where the config file is: $XDG_CONFIG_HOME/tribar/config, else ~/.config/tribar/config; empty if
/// neither is known.
[[nodiscard]] std::string client_config_path(const Environment& environment);

/// Takes the settings in `text`, lines of `key = value`, into `options`; or returns every mistake
/// as FILE:LINE:COLUMN: what is wrong. `file_name`: for those, and for paths relative to the file's
/// folder; `home`: for paths that begin with ~/, may be empty.
[[nodiscard]] ClientMistakes take_client_config(std::string_view text, std::string_view file_name,
                                                std::string_view home, ClientOptions& options);

/// The same for the file at `path`, which need not be there.
[[nodiscard]] ClientMistakes read_client_config(const std::string& path, std::string_view home,
                                                ClientOptions& options);

/// Takes the settings of the environment into `options`. An empty variable is none.
[[nodiscard]] ClientMistakes take_client_environment(const Environment& environment,
                                                     ClientOptions& options);

/// Takes the command line into `options`. May reorder argv. Returns what is wrong with it.
[[nodiscard]] std::optional<std::string> take_client_arguments(int argc, char** argv,
                                                               ClientOptions& options);

/// The help for `verb`; for Verb::None, of the program. At most 80 columns and 23 lines.
[[nodiscard]] std::string client_help(Verb verb);

/// The verb's word, such as "send".
[[nodiscard]] std::string_view word_of(Verb verb);

}  // namespace tribar
