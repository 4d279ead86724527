// SPDX-License-Identifier: MIT
//
// Stops a terminal from showing what is typed, while a secret is. One object at a time; one thread.
#pragma once

#include "client/terminal_modes.h"

namespace tribar {

/// Standard input, if it is a terminal. However the program ends, but for SIGKILL, the terminal is
/// as it was before.
class QuietTerminal {
 public:
  QuietTerminal() = default;
  ~QuietTerminal() { set(false); }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

  /// While quiet, line breaks are still shown, and the program cannot be suspended from the
  /// keyboard. False: the terminal does not do it.
  bool set(bool is_quiet);

 private:
  bool is_quiet_ = false;
};

}  // namespace tribar
