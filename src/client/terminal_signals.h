// SPDX-License-Identifier: MIT
//
// The signals that a program with an edited line at a terminal lives with, told through a
// descriptor: another size, stop and go on, and those that end it. One object at a time; one
// thread.
#pragma once

#include <csignal>
#include <optional>

#include "base/descriptor.h"

namespace tribar {

class TerminalSignals {
 public:
  /// Catches SIGWINCH, SIGTSTP, SIGCONT, SIGINT, SIGTERM and SIGHUP, but for those that the program
  /// was started with as ignored. One that would end the program, and comes again before it was
  /// taken, ends it at once: the terminal is as before, the exit code is 128 and the number.
  TerminalSignals();
  /// They are as before.
  ~TerminalSignals();
  TerminalSignals(const TerminalSignals&) = delete;
  TerminalSignals& operator=(const TerminalSignals&) = delete;

  /// Readable when there is something to take; negative if the system had no descriptor left.
  [[nodiscard]] int fd() const { return readable_.get(); }

  /// A signal that came, each once however often it did; none: all were taken.
  [[nodiscard]] std::optional<int> take();

  /// Stops the program as SIGTSTP does, and returns when it goes on.
  void stop();

 private:
  Descriptor readable_;
  Descriptor writable_;
};

}  // namespace tribar
