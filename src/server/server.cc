// SPDX-License-Identifier: MIT
//
// See server.h.
#include "server/server.h"

#include <algorithm>
#include <csignal>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/thread_name.h"
#include "base/timestamp.h"
#include "journal/group_commit.h"
#include "journal/memory.h"
#include "journal/restore.h"
#include "journal/standby.h"
#include "secrets/vault.h"
#include "server/make_store.h"
#include "server/station_limits.h"
#include "tls/tls_context.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "server";
/// How long the connections of a server that was replaced have for what they were told before.
constexpr std::uint64_t kDeposedMs = 1000;
/// How often a server that drains disconnects some.
constexpr std::uint64_t kDrainTickMs = 100;

/// A message's number is never used twice, not even when an older copy of the store is put in
/// place: numbers go on from the time, if that is higher.
std::uint64_t unix_microseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

HashKey random_key() {
  std::random_device device;
  const auto word = [&device] { return std::uint64_t{device()} << 32 | device(); };
  return {word(), word()};
}

/// What a control program is told.
ControlAnswer answer_of(const ReloadResult& result) {
  if (!result.mistakes.empty()) {
    return {{}, fmt::format("nothing applied: {}", fmt::join(result.mistakes, "; "))};
  }
  return {{{{"changed", fmt::format("{}", fmt::join(result.changed, ", "))}},
           {{"needs_restart", fmt::format("{}", fmt::join(result.needs_restart, ", "))}}},
          {}};
}

}  // namespace

Server::Server(const Config& config, const TransportFilter& filter,
               std::vector<uv::SharedSocket> passed, Beginning beginning)
    : settings_(config),
      registry_(registry_limits(settings_.in_effect()), random_key(),
                config.storage.engine != StorageEngine::Memory),
      turns_(config.io_loops),
      rendezvous_(config.io_loops, [this] { wake_all_loops(); }),
      reply_router_(make_loops(filter)),
      live_({settings_, loops_, [this] { return is_standby_; }, [this] { return is_leaving(); },
             [this](std::size_t threads) {
               return vault_ ? vault_->set_threads(threads) : std::error_code{};
             },
             [this](std::vector<ListenerChanges> changes) { tell_stations(std::move(changes)); },
             [this] { tell_registry(); }},
            std::move(passed)),
      news_signal_(loops_.front()->loop(),
                   [this] {
                     std::vector<News> news;
                     news_.drain(news);
                     for (const News& each : news) {
                       std::visit([this](const auto& known) { take(known); }, each);
                     }
                   }),
      journal_(make_journal(beginning)),
      actor_(
          registry_, *journal_, [this](std::uint32_t loop) { loops_[loop]->inbox().note_passed(); },
          [this] {
            for (const auto& io : loops_) {
              io->report_all();
            }
          }),
      stop_(loops_.front()->loop(), [this] { begin_stop(); }) {
  if (!is_standby_) {
    registry_.skip_numbers_below(MessageNumber{unix_microseconds()});
  }
  // Comes before anything can fail, since the journal's thread may report to the pool already.
  const std::size_t workers = worker_count(config);
  pool_ =
      std::make_unique<WorkerPool>(workers, CommandLimits{config.limits.username_bytes}, actor_);
  has_pool_.count_down();
  try {
    if (can_hash_secrets()) {
      vault_ = std::make_unique<Vault>(VaultOptions{vault_thread_count(config)},
                                       [this](const SecretResult& result) { answer(result); });
    }
    if (is_standby_) {  // it refuses connections on its first loop, the one that runs
      loops_.front()->turn_away(FinalWord{{RefusalCode::Standby}});
    }
    live_.start();
    start_monitor();
    start_control();
  } catch (...) {
    control_.reset();
    watchdog_.reset();
    monitor_.reset();
    vault_.reset();
    pool_->stop();
    static_cast<void>(journal_->stop());
    throw;
  }
  log::info(kSubject, "{} loop{}, {} worker thread{}", loops_.size(), loops_.size() == 1 ? "" : "s",
            workers, workers == 1 ? "" : "s");
}

Server::~Server() = default;

std::vector<LoopInbox*> Server::make_loops(const TransportFilter& filter) {
  const std::uint32_t count = config().io_loops;
  const SwitchboardLimits limits = switchboard_limits(config(), settings_.connections());
  const IoLoop::Shared shared{
      census_,
      rendezvous_,
      reply_router_,
      turns_,
      last_batch_,
      [this] { wake_all_loops(); },
      [this] {
        if (actor_.note_continuation_done()) {
          pool_->nudge();
        }
      },
      [this](BatchPtr batch) { pool_->submit(std::move(batch)); },
      filter,
      {[this](ConnectionId id, PeerNetwork network, const Check& check) {
         submit(id, network, check);
       },
       [this](ConnectionId id, PeerNetwork network) { vault_->forget(id, network.value); }}};
  std::vector<LoopInbox*> inboxes;
  for (std::uint32_t index = 0; index < count; ++index) {
    loops_.push_back(std::make_unique<IoLoop>(LoopPlace{index, count}, limits,
                                              acceptor_limits(config()), worker_count(config()),
                                              shared));
    inboxes.push_back(&loops_.back()->inbox());
  }
  return inboxes;
}

/// Any thread.
void Server::wake_all_loops() {
  for (const auto& io : loops_) {
    io->inbox().nudge();
  }
}

/// The limits in effect to workers and loops, and to each loop what it must do for its listeners.
/// Workers and loops but the first hear of it within their next turn.
void Server::tell_stations(std::vector<ListenerChanges> changes) {
  pool_->set_limits(CommandLimits{config().limits.username_bytes});
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    LoopSettings settings{switchboard_limits(config(), settings_.connections()),
                          acceptor_limits(config()), std::move(changes[i])};
    if (i == 0 || !do_all_loops_run_.load()) {
      loops_[i]->apply(std::move(settings));
    } else {
      loops_[i]->configure(std::move(settings));
    }
  }
}

/// Health, and who asks for it: the service manager's watchdog, and programs over HTTP.
void Server::start_monitor() {
  std::vector<Health::Station> stations;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    IoLoop& io = *loops_[i];
    stations.push_back({fmt::format("loop {}", i), &io.pulse(), [this, &io, i] {
                          if (i > 0 && !do_all_loops_run_.load()) {
                            io.pulse().answer();  // of a standby
                          } else {
                            io.inbox().nudge();
                          }
                        }});
  }
  for (std::size_t i = 0; i < pool_->size(); ++i) {
    stations.push_back(
        {fmt::format("worker {}", i), &pool_->pulse(i), [this] { pool_->nudge_all(); }});
  }
  stations.push_back({"registry", &actor_.pulse(), [this] { pool_->nudge(); }});
  if (journal_->pulse() != nullptr) {
    stations.push_back({"journal", journal_->pulse(), [this] { journal_->nudge(); }});
  }
  health_ = std::make_unique<Health>(std::move(stations));
  if (const auto interval = watchdog_interval()) {
    watchdog_ = std::make_unique<Watchdog>(*interval, [this](std::chrono::milliseconds patience) {
      return health_->find_stuck(patience);
    });
  }
  if (!config().metrics) {
    return;
  }
  auto monitor = Monitor::start(*config().metrics, metric_sources(), *health_);
  if (!monitor) {
    throw std::runtime_error(monitor.error());
  }
  monitor_ = std::move(monitor.value());
  log::info(kSubject, "metrics and health on {}", monitor_->address());
}

MetricSources Server::metric_sources() {
  MetricSources sources;
  sources.version = TRIBAR_VERSION;
  for (const auto& io : loops_) {
    sources.loops.push_back(&io->counters());
  }
  sources.registry = &registry_.counters();
  sources.registry_times = &actor_.times();
  sources.journal = journal_->counters();
  if (config().storage.engine == StorageEngine::Sqlite) {
    sources.database = config().storage.path;
  }
  if (config().storage.engine == StorageEngine::Postgresql) {
    sources.role = &status_;
  }
  sources.is_ready = [this] { return is_serving_.load(); };
  sources.certificate_expiry = [this]() -> std::optional<std::int64_t> {
    const auto context = live_.tls();
    return context ? std::optional(context->expiry()) : std::nullopt;
  };
  sources.waiting_secrets = [this] { return vault_ ? vault_->waiting() : 0; };
  sources.limits = &settings_.counters();
  return sources;
}

/// Requests of whoever operates the server.
void Server::start_control() {
  if (config().control.socket.empty()) {
    return;
  }
  std::vector<IoLoop*> loops;
  for (const auto& io : loops_) {
    loops.push_back(io.get());
  }
  operator_ = std::make_unique<Operator>(Operator::Server{
      config(), [this] { return config(); }, metric_sources(), [this] { return live_.addresses(); },
      [this] {
        return !has_store_.load() ? "standby" : is_serving_.load() ? "serving" : "stopping";
      },
      [this] { return has_store_.load(); },
      [this](BatchPtr batch) {
        actor_.deliver(std::move(batch));
        pool_->nudge();
      },
      std::move(loops),
      [this](const std::function<void(ControlAnswer)>& answer) {
        reload([answer](const ReloadResult& result) { answer(answer_of(result)); });
      },
      [this](std::uint64_t seconds) { return begin_drain(seconds); },
      [this] { return certificate(); }});
  auto control = ControlServer::start(
      config().control.socket,
      [this](const ControlRequest& request) { return operator_->carry_out(request); });
  if (!control) {
    throw std::runtime_error(control.error());
  }
  control_ = std::move(control.value());
  log::info(kSubject, "control at unix:{}", config().control.socket);
}

std::vector<ControlRow> Server::certificate() const {
  const auto context = live_.tls();
  if (!context) {
    return {};
  }
  std::vector<ControlRow> rows{{{"certificate", context->description()}},
                               {{"expires", timestamp(context->expiry() * 1000)}}};
  for (std::string& warning : context->warnings()) {
    rows.push_back({{"warning", std::move(warning)}});
  }
  return rows;
}

/// On the main loop: accepts nobody any more, disconnects those who are there one after another,
/// and stops after `seconds`; false: it does so already.
bool Server::begin_drain(std::uint64_t seconds) {
  if (is_leaving()) {
    return false;
  }
  log::info(kSubject, "draining: {} connections in {} s", census_.size(), seconds);
  is_serving_.store(false);
  service::tell_status(fmt::format("Draining for {} s", seconds));
  live_.remove_socket_files();
  for (const auto& io : loops_) {
    io->call([&loop = *io] { loop.stop_accepting(); });
  }
  all_drain_ticks_ = seconds * 1000 / kDrainTickMs + 1;
  drain_ticks_ = all_drain_ticks_;
  drain_clock_ = uv::Timer(loops_.front()->loop(), [this] { drain_some(); });
  drain_clock_.start(0, kDrainTickMs);
  return true;
}

/// A tick of the drain: every loop keeps as many connections as time is left, at an even pace.
/// Slow ones may still be there when they were told to go, and are waited for.
void Server::drain_some() {
  if (--drain_ticks_ == 0 || census_.size() == 0) {
    drain_clock_.stop();
    begin_stop();
    return;
  }
  for (const auto& io : loops_) {
    io->call(
        [&loop = *io, left = drain_ticks_, all = all_drain_ticks_] { loop.drain_to(left, all); });
  }
}

/// Of its limits; then the loops report to it what was written, see Switchboard::report_all().
void Server::tell_registry() {
  auto batch = std::make_unique<Batch>();
  batch->limits = std::make_unique<const RegistryLimits>(registry_limits(config()));
  batch->inputs.push_back({{}, 0, Reconfigured{batch->limits.get()}});
  actor_.deliver(std::move(batch));
  pool_->nudge();
}

std::unique_ptr<Journal> Server::make_journal(Beginning beginning) {
  const auto onward = [this](std::span<BatchPtr> batches) {
    for (const BatchPtr& batch : batches) {
      for (OperationAnswer& answer : batch->output.operation_answers) {
        operator_->take(std::move(answer));  // which has asked
      }
    }
    reply_router_.post(batches);
  };
  auto made =
      make_store(config(), [](const std::string& line) { log::warn(kSubject, "{}", line); });
  if (!made) {
    throw StorageError(made.error());
  }
  if (made.value() == nullptr) {
    return std::make_unique<MemoryJournal>(onward);
  }
  Store& store = *made.value();
  store_name_ = store.name();
  const bool may_be_standby = store.is_shared() && config().role == ServerRole::Automatic;
  is_standby_ = may_be_standby && beginning == Beginning::AsStandby;
  if (!is_standby_) {
    const auto restored = restore(store, registry_);
    if (restored) {
      note_restored(store, restored.value());
    } else if (may_be_standby && restored.error().holder) {
      is_standby_ = true;
    } else {
      throw StorageError(restored.error());
    }
  }
  StoreSharing sharing;
  if (is_standby_) {
    status_.role.store(Role::Standby);
    sharing.standby = make_standby(store);
  }
  if (store.is_shared()) {
    sharing.status = &status_;
  }
  return std::make_unique<GroupCommit>(
      std::move(made.value()), onward,
      [this](bool is_up, const std::string& why) { report_storage_state(is_up, why); },
      [this](const StoreError& error) { lose_storage(error); }, std::move(sharing));
}

/// Its events are called on the journal's thread.
std::unique_ptr<Standby> Server::make_standby(Store& store) {
  Standby::Events events;
  events.on_holder = [this](const StoreHolder& holder) {
    status_.epoch.store(holder.epoch);
    tell(HolderSeen{holder});
  };
  events.on_trouble = [](const StoreOpenError& error) {
    log::error(kSubject, "standby: {}; this is tried again until it works", error.text);
  };
  events.on_end = [this, &store](const Result<Restored, StoreOpenError>& restored) {
    if (restored) {
      registry_.skip_numbers_below(MessageNumber{unix_microseconds()});
      note_restored(store, restored.value());
      tell(StoreLoaded{});
    } else {
      const bool is_over = restored.error().is_damaged;
      is_over ? log::error(kSubject, "{}", restored.error().text)
              : log::warn(kSubject, "standby: {}; it begins again", restored.error().text);
      tell(StoreLost{is_over ? Ending::StorageFailed : Ending::Deposed, {}});
    }
  };
  return std::make_unique<Standby>(registry_, std::move(events));
}

/// The thread that loaded the registry: logs what was in the store, and that this server leads.
void Server::note_restored(const Store& store, const Restored& restored) {
  for (const std::string& warning : restored.warnings) {
    log::error(kSubject, "{}", warning);
  }
  if (const std::uint64_t removed = restored.removed; removed > 0) {
    log::info(kSubject, "{}: removed {} message{} of deleted accounts", store_name_, removed,
              removed == 1 ? "" : "s");
  }
  const std::uint64_t secrets = restored.removed_secrets;
  const std::uint64_t clients = restored.removed_clients;
  if (secrets + clients > 0) {
    log::info(kSubject, "{}: removed {} secrets and {} clients of accounts that are not there",
              store_name_, secrets, clients);
  }
  log::info(kSubject, "{}: {} accounts, {} undelivered messages", store_name_,
            registry_.account_count(), restored.messages);
  if (const auto lease = store.lease()) {
    status_.role.store(Role::Leader);
    status_.epoch.store(lease->epoch);
    status_.commits.store(lease->commits);
    log::info(kSubject, "leads since {}: epoch {}, last commit {}, synchronous standbys: {}",
              timestamp(unix_ms_now()), lease->epoch, lease->commits,
              lease->replicas ? std::to_string(*lease->replicas) : "not known");
  }
}

/// The journal's thread.
void Server::tell(News news) {
  static_cast<void>(news_.push(std::move(news)));
  news_signal_.send();
}

/// Another server leads, as far as this standby knows.
void Server::take(const HolderSeen& seen) {
  const auto& [address, epoch] = seen.holder;
  if (config().standby_listeners == StandbyListeners::Refuse) {
    loops_.front()->turn_away(FinalWord{{RefusalCode::Standby}, advertised_in(address)});
  }
  log::info(kSubject, "standby: {} leads (epoch {})", address.empty() ? "nobody" : address, epoch);
}

void Server::take(const StoreLoaded&) {
  if (is_leaving()) {
    return;  // at its end it gives the store back
  }
  try {
    begin_leading();
  } catch (const std::runtime_error& error) {
    log::error(kSubject, "{}", error.what());
    ending_ = Ending::CannotListen;
    drain(config().timeouts.shutdown_ms, {});
  }
}

void Server::take(const StoreLost& lost) {
  if (!is_stopping_) {
    ending_ = lost.ending;
  }
  if (drain_ticks_ > 0) {
    is_asked_to_end_ = true;  // it was to stop, and not to become a standby
  }
  const std::uint64_t most_ms = config().timeouts.shutdown_ms;
  drain(most_ms == 0 ? kDeposedMs : std::min(most_ms, kDeposedMs), lost.word);
}

/// The store is loaded: what a server does at its start if no other one has the store.
void Server::begin_leading() {
  is_standby_ = false;
  live_.lead();
  tell_registry();
  loops_.front()->turn_away(std::nullopt);
  for (const std::string& address : live_.addresses()) {
    log::info(kSubject, "listening on {}", address);
  }
  start_other_loops();
  has_store_.store(true);
  is_serving_.store(true);
  service::tell_status(live_.state());
}

/// Any loop's thread: has a secret checked or hashed.
void Server::submit(ConnectionId id, PeerNetwork network, const Check& check) {
  SecretTask task{id, SecretBytes(check.secret), std::string(check.hash),
                  SecretBytes(check.new_secret), network.value};
  if (!vault_->submit(std::move(task))) {
    answer(id, Answered{Refusal{RefusalCode::TooManySecrets}});
  }
}

/// A thread of the vault: sends its result to the registry.
void Server::answer(const SecretResult& result) {
  switch (result.verdict) {
    case Verdict::Right:
      return answer(result.connection, Answered{{}, result.new_hash});
    case Verdict::Wrong:
      return answer(result.connection, Answered{Refusal{RefusalCode::WrongSecret}});
    case Verdict::Dropped:
      return answer(result.connection, Answered{Refusal{RefusalCode::ShuttingDown}});
    case Verdict::Failed:
      return answer(result.connection, Answered{Refusal{RefusalCode::TooManySecrets}});
  }
}

void Server::answer(ConnectionId id, Answered answered) {
  auto batch = std::make_unique<Batch>();
  batch->bytes.append(answered.new_hash);
  answered.new_hash = batch->bytes.view();
  batch->inputs.push_back({id, 0, answered});
  actor_.deliver(std::move(batch));
  pool_->nudge();
}

/// Called on the journal's thread. While storing fails the registry refuses commands that need
/// storage.
void Server::report_storage_state(bool is_up, const std::string& why) {
  has_pool_.wait();
  auto batch = std::make_unique<Batch>();
  batch->inputs.push_back({{}, 0, is_up ? InputBody(StorageUp{}) : InputBody(StorageDown{})});
  actor_.deliver(std::move(batch));
  pool_->nudge();
  // Logged last, so that the registry has the input before anybody can read of it.
  if (is_up) {
    log::info(kSubject, "{}: storage works again", store_name_);
    service::tell_status("Storage works again");
  } else {
    log::error(kSubject,
               "{}: storage fails: {}; commands that need it are refused until it works again",
               store_name_, why);
    service::tell_status(fmt::format("Storage fails: {}", why));
  }
}

/// Called on the journal's thread. What this server says from now on could contradict another one.
void Server::lose_storage(const StoreError& error) {
  const bool becomes_standby = config().role == ServerRole::Automatic;
  FinalWord word;
  status_.role.store(Role::Standby);
  if (error.holder) {
    status_.epoch.store(error.holder->epoch);
    word = {{RefusalCode::TakenOver}, advertised_in(error.holder->address)};
  }
  log::error(kSubject,
             "{}: the store is lost: {}; this server confirms nothing any more, closes its "
             "connections and {}",
             store_name_, error.text, becomes_standby ? "becomes a standby" : "stops");
  is_deposed_.store(becomes_standby);
  tell(StoreLost{becomes_standby ? Ending::Deposed : Ending::StorageFailed, std::move(word)});
}

/// Stops the journal, and logs what could not be stored.
Ending Server::end_storage() {
  const Unstored unstored = journal_->stop();
  if (unstored.why.empty()) {
    return Ending::Fine;
  }
  log::error(
      kSubject,
      "{}: storage still fails at the end: {}; not stored, and not confirmed: {} accounts, {} "
      "deletions, {} messages, {} secrets; {} delivered messages will come again",
      store_name_, unstored.why, unstored.accounts, unstored.deletions, unstored.messages,
      unstored.secrets, unstored.handed_over);
  return Ending::StorageFailed;
}

Ending Server::run(bool handles_signals) {
  std::optional<SignalWatch> signals;
  if (handles_signals) {
    signals.emplace(
        loops_.front()->loop(), [this] { begin_stop(); }, [this] { reload({}); });
  }
  for (const std::string& address : live_.addresses()) {
    log::info(kSubject, "{} on {}", is_standby_ ? "refusing connections" : "listening", address);
  }
  service::tell_ready(live_.state());
  // A standby needs no more than the first one.
  if (!is_standby_) {
    has_store_.store(true);
    is_serving_.store(true);
    start_other_loops();
  }
  loops_.front()->run();
  if (signals && ending_ == Ending::Deposed && !is_asked_to_end_) {
    if (live_.is_reload_due()) {
      std::raise(SIGHUP);
    }
    signals->leave_to_next();
  }
  signals.reset();
  for (std::thread& thread : threads_) {
    thread.join();
  }
  if (operator_) {
    operator_->end();
  }
  control_.reset();
  watchdog_.reset();
  monitor_.reset();
  vault_.reset();
  pool_->stop();
  Ending ending = end_storage();
  // What was not confirmed is the business of the one that leads now.
  if ((ending_ == Ending::Deposed || is_deposed_.load()) && is_asked_to_end_) {
    ending = Ending::Fine;
  } else if (ending_ != Ending::Fine) {
    ending = ending_;
  }
  stop_ = uv::Async{};
  news_signal_ = uv::Async{};
  live_.end();
  drain_clock_ = uv::Timer{};
  std::string open;
  for (const auto& io : loops_) {
    open += io->close();
  }
  if (!open.empty()) {
    log::error(kSubject, "still open at the end: {}", open);
    return Ending::LeftOpen;
  }
  if (ending != Ending::Deposed) {
    log::info(kSubject, "stopped");
  }
  return ending;
}

void Server::start_other_loops() {
  for (std::size_t i = 1; threads_.size() + 1 < loops_.size(); ++i) {
    threads_.emplace_back([&io = *loops_[i], i] {
      name_thread("loop " + std::to_string(i));
      io.run();
    });
  }
  do_all_loops_run_.store(true);
}

void Server::begin_stop() {
  if (!std::exchange(is_asked_to_end_, true) && !is_stopping_) {
    log::info(kSubject, "stopping");
    service::tell_stopping();
    drain(config().timeouts.shutdown_ms, {});
  }
}

/// Only once.
void Server::drain(std::uint64_t deadline_ms, const FinalWord& word) {
  if (std::exchange(is_stopping_, true)) {
    return;
  }
  is_serving_.store(false);
  live_.remove_socket_files();
  start_other_loops();  // they end together
  for (const auto& io : loops_) {
    io->drain(deadline_ms, word);
  }
  if (vault_) {
    vault_->drop_waiting();  // so that nobody waits for a thousand checks
  }
  journal_->begin_end();
}

}  // namespace tribar
