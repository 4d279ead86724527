// SPDX-License-Identifier: MIT
//
// What a process has used so far, as measured by the system.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>

#include "stress/types.h"

namespace tribar::stress {

/// Another process; each figure takes one or two system calls.
class Process {
 public:
  /// None if there is no process `pid`, or it must not be observed.
  [[nodiscard]] static std::optional<Process> find(pid_t pid);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  /// CPU time of all its threads, including ended ones. Zero if the process has ended; the same for
  /// the other figures.
  [[nodiscard]] Nanos cpu() const;
  [[nodiscard]] std::uint64_t resident_bytes() const;
  /// Context switches of its current threads.
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
  Nanos waited = 0;  // time ready to run, but without a processor
};
[[nodiscard]] OwnUsage own_usage();

}  // namespace tribar::stress
