// SPDX-License-Identifier: MIT
//
// See interrupt.h.
#include "client/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace tribar {
namespace {

/// Where a session wants to hear of it; negative: nowhere, or it was told already.
volatile std::sig_atomic_t g_told_fd = -1;

extern "C" void on_interrupt(int) {
  const int fd = g_told_fd;
  g_told_fd = -1;
  if (fd < 0 || ::write(fd, "", 1) != 1) {
    ::_exit(kInterruptedExitCode);
  }
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
}

Interrupt::Interrupt() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0) {
    readable_ = Descriptor(ends[0]);
    writable_ = Descriptor(ends[1]);
    g_told_fd = ends[1];
  }
}

Interrupt::~Interrupt() { g_told_fd = -1; }

}  // namespace tribar
