// SPDX-License-Identifier: MIT
//
// See terminal_signals.h.
#include "client/terminal_signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "client/terminal_modes.h"

namespace tribar {
namespace {

struct Caught {
  int signal;
  bool ends;  // the program
};

constexpr std::array kCaught{Caught{SIGWINCH, false}, Caught{SIGCONT, false},
                             Caught{SIGTSTP, false},  Caught{SIGINT, true},
                             Caught{SIGTERM, true},   Caught{SIGHUP, true}};

volatile std::sig_atomic_t g_wake_fd = -1;
/// For each of kCaught whether it came and was not taken.
std::array<volatile std::sig_atomic_t, kCaught.size()> g_has_come{};
std::array<struct sigaction, kCaught.size()> g_before{};

extern "C" void on_terminal_signal(int signal) {
  const int interrupted_errno = errno;
  for (std::size_t i = 0; i < kCaught.size(); ++i) {
    if (kCaught[i].signal != signal) {
      continue;
    }
    if (kCaught[i].ends && g_has_come[i] != 0) {
      restore_terminal();
      ::_exit(128 + signal);
    }
    g_has_come[i] = 1;
  }
  if (g_wake_fd >= 0) {
    // A full pipe wakes the program as well.
    static_cast<void>(!::write(g_wake_fd, "", 1));
  }
  errno = interrupted_errno;
}

}  // namespace

TerminalSignals::TerminalSignals() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0) {
    readable_ = Descriptor(ends[0]);
    writable_ = Descriptor(ends[1]);
    g_wake_fd = ends[1];
  }
  struct sigaction action {};
  action.sa_handler = on_terminal_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < kCaught.size(); ++i) {
    g_has_come[i] = 0;
    ::sigaction(kCaught[i].signal, nullptr, &g_before[i]);
    if (g_before[i].sa_handler != SIG_IGN) {
      ::sigaction(kCaught[i].signal, &action, nullptr);
    }
  }
}

TerminalSignals::~TerminalSignals() {
  for (std::size_t i = 0; i < kCaught.size(); ++i) {
    ::sigaction(kCaught[i].signal, &g_before[i], nullptr);
  }
  g_wake_fd = -1;
}

std::optional<int> TerminalSignals::take() {
  std::array<char, 64> bytes;
  while (::read(fd(), bytes.data(), bytes.size()) > 0) {
  }
  for (std::size_t i = 0; i < kCaught.size(); ++i) {
    if (g_has_come[i] != 0) {
      g_has_come[i] = 0;
      return kCaught[i].signal;
    }
  }
  return std::nullopt;
}

void TerminalSignals::stop() {
  struct sigaction caught {};
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  sigemptyset(&by_default.sa_mask);
  ::sigaction(SIGTSTP, &by_default, &caught);
  static_cast<void>(::raise(SIGTSTP));
  ::sigaction(SIGTSTP, &caught, nullptr);
}

}  // namespace tribar
