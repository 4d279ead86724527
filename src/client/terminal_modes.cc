// SPDX-License-Identifier: MIT
//
// See terminal_modes.h.
#include "client/terminal_modes.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace tribar {
namespace {

/// What the terminal was like; valid while g_is_changed.
termios g_before{};
volatile std::sig_atomic_t g_is_changed = 0;
volatile std::sig_atomic_t g_is_editing = 0;

/// Of what may have been written in part: no attributes, wrapping, no bracketed paste, a new row.
constexpr std::string_view kFarewell = "\x1b[0m\x1b[?7h\x1b[?2004l\r\n";

constexpr std::array kFatal{SIGTERM, SIGHUP, SIGQUIT, SIGINT, SIGABRT,
                            SIGSEGV, SIGBUS, SIGILL,  SIGFPE};

/// Whether the terminal is another program's for now, such as the shell's.
bool is_in_background() {
  const pid_t foreground = ::tcgetpgrp(STDIN_FILENO);
  return foreground > 0 && foreground != ::getpgrp();
}

extern "C" void on_fatal_signal(int signal) {
  if (g_is_changed != 0 && g_is_editing != 0 && !is_in_background()) {
    // There is nobody to tell if it fails.
    static_cast<void>(!::write(STDOUT_FILENO, kFarewell.data(), kFarewell.size()));
  }
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
    const auto replaced = catches ? SIG_DFL : on_fatal_signal;
    if (::sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
        now.sa_handler == replaced) {
      static_cast<void>(::sigaction(signal, &action, nullptr));
    }
  }
}

}  // namespace

bool original_modes(termios& modes) {
  if (g_is_changed != 0) {
    modes = g_before;
    return true;
  }
  return ::tcgetattr(STDIN_FILENO, &modes) == 0;
}

bool change_terminal(const termios& modes, bool is_editing) {
  const bool was_changed = g_is_changed != 0;
  if (!was_changed && ::tcgetattr(STDIN_FILENO, &g_before) != 0) {
    return false;
  }
  catch_fatal_signals(true);
  g_is_editing = is_editing ? 1 : 0;
  g_is_changed = 1;
  if (::tcsetattr(STDIN_FILENO, TCSANOW, &modes) == 0) {
    return true;
  }
  const int reason = errno;
  if (!was_changed) {
    g_is_changed = 0;
    catch_fatal_signals(false);
  }
  errno = reason;
  return false;
}

void restore_terminal() noexcept {
  if (g_is_changed == 0) {
    return;
  }
  g_is_changed = 0;
  if (!is_in_background()) {
    // Both fail only when the terminal is gone.
    if (g_is_editing != 0) {
      static_cast<void>(::tcflush(STDIN_FILENO, TCIFLUSH));
    }
    static_cast<void>(::tcsetattr(STDIN_FILENO, TCSANOW, &g_before));
  }
  catch_fatal_signals(false);
}

}  // namespace tribar
