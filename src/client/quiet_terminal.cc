// SPDX-License-Identifier: MIT
//
// See quiet_terminal.h.
#include "client/quiet_terminal.h"

#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace tribar {
namespace {

/// What the terminal was like; valid while g_is_quiet.
termios g_before{};
volatile std::sig_atomic_t g_is_quiet = 0;

constexpr std::array kFatal{SIGTERM, SIGHUP, SIGQUIT};

extern "C" void on_fatal_signal(int signal) {
  restore_terminal();
  // Its handler is gone, and the program ends by it.
  static_cast<void>(::raise(signal));
}

/// Ends by a signal restore the terminal first, or not.
void catch_fatal_signals(bool catches) {
  struct sigaction action {};
  sigemptyset(&action.sa_mask);
  action.sa_handler = catches ? on_fatal_signal : SIG_DFL;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : kFatal) {
    struct sigaction now {};
    // One that the program was started with as ignored stays so.
    if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) {
      static_cast<void>(::sigaction(signal, &action, nullptr));
    }
  }
}

}  // namespace

bool QuietTerminal::set(bool is_quiet) {
  if (is_quiet == (g_is_quiet != 0)) {
    return true;
  }
  if (!is_quiet) {
    restore_terminal();
    catch_fatal_signals(false);
    return true;
  }
  if (::tcgetattr(STDIN_FILENO, &g_before) != 0) {
    return ::isatty(STDIN_FILENO) == 0;  // nobody sees what is not typed
  }
  termios quiet = g_before;
  quiet.c_lflag = (quiet.c_lflag & ~static_cast<tcflag_t>(ECHO)) | ECHONL;
  quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
  catch_fatal_signals(true);
  g_is_quiet = 1;
  if (::tcsetattr(STDIN_FILENO, TCSANOW, &quiet) == 0) {
    return true;
  }
  g_is_quiet = 0;
  catch_fatal_signals(false);
  return false;
}

void restore_terminal() noexcept {
  if (g_is_quiet != 0) {
    g_is_quiet = 0;
    // Fails only when the terminal is gone.
    static_cast<void>(::tcsetattr(STDIN_FILENO, TCSANOW, &g_before));
  }
}

}  // namespace tribar
