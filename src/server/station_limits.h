// SPDX-License-Identifier: MIT
//
// What the settings come to on this machine: how many threads, and the limits of each station. Main
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/config.h"
#include "config/memory_limit.h"
#include "loop/acceptor.h"
#include "loop/switchboard.h"
#include "registry/registry_limits.h"

namespace tribar {

/// Worker threads: as configured, or by the number of cores. At least 1.
[[nodiscard]] std::size_t worker_count(const Config& config);

/// Threads that hash secrets: as configured, or by the number of cores. At least 1.
[[nodiscard]] std::size_t vault_thread_count(const Config& config);

/// The memory that there is for queues and buffers when all threads of the server run, of `limits`
/// from before they did; none if nothing limits it.
[[nodiscard]] std::optional<MemoryLimit> memory_for(const Config& config,
                                                    const std::vector<MemoryLimit>& limits);

/// `config`, with limits lowered to fit into `memory`; the log says which. Throws
/// std::runtime_error if nothing fits.
[[nodiscard]] Config fitted(Config config, const std::optional<MemoryLimit>& memory);

/// How many connections are possible, at most `config.limits.connections`. Raises the process's
/// soft limit on descriptors if necessary and allowed; logs it if that is not enough, and throws
/// std::runtime_error if there is none left for a connection.
[[nodiscard]] std::uint64_t connection_limit(const Config& config);

/// For each loop. Limits for the whole server are divided equally among the loops, except the
/// limits on connections; `connections`: see connection_limit().
[[nodiscard]] SwitchboardLimits switchboard_limits(const Config& config, std::uint64_t connections);
[[nodiscard]] AcceptorLimits acceptor_limits(const Config& config);

[[nodiscard]] RegistryLimits registry_limits(const Config& config);

}  // namespace tribar
