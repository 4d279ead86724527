// SPDX-License-Identifier: MIT
//
// What a process has used so far, from the system's own accounts.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "stress/types.h"

namespace tribar::stress {

struct Usage {
  Nanos cpu = 0;
  Nanos waited = 0;  // ready to run, without a processor
  std::uint64_t context_switches = 0;
  std::uint64_t memory_bytes = 0;  // resident
};

/// Of all threads that the process `pid` has now. Nothing when it is gone, or not ours to see.
[[nodiscard]] std::optional<Usage> usage_of(pid_t pid);

/// Of the calling thread; memory of its process.
[[nodiscard]] Usage own_usage();

}  // namespace tribar::stress
