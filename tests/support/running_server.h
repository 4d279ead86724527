// SPDX-License-Identifier: MIT
//
// Runs tribard as a separate process: $TRIBARD, on any loopback port, with a config file of its
// own.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"

namespace tribar::test {

/// The path in the environment variable `variable`, or `name`, to be found in $PATH.
inline std::string program(const char* variable, const char* name) {
  const char* path = std::getenv(variable);
  return path == nullptr ? name : path;
}
inline std::string tribard() { return program("TRIBARD", "tribard"); }

class RunningServer {
 public:
  /// `settings`: keys and values, as in a config. `redirections`: for the shell, such as "<&-".
  /// `listener`: more keys and values of the listener.
  explicit RunningServer(std::string_view settings = "", std::string_view redirections = "",
                         std::string_view listener = "")
      : process_(command(settings, redirections, listener), Process::Stdio::Pipes) {
    process_.read_error_until("listening on 127.0.0.1:");
    port_ = static_cast<std::uint16_t>(std::stoi(process_.read_error_until("\n")));
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Process& process() { return process_; }

 private:
  std::vector<std::string> command(std::string_view settings, std::string_view redirections,
                                   std::string_view listener) {
    const std::string config = folder_.file("tribard.json");
    write_file(config, fmt::format(R"({{"listen": [{{"host": "127.0.0.1", "port": 0{}{}}}]{}{}}})",
                                   listener.empty() ? "" : ", ", listener,
                                   settings.empty() ? "" : ", ", settings));
    return {"/bin/sh", "-c", fmt::format("exec '{}' -c '{}' {}", tribard(), config, redirections)};
  }

  TemporaryFolder folder_;
  Process process_;
  std::uint16_t port_ = 0;
};

/// Waits until `ms` have passed on the clock of a server with a login timeout of that length.
inline void let_pass(std::uint64_t ms) {
  RunningServer clock(fmt::format(R"("timeouts": {{"login_ms": {}}})", ms));
  TestPeer silent(clock.port());
  silent.expect(response(fmt::format("no login within {} ms", ms)));
}

}  // namespace tribar::test
