// SPDX-License-Identifier: MIT
//
// See terminal_input.h.
#include "client/terminal_input.h"

#include <termios.h>
#include <unistd.h>

#include <limits>

namespace tribar {

std::size_t cut_line_bytes() {
  termios modes{};
  if (::tcgetattr(STDIN_FILENO, &modes) != 0 || (modes.c_lflag & ICANON) == 0) {
    return std::numeric_limits<std::size_t>::max();
  }
#ifdef __linux__
  return 4095;  // and the line break; what fpathconf() says is not true
#else
  constexpr std::size_t kLeast = 255;  // of every system, says POSIX
  const long most = ::fpathconf(STDIN_FILENO, _PC_MAX_CANON);
  return most > 0 ? static_cast<std::size_t>(most) - 1 : kLeast;
#endif
}

void forget_typed_ahead() {
  // Of another program's terminal it would be stopped.
  if (::isatty(STDIN_FILENO) != 0 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) {
    static_cast<void>(::tcflush(STDIN_FILENO, TCIFLUSH));
  }
}

}  // namespace tribar
