// SPDX-License-Identifier: MIT
//
// See station_limits.h.
#include "server/station_limits.h"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "loop/rejections.h"
#include "secrets/vault.h"
#include "server/listeners.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "server";
/// Descriptors that are not connections: standard streams, the log, the store; and those of each
/// loop.
constexpr std::uint64_t kReservedDescriptors = 16;
constexpr std::uint64_t kLoopDescriptors = 8;

}  // namespace

std::size_t worker_count(const Config& config) {
  return config.workers > 0 ? config.workers
                            : std::max(1U, std::thread::hardware_concurrency() / 4);
}

std::size_t vault_thread_count(const Config& config) {
  return config.secrets.threads > 0 ? config.secrets.threads
                                    : std::max(1U, std::thread::hardware_concurrency() / 2);
}

std::optional<MemoryLimit> memory_for(const Config& config,
                                      const std::vector<MemoryLimit>& limits) {
  const auto journal_threads = config.storage.engine == StorageEngine::Memory ? 0U : 1U;
  const auto vault_threads =
      can_hash_secrets() ? static_cast<unsigned>(vault_thread_count(config)) : 0U;
  return tightest(limits,
                  static_cast<unsigned>(worker_count(config)) + journal_threads + vault_threads);
}

Config fitted(Config config, const std::optional<MemoryLimit>& memory) {
  if (!memory) {
    return config;
  }
  std::vector<std::string> lowered;
  try {
    lowered = fit_into_memory(config.limits, memory->bytes, needs_tls(config));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{} {}", memory->source, error.what()));
  }
  if (memory->is_of_addresses && !lowered.empty()) {
    // A thread's own arena would reserve 64 MiB.
    mallopt(M_ARENA_MAX, 1);
  }
  for (const std::string& line : lowered) {
    log::warn(kSubject, "{} leaves {} MiB for queues and buffers: lowered {}", memory->source,
              memory->bytes >> 20, line);
  }
  return config;
}

std::uint64_t connection_limit(const Config& config) {
  const std::uint64_t reserve =
      kReservedDescriptors +
      static_cast<std::uint64_t>(std::count_if(
          config.listen.begin(), config.listen.end(),
          [](const ListenerSettings& listener) { return !listener.socket.empty(); })) +
      config.io_loops * (kLoopDescriptors + Rejections::kMost + config.listen.size());
  const std::uint64_t wanted = config.limits.connections + reserve;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return config.limits.connections;
  }
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= wanted) {
    return config.limits.connections;
  }
  if (limit.rlim_cur <= reserve) {
    throw std::runtime_error(fmt::format(
        "the limit on descriptors is {}, but {} are needed besides those of connections",
        limit.rlim_cur, reserve));
  }
  const std::uint64_t possible = limit.rlim_cur - reserve;
  log::warn(kSubject,
            "the limit on descriptors, {}, allows {} connections, not limits.connections {}",
            limit.rlim_cur, possible, config.limits.connections);
  return possible;
}

SwitchboardLimits switchboard_limits(const Config& config, std::uint64_t connections) {
  SwitchboardLimits limits;
  limits.frames.frame_bytes = config.limits.frame_bytes;
  limits.frames.in_flight_commands = config.limits.in_flight_commands;
  limits.frames.in_flight_bytes = config.limits.in_flight_bytes;
  limits.connections = connections;
  limits.connections_per_address = config.limits.connections_per_address;
  limits.commands_per_second = config.limits.commands_per_second;
  limits.outbox_bytes = config.limits.outbox_bytes;
  limits.buffered_bytes = config.limits.buffered_bytes / config.io_loops;
  limits.login_ms = config.timeouts.login_ms;
  limits.frame_ms = config.timeouts.frame_ms;
  limits.stalled_ms = config.timeouts.stalled_ms;
  limits.idle_ms = config.timeouts.idle_ms;
  limits.frames.allow_clear_secrets = config.allow_clear_secrets;
  limits.frames.certificate_names = config.tls.certificate_names;
  return limits;
}

AcceptorLimits acceptor_limits(const Config& config) {
  const std::uint64_t count = config.io_loops;
  return {(config.limits.new_connections_per_second + count - 1) / count,
          (config.limits.handshakes_per_second + count - 1) / count, config.tcp_keepalive_s};
}

RegistryLimits registry_limits(const Config& config) {
  RegistryLimits limits;
  limits.needs_secrets = config.secrets.policy == SecretsPolicy::Required;
  limits.can_hash_secrets = can_hash_secrets();
  limits.accounts = config.limits.accounts;
  limits.frame_bytes = config.limits.frame_bytes;
  limits.outbox_bytes = config.limits.outbox_bytes;
  limits.undelivered_messages = config.limits.undelivered_messages;
  limits.undelivered_bytes = config.limits.undelivered_bytes;
  limits.queued_bytes = config.limits.queued_bytes;
  limits.list_names = config.limits.list_names;
  limits.listing_bytes = config.limits.buffered_bytes / config.io_loops;
  return limits;
}

}  // namespace tribar
