// SPDX-License-Identifier: MIT
//
// Runs tribard with a store as a separate process: $TRIBARD, on any loopback port.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.h"
#include "support/temporary_folder.h"

namespace tribar::test {

struct DaemonSettings {
  /// The section `limits`.
  std::string_view limits =
      R"({"undelivered_messages": 10000000, "undelivered_bytes": 4000000000,
          "queued_bytes": 4000000000})";
  std::string_view sync = "full";
  std::string storage = {};                   // the section `storage`; empty: SQLite, in the folder
  std::string listen = R"([{"port": 0}])";    // the listeners
  std::string others = {};                    // further settings: `"name": value, ...`
  std::vector<std::string> environment = {};  // as for Process
};

class Daemon {
 public:
  /// Starts it with its store, and its config, in `folder`.
  explicit Daemon(const std::string& folder, const DaemonSettings& settings = {})
      : process_(command(folder, settings), Process::Stdio::Pipes, settings.environment) {
    process_.read_error_until("listening on 127.0.0.1:");
    port_ = static_cast<std::uint16_t>(std::stoul(process_.read_error_until("\n")));
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Process& process() { return process_; }

  void kill() { end(SIGKILL, 128 + SIGKILL); }
  void stop() { end(SIGTERM, 0); }

  [[nodiscard]] static std::string store_in(const std::string& folder) {
    return folder + "/tribar.db";
  }
  /// The command line that starts it; also writes its config.
  [[nodiscard]] static std::vector<std::string> command(const std::string& folder,
                                                        const DaemonSettings& settings = {}) {
    const std::string config = folder + "/tribard.json";
    const std::string storage =
        settings.storage.empty()
            ? fmt::format(R"({{"engine": "sqlite", "path": "{}", "sync": "{}"}})", store_in(folder),
                          settings.sync)
            : settings.storage;
    write_file(config, fmt::format(R"({{"listen": {}, "limits": {}, "storage": {}{}{}}})",
                                   settings.listen, settings.limits, storage,
                                   settings.others.empty() ? "" : ", ", settings.others));
    const char* program = std::getenv("TRIBARD");
    return {program == nullptr ? "tribard" : program, "-c", config};
  }

 private:
  void end(int signal, int code) {
    process_.signal(signal);
    EXPECT_EQ(process_.wait_for_exit(), code) << process_.error();
  }

  Process process_;
  std::uint16_t port_ = 0;
};

}  // namespace tribar::test
