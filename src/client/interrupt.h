// SPDX-License-Identifier: MIT
//
// Ctrl-C. While a session runs it makes a descriptor readable, so that the session can end in good
// order; before that, and when it is pressed again, it ends the program at once.
#pragma once

#include "client/descriptor.h"

namespace tribar {

inline constexpr int kInterruptedExitCode = 130;

/// Catches SIGINT from now on, for a program that has no session yet. Call once, from main.
void catch_interrupts();

/// One at a time, for the life of a session.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// Readable once Ctrl-C was pressed; negative if the system had none to give.
  [[nodiscard]] int fd() const { return readable_.get(); }

 private:
  Descriptor readable_;
  Descriptor writable_;
};

}  // namespace tribar
