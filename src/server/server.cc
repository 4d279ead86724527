// SPDX-License-Identifier: MIT
//
// See server.h.
#include "server/server.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/log.h"
#include "journal/group_commit.h"
#include "journal/memory.h"
#include "journal/sqlite.h"
#include "server/memory_limit.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "server";
/// Descriptors that are not connections: standard streams, the loop's own, the log, the store.
constexpr std::uint64_t kReservedDescriptors = 24;

std::size_t worker_count(unsigned configured) {
  if (configured > 0) {
    return configured;
  }
  return std::max(1U, std::thread::hardware_concurrency() / 4);
}

/// `config` with limits that fit into the memory that there may be.
Config fitted(Config config) {
  const auto journal_threads = config.storage.engine == StorageEngine::Memory ? 0U : 1U;
  const auto limit =
      memory_limit(static_cast<unsigned>(worker_count(config.workers)) + journal_threads);
  if (!limit) {
    return config;
  }
  std::vector<std::string> lowered;
  try {
    lowered = fit_into_memory(config.limits, limit->bytes);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{} {}", limit->source, error.what()));
  }
  if (limit->is_of_addresses && !lowered.empty()) {
    // A thread's own arena would reserve 64 MiB.
    mallopt(M_ARENA_MAX, 1);
  }
  for (const std::string& line : lowered) {
    log::warn(kSubject, "{} leaves {} MiB for all that grows: lowered {}", limit->source,
              limit->bytes >> 20, line);
  }
  return config;
}

HashKey random_key() {
  std::random_device device;
  const auto word = [&device] { return std::uint64_t{device()} << 32 | device(); };
  return {word(), word()};
}

/// How many connections there can be: raises the soft limit on descriptors as far as it may.
std::uint64_t connection_limit(const Config& config) {
  const std::uint64_t reserve =
      kReservedDescriptors + Switchboard::kStrangers + config.listen.size();
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
        "the limit on descriptors is {}, and {} are needed for anything but connections",
        limit.rlim_cur, reserve));
  }
  const std::uint64_t possible = limit.rlim_cur - reserve;
  log::warn(kSubject,
            "the limit on descriptors, {}, allows {} connections, not limits.connections {}",
            limit.rlim_cur, possible, config.limits.connections);
  return possible;
}

SwitchboardLimits switchboard_limits(const Config& config) {
  SwitchboardLimits limits;
  limits.frames.frame_bytes = config.limits.frame_bytes;
  limits.frames.in_flight_commands = config.limits.in_flight_commands;
  limits.frames.in_flight_bytes = config.limits.in_flight_bytes;
  limits.connections = connection_limit(config);
  limits.connections_per_address = config.limits.connections_per_address;
  limits.commands_per_second = config.limits.commands_per_second;
  limits.outbox_bytes = config.limits.outbox_bytes;
  limits.buffered_bytes = config.limits.buffered_bytes;
  limits.login_ms = config.timeouts.login_ms;
  limits.frame_ms = config.timeouts.frame_ms;
  limits.stalled_ms = config.timeouts.stalled_ms;
  return limits;
}

RegistryLimits registry_limits(const Config& config) {
  RegistryLimits limits;
  limits.accounts = config.limits.accounts;
  limits.outbox_bytes = config.limits.outbox_bytes;
  limits.undelivered_messages = config.limits.undelivered_messages;
  limits.undelivered_bytes = config.limits.undelivered_bytes;
  limits.queued_bytes = config.limits.queued_bytes;
  limits.list_names = config.limits.list_names;
  limits.listing_bytes = config.limits.buffered_bytes;
  return limits;
}

}  // namespace

Server::Server(const Config& config)
    : config_(fitted(config)),
      registry_(registry_limits(config_), random_key(),
                config.storage.engine != StorageEngine::Memory),
      io_(switchboard_limits(config_),
          {config.limits.new_connections_per_second, config.tcp_keepalive_s},
          worker_count(config.workers),
          [this](BatchPtr batch) { pool_->submit(std::move(batch)); }),
      journal_(make_journal()),
      actor_(registry_, *journal_, [this] { io_.inbox().note_passed(); }),
      stop_(io_.loop(), [this] { begin_stop(); }) {
  for (const ListenAddress& listen : config.listen) {
    for (const uv::Address& address : uv::resolve(listen.host, listen.port)) {
      addresses_.push_back(io_.acceptor().listen(address));
      if (!address.is_loopback()) {
        log::warn(kSubject,
                  "{} can be reached from other machines, and protocol 0 has no passwords: whoever "
                  "connects can log in as anyone who is not online",
                  addresses_.back());
      }
    }
  }
  const std::size_t workers = worker_count(config.workers);
  pool_ =
      std::make_unique<WorkerPool>(workers, CommandLimits{config.limits.username_bytes}, actor_);
  log::info(kSubject, "{} worker thread{}", workers, workers == 1 ? "" : "s");
}

Server::~Server() = default;

std::unique_ptr<Journal> Server::make_journal() {
  const auto onward = [this](std::span<BatchPtr> batches) { io_.inbox().post(batches); };
  if (config_.storage.engine == StorageEngine::Memory) {
    return std::make_unique<MemoryJournal>(onward);
  }
  return std::make_unique<GroupCommit>(
      open_store(), onward,
      [this](bool is_up, const std::string& why) { tell_storage_state(is_up, why); });
}

/// Opens the store and restores the registry from it.
std::unique_ptr<Store> Server::open_store() {
  const std::string& path = config_.storage.path;
  std::uint64_t messages = 0;
  std::string contradiction;
  std::vector<Record> ownerless;
  StoreReader reader;
  reader.account = [&](AccountId id, UnixMs, std::string_view name) {
    if (!registry_.restore_account(id, name)) {
      contradiction = fmt::format("account {} is there twice", id.value);
    }
  };
  reader.message = [&](AccountId recipient, KeptMessage::Ptr message) {
    const MessageNumber number = message->number();
    if (registry_.restore_message(recipient, std::move(message))) {
      ++messages;
    } else {
      // Of an account that was deleted, when there was no time to delete all it had.
      ownerless.emplace_back(HandedOver{number});
    }
  };
  reader.counters = [&](AccountId last, MessageNumber below) {
    registry_.restore_counters(last, below);
  };
  const Sync sync = config_.storage.sync == StorageSync::Full ? Sync::Full : Sync::Normal;
  auto opened = open_sqlite(path, sync, reader);
  if (!opened) {
    throw StorageError(opened.error().text, opened.error().is_io);
  }
  if (!contradiction.empty()) {
    throw StorageError(fmt::format("{}: the store is damaged: {}", path, contradiction), true);
  }
  for (const std::string& warning : opened.value().warnings) {
    log::error(kSubject, "{}", warning);
  }
  if (!ownerless.empty()) {
    const std::span<const Record> group(ownerless);
    if (const auto error = opened.value().store->commit({&group, 1})) {
      throw StorageError(fmt::format("{}: cannot be written: {}", path, error->text), true);
    }
  }
  log::info(kSubject, "{}: {} accounts, {} undelivered messages", path, registry_.account_count(),
            messages);
  return std::move(opened.value().store);
}

/// On the journal's thread: the registry refuses what cannot be stored, until it can be again.
void Server::tell_storage_state(bool is_up, const std::string& why) {
  if (is_up) {
    log::info(kSubject, "{}: storage works again", config_.storage.path);
  } else {
    log::error(kSubject, "{}: storage fails: {}; what needs it is refused until it works again",
               config_.storage.path, why);
  }
  auto batch = std::make_unique<Batch>();
  batch->inputs.push_back({{}, 0, is_up ? InputBody(StorageUp{}) : InputBody(StorageDown{})});
  actor_.deliver(std::move(batch));
  pool_->nudge();
}

bool Server::run(bool handles_signals) {
  if (handles_signals) {
    std::signal(SIGPIPE, SIG_IGN);
    for (const int number : {SIGTERM, SIGINT}) {
      signals_.push_back(std::make_unique<uv::Signal>(io_.loop(), number, [this, number] {
        if (is_stopping_) {
          log::warn(kSubject, "stopped at once by a second signal");
          _exit(128 + number);
        }
        begin_stop();
      }));
    }
  }
  for (const std::string& address : addresses_) {
    log::info(kSubject, "listening on {}", address);
  }
  io_.run();
  pool_->stop();
  journal_->stop();
  signals_.clear();
  stop_ = uv::Async{};
  const std::string open = io_.close();
  if (!open.empty()) {
    log::error(kSubject, "still open at the end: {}", open);
    return false;
  }
  log::info(kSubject, "stopped");
  return true;
}

void Server::begin_stop() {
  if (!std::exchange(is_stopping_, true)) {
    log::info(kSubject, "stopping");
    io_.drain(config_.timeouts.shutdown_ms);
  }
}

}  // namespace tribar
