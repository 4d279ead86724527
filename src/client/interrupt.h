// SPDX-License-Identifier: MIT
//
// Ctrl-C. While a session is told of it, it makes a descriptor readable, so that the session can
// end in good order; at any other time, and when it is pressed again, it ends the program at once.
#pragma once

#include "base/descriptor.h"

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

  /// While one of these lives Ctrl-C ends the program at once: for a call that could wait for ever.
  class AtOnce {
   public:
    explicit AtOnce(const Interrupt& interrupt);
    ~AtOnce();
    AtOnce(const AtOnce&) = delete;
    AtOnce& operator=(const AtOnce&) = delete;

    /// Whether it was pressed before: then fd() tells, and the call is better not made.
    [[nodiscard]] static bool is_late();

   private:
    const Interrupt& interrupt_;
  };

 private:
  Descriptor readable_;
  Descriptor writable_;
};

}  // namespace tribar
