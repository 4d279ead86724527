// SPDX-License-Identifier: MIT
//
// The modes of the terminal that is standard input, and that they are as before however the program
// ends, but for SIGKILL. One thread.
#pragma once

#include <termios.h>

namespace tribar {

/// The modes of the terminal before the first change that was not undone yet. False, with the
/// reason in errno: it has none.
[[nodiscard]] bool original_modes(termios& modes);

/// Changes them. From now on to restore_terminal(), signals that would end the program restore the
/// terminal first: those for which it has no handler, and which it was not started with as ignored.
/// `is_editing`: then restoring also ends bracketed paste, and discards what was typed and not
/// read, so that no shell gets it. False, with the reason in errno: the terminal does not do it,
/// and is as it was.
[[nodiscard]] bool change_terminal(const termios& modes, bool is_editing);

/// Makes the terminal as it was, if it was changed. May be called by a signal handler that ends the
/// program.
void restore_terminal() noexcept;

}  // namespace tribar
