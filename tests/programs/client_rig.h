// SPDX-License-Identifier: MIT
//
// tribar as a person at a terminal and as a script uses it, and a tribard for it. $TRIBAR and
// $TRIBARD are the programs.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "support/patience.h"
#include "support/process.h"
#include "support/temporary_folder.h"

namespace tribar::test {

inline const std::string kFirstMenu = "Commands: login, create_account, quit\n";
inline const std::string kMenu =
    "Commands: help (h), compose (c), list users (l), get messages (g), delete account (d), logout "
    "(q)\n";

inline std::string program(const char* variable) {
  const char* path = std::getenv(variable);
  return path == nullptr ? "" : path;
}

/// A tribard of the test's own.
class RunningServer {
 public:
  /// `config`: its settings; it listens at one place.
  explicit RunningServer(
      std::string_view config = R"({"listen": [{"host": "127.0.0.1", "port": 0}]})")
      : process_({program("TRIBARD"), "-c", write_config(config)}, Process::Stdio::Pipes) {
    constexpr std::string_view kHost = "127.0.0.1:";
    process_.read_error_until("listening on ");
    const std::string line = process_.read_error_until("\n");
    address_ = line.substr(0, line.find_first_not_of("0123456789", kHost.size()));
  }

  /// HOST:PORT, if it listens at one.
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] Process& process() { return process_; }

 private:
  std::string write_config(std::string_view config) const {
    write_file(folder_.file("tribard.json"), config);
    return folder_.file("tribard.json");
  }

  TemporaryFolder folder_;
  Process process_;
  std::string address_;
};

/// `arguments` for tribar.
inline std::vector<std::string> command_line(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{program("TRIBAR")};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

/// tribar's plain prompts at a terminal.
class Person : public Process {
 public:
  explicit Person(const std::string& address) : Person(std::vector<std::string>{address}) {}
  explicit Person(const std::vector<std::string>& arguments,
                  const std::vector<std::string>& environment = {})
      : Process(command_line(with_classic(arguments)), Stdio::Terminal, environment) {
    EXPECT_EQ(read_until(kFirstMenu), kFirstMenu);
  }

  /// Types a line and waits for what must then stand on the screen behind it.
  void type(const std::string& line, const std::string& shown) {
    send(line + "\n");
    EXPECT_EQ(read_until(shown.empty() ? line + "\n" : shown), line + "\n" + shown);
  }

  void create(const std::string& username) {
    type("create_account", "Username: ");
    type(username, "Logged in as: " + username + "\n" + kMenu);
  }

 private:
  static std::vector<std::string> with_classic(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "--classic");
    return arguments;
  }
};

struct Outcome {
  int exit_code = 0;
  std::string output;
  std::string error;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

inline void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << "exit code " << outcome.exit_code << "\noutput:\n"
       << outcome.output << "\nerror:\n"
       << outcome.error;
}

inline Outcome outcome_of(Process& process) {
  const int exit_code = process.wait_for_exit();
  return {exit_code, process.output(), process.error()};
}

/// tribar in a script: `input` from a pipe, to its end.
inline Outcome run_script(const std::vector<std::string>& arguments, std::string_view input = "",
                          const std::vector<std::string>& environment = {}) {
  Process process(command_line(arguments), Process::Stdio::Pipes, environment);
  process.send(input);
  process.end_input();
  return outcome_of(process);
}

/// The tests that need the real server.
class ClientAndServer : public testing::Test {
 protected:
  void SetUp() override {
    if (program("TRIBARD").empty()) {
      GTEST_SKIP() << "$TRIBARD names no server";
    }
  }
};

}  // namespace tribar::test
