// SPDX-License-Identifier: MIT
//
// Runs tribarctl, $TRIBARCTL, as a person does.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "support/process.h"

namespace tribar::test {

/// What a program said.
struct Said {
  int code = 0;
  std::string output;
  std::string error;
};

/// Asks the server whose control socket is at `path`; `input`: standard input. Throws when no
/// answer comes.
[[nodiscard]] inline Said ask_control(const std::string& path, std::vector<std::string> arguments,
                                      const std::string& input = {}) {
  const char* program = std::getenv("TRIBARCTL");
  arguments.insert(arguments.begin(), program == nullptr ? "tribarctl" : program);
  Process process(arguments, Process::Stdio::Pipes, {"TRIBAR_CONTROL=" + path});
  process.send(input);
  process.end_input();
  const int code = process.wait_for_exit();
  return {code, process.output(), process.error()};
}

}  // namespace tribar::test
