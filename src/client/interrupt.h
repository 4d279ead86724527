// SPDX-License-Identifier: MIT
//
// Handling of Ctrl-C. During a session, the first Ctrl-C makes a descriptor readable, so that the
// session can end cleanly. At any other time, or when pressed again, it ends the program at once.
#pragma once

#include "base/descriptor.h"

namespace tribar {

inline constexpr int kInterruptedExitCode = 130;

/// Installs the handler of SIGINT, unless the program was started with that signal ignored; there
/// is no session yet. Call once, from main.
void catch_interrupts();

/// The same for SIGTERM and SIGHUP, unless the program was started with them ignored.
void catch_termination();

/// Exists during a session; one at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// Becomes readable when Ctrl-C is pressed; negative if the system had no descriptor left.
  [[nodiscard]] int fd() const { return readable_.get(); }

  /// What the program ends with when fd() is readable: 128 and the number of the signal.
  [[nodiscard]] int exit_code() const;

  /// While an object of this class exists, Ctrl-C ends the program at once: for a call that could
  /// block for ever.
  class AtOnce {
   public:
    explicit AtOnce(const Interrupt& interrupt);
    ~AtOnce();
    AtOnce(const AtOnce&) = delete;
    AtOnce& operator=(const AtOnce&) = delete;

    /// Whether Ctrl-C was pressed before. Then fd() is readable, and the call should not be made.
    [[nodiscard]] static bool is_late();

   private:
    const Interrupt& interrupt_;
  };

 private:
  Descriptor readable_;
  Descriptor writable_;
};

}  // namespace tribar
