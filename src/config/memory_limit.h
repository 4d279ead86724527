// SPDX-License-Identifier: MIT
//
// How much memory the system allows this process, and limits that fit into it, so that peers are
// refused before memory runs out and the server crashes. For start-up, before there are threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace tribar {

struct MemoryLimit {
  std::uint64_t bytes = 0;         // available bytes
  std::string source;              // what sets the limit, for messages
  bool is_of_addresses = false;    // reserved memory counts too
  std::uint64_t thread_bytes = 0;  // what a thread takes of it by being there

  friend bool operator==(const MemoryLimit&, const MemoryLimit&) = default;
};

/// Those of RLIMIT_AS, RLIMIT_DATA and the control group's limit that there are, less what is in
/// use.
[[nodiscard]] std::vector<MemoryLimit> memory_limits();

/// The one of `limits` that leaves least when `threads` more threads are there, and what it leaves
/// then. None: memory is not limited.
[[nodiscard]] std::optional<MemoryLimit> tightest(const std::vector<MemoryLimit>& limits,
                                                  unsigned threads);

/// The limit of a process's control group. `memberships`: the content of its /proc/.../cgroup;
/// `mount`: where control groups are mounted, usually /sys/fs/cgroup. Version 1 or 2.
[[nodiscard]] std::optional<std::uint64_t> group_limit(const std::string& memberships,
                                                       const std::string& mount);

/// Lowers the limits on what peers can make grow until everything together fits into `bytes`.
/// `has_tls`: connections may speak TLS. Returns what was lowered, as `key from to`; throws
/// std::runtime_error if nothing useful fits.
[[nodiscard]] std::vector<std::string> fit_into_memory(Config::Limits& limits, std::uint64_t bytes,
                                                       bool has_tls);

}  // namespace tribar
