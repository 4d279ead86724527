// SPDX-License-Identifier: MIT
//
// See interrupt.h.
#include "client/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "client/quiet_terminal.h"

namespace tribar {
namespace {

/// The session's descriptor for Ctrl-C; negative: none.
volatile std::sig_atomic_t g_told_fd = -1;
/// Whether the session was notified.
volatile std::sig_atomic_t g_was_told = 0;

/// The signal of that.
volatile std::sig_atomic_t g_signal = SIGINT;

constexpr int kSignalExitCode = 128;
static_assert(kInterruptedExitCode == kSignalExitCode + SIGINT);

extern "C" void on_interrupt(int signal) {
  const int interrupted_errno = errno;
  if (g_told_fd < 0 || g_was_told != 0 || ::write(g_told_fd, "", 1) != 1) {
    restore_terminal();
    ::_exit(kSignalExitCode + signal);
  }
  g_signal = signal;
  errno = interrupted_errno;
  g_was_told = 1;
}

void catch_signal(int signal) {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  struct sigaction before {};
  // Started by nohup or in the background of a script, it stays ignored.
  if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) {
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace

void catch_interrupts() { catch_signal(SIGINT); }

void catch_termination() {
  catch_signal(SIGTERM);
  catch_signal(SIGHUP);
}

int Interrupt::exit_code() const { return kSignalExitCode + g_signal; }

Interrupt::Interrupt() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0) {
    readable_ = Descriptor(ends[0]);
    writable_ = Descriptor(ends[1]);
    g_told_fd = ends[1];
  }
}

Interrupt::~Interrupt() { g_told_fd = -1; }

Interrupt::AtOnce::AtOnce(const Interrupt& interrupt) : interrupt_(interrupt) { g_told_fd = -1; }

Interrupt::AtOnce::~AtOnce() { g_told_fd = interrupt_.writable_.get(); }

bool Interrupt::AtOnce::is_late() { return g_was_told != 0; }

}  // namespace tribar
