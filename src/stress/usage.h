// SPDX-License-Identifier: MIT
//
// What a process has used so far, from the system's own accounts.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>

#include "stress/types.h"

namespace tribar::stress {

/// Another process, looked at from outside: one or two system calls a figure.
class Process {
 public:
  /// Nothing when there is no process `pid` that we may look at.
  [[nodiscard]] static std::optional<Process> find(pid_t pid);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  /// Of all its threads, those that ended included. Zero when it is gone; so are the others.
  [[nodiscard]] Nanos cpu() const;
  [[nodiscard]] std::uint64_t resident_bytes() const;
  /// Of the threads that it has now.
  [[nodiscard]] std::uint64_t context_switches() const;

 private:
  Process(pid_t pid, clockid_t clock, int statm) : pid_(pid), clock_(clock), statm_(statm) {}

  pid_t pid_;
  clockid_t clock_;
  int statm_;  // /proc/PID/statm
};

/// The calling thread.
struct OwnUsage {
  Nanos cpu = 0;
  Nanos waited = 0;  // ready to run, without a processor
};
[[nodiscard]] OwnUsage own_usage();

}  // namespace tribar::stress
