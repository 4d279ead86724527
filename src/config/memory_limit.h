// SPDX-License-Identifier: MIT
//
// How much memory the system lets this process have, and limits that fit into it: so that peers are
// refused before memory runs out, not told by a crash. At start-up, before there are threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace tribar {

struct MemoryLimit {
  std::uint64_t bytes = 0;       // that are left
  std::string source;            // what says so, for a person
  bool is_of_addresses = false;  // memory counts though it is only reserved
};

/// The tightest of RLIMIT_AS, RLIMIT_DATA and the control group's limit, less what is used by now
/// and by `threads` more threads. None: nothing limits memory.
[[nodiscard]] std::optional<MemoryLimit> memory_limit(unsigned threads);

/// What the control group of a process may use. `memberships` is what its /proc/.../cgroup says,
/// `mount` where control groups are mounted, usually /sys/fs/cgroup; version 1 or 2.
[[nodiscard]] std::optional<std::uint64_t> group_limit(const std::string& memberships,
                                                       const std::string& mount);

/// Lowers the limits on what peers can make grow until all of it together fits into `bytes`.
/// Returns what was lowered, as `key from to`; throws std::runtime_error when nothing useful fits.
[[nodiscard]] std::vector<std::string> fit_into_memory(Config::Limits& limits, std::uint64_t bytes);

}  // namespace tribar
