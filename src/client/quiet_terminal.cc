// SPDX-License-Identifier: MIT
//
// See quiet_terminal.h.
#include "client/quiet_terminal.h"

#include <termios.h>
#include <unistd.h>

namespace tribar {

bool QuietTerminal::set(bool is_quiet) {
  if (is_quiet == is_quiet_) {
    return true;
  }
  if (!is_quiet) {
    restore_terminal();
    is_quiet_ = false;
    return true;
  }
  termios quiet{};
  if (!original_modes(quiet)) {
    return ::isatty(STDIN_FILENO) == 0;  // nobody sees what is not typed
  }
  quiet.c_lflag = (quiet.c_lflag & ~static_cast<tcflag_t>(ECHO)) | ECHONL;
  quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
  is_quiet_ = change_terminal(quiet, false);
  return is_quiet_;
}

}  // namespace tribar
