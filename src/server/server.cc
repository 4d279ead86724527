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
#include "config/config_table.h"
#include "journal/group_commit.h"
#include "journal/memory.h"
#include "journal/restore.h"
#include "journal/standby.h"
#include "secrets/vault.h"
#include "server/listeners.h"
#include "server/make_store.h"
#include "server/station_limits.h"
#include "tls/tls_filter.h"
#include "uv/error.h"

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

/// Logs those of `lines` that are not in `former`, each behind `words`.
void log_new(const std::vector<std::string>& lines, const std::vector<std::string>& former,
             log::Level level, std::string_view words) {
  for (const std::string& line : lines) {
    if (log::is_on(level) && std::find(former.begin(), former.end(), line) == former.end()) {
      log::write(level, kSubject, fmt::format("{}{}", words, line));
    }
  }
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
    : asked_(config),
      memory_(memory_limits()),
      config_(fitted(config, memory_for(config, memory_))),
      connections_(connection_limit(config_)),
      registry_(registry_limits(config_), random_key(),
                config.storage.engine != StorageEngine::Memory),
      turns_(config.io_loops),
      rendezvous_(config.io_loops, [this] { wake_all_loops(); }),
      reply_router_(make_loops(filter)),
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
      stop_(loops_.front()->loop(), [this] { begin_stop(); }),
      tls_clock_(loops_.front()->loop(), [this] { look_at_tls(); }),
      background_(loops_.front()->loop()),
      listeners_(
          loops_.size(),
          [this](const ListenerSettings& listener, std::size_t loop) {
            return options_of(listener, *loops_[loop]);
          },
          std::move(passed)) {
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
    listen();
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
  const std::uint32_t count = config_.io_loops;
  const SwitchboardLimits limits = switchboard_limits(config_, connections_);
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
    loops_.push_back(std::make_unique<IoLoop>(
        LoopPlace{index, count}, limits, acceptor_limits(config_), worker_count(config_), shared));
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

/// At the start. A standby that refuses connections does so on its first loop, the one that runs.
void Server::listen() {
  if (is_standby_) {
    listeners_.use_loops(1);
    loops_.front()->turn_away(FinalWord{{RefusalCode::Standby}});
  }
  auto prepared = prepare(asked_, load_tls(asked_));
  if (!prepared) {
    throw std::runtime_error(fmt::format("{}", fmt::join(prepared.error(), "; ")));
  }
  put_into_effect(std::move(prepared.value()));
  if (is_standby_ && config_.standby_listeners == StandbyListeners::Closed) {
    warn_of_taken_addresses();
  } else {
    refuse_idle_sockets();
  }
}

/// Throws if a socket was passed that no listener has taken.
void Server::refuse_idle_sockets() const {
  if (const auto idle = listeners_.find_idle()) {
    throw std::runtime_error(
        fmt::format("the service manager passes a socket at {}, where no listener of the settings "
                    "is: make them agree",
                    *idle));
  }
}

ListenerOptions Server::options_of(const ListenerSettings& listener, IoLoop& io) const {
  const Protocol protocol = protocol_of(listener);
  if (!listener.tls) {
    return {protocol, {}};
  }
  return {protocol, [this, &pacer = io.handshakes()](std::unique_ptr<Transport> under) {
            return make_tls_filter(std::move(under), tls_.current(), pacer);
          }};
}

Result<ListenerSet::Plan, Server::Mistakes> Server::plan_listeners(const Config& asked) const {
  const bool is_closed = is_standby_ && asked.standby_listeners == StandbyListeners::Closed;
  return listeners_.plan(is_closed ? std::vector<ListenerSettings>{} : asked.listen,
                         {asked.tcp_keepalive_s, kUnsentBytes});
}

/// Any thread. May take long.
Server::LoadedTls Server::load_tls(const Config& asked) const {
  return needs_tls(asked) ? LoadedTls(tls_.load(tls_settings(asked))) : std::nullopt;
}

/// Does all that can fail about `asked`, or finds what is wrong with it. With mistakes nothing is
/// other than before.
Result<Server::Prepared, Server::Mistakes> Server::prepare(const Config& asked,
                                                           LoadedTls tls) const {
  Mistakes problems;
  Prepared prepared;
  prepared.asked = asked;
  if (const auto problem = secrets_problem(asked)) {
    problems.push_back(*problem);
  }
  if (const auto problem = frame_problem(asked)) {  // its store is the one of before
    problems.push_back(*problem);
  }
  if (asked == asked_) {  // then this was logged already
    prepared.fitted = config_;
    prepared.connections = connections_;
  } else {
    try {
      prepared.fitted = fitted(asked, memory_for(asked, memory_));
      prepared.connections = connection_limit(prepared.fitted);
    } catch (const std::runtime_error& error) {
      problems.emplace_back(error.what());
    }
  }
  if (asked.log.file != asked_.log.file) {
    auto opened = log::open(asked.log.file);
    if (opened) {
      prepared.log = std::move(opened.value());
    } else {
      problems.push_back("log.file: " + opened.error());
    }
  }
  if (tls && *tls) {
    prepared.tls = std::move(tls->value());
  } else if (tls) {
    problems.insert(problems.end(), tls->error().begin(), tls->error().end());
  }
  auto plan = plan_listeners(asked);
  if (plan) {
    prepared.listeners = std::move(plan.value());
  } else {
    problems.insert(problems.end(), plan.error().begin(), plan.error().end());
  }
  if (problems.empty() && vault_) {
    // Last, since this takes effect: nothing can fail any more.
    if (const auto error = vault_->set_threads(vault_thread_count(asked))) {
      problems.push_back("secrets.threads: cannot start a thread: " + error.message());
    }
  }
  if (!problems.empty()) {
    return problems;
  }
  return prepared;
}

/// Cannot fail. Workers and loops but the first hear of it within their next turn.
void Server::put_into_effect(Prepared prepared) {
  if (prepared.log) {
    log::write_to(std::move(*prepared.log));
  }
  // The level may be another one meanwhile, which stays unless the settings change.
  if (prepared.asked.log.level != asked_.log.level ||
      prepared.asked.log.format != asked_.log.format) {
    log::configure(prepared.asked.log.level, prepared.asked.log.format);
  }
  asked_ = std::move(prepared.asked);
  for (const ConfigRow* row : changes(config_, prepared.fitted)) {
    take_over(*row, prepared.fitted, config_);
  }
  connections_ = prepared.connections;
  limits_.connections.set(connections_);
  limits_.buffered_bytes.set(config_.limits.buffered_bytes / config_.io_loops);
  limits_.queued_bytes.set(config_.limits.queued_bytes);
  limits_.accounts.set(config_.limits.accounts);
  if (prepared.tls) {
    tls_.use(std::move(*prepared.tls));
    tls_clock_.start(TlsWatch::kLookMs, TlsWatch::kLookMs);
  } else {
    tls_clock_.stop();
  }
  pool_->set_limits(CommandLimits{config_.limits.username_bytes});
  configure_loops(std::move(prepared.listeners));
}

/// Tells the loops their limits and listeners.
void Server::configure_loops(ListenerSet::Plan listeners) {
  std::vector<ListenerChanges> all_changes = listeners_.adopt(std::move(listeners));
  addresses_ = listeners_.addresses();
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    LoopSettings settings{switchboard_limits(config_, connections_), acceptor_limits(config_),
                          std::move(all_changes[i])};
    if (i == 0 || !do_all_loops_run_.load()) {
      loops_[i]->apply(std::move(settings));
    } else {
      loops_[i]->configure(std::move(settings));
    }
  }
  warn_of_exposure();
}

/// Of what can be reached from other machines; once, while nothing changes.
void Server::warn_of_exposure() {
  std::vector<std::string> warnings;
  for (const ListenerSet::Entry& entry : listeners_.entries()) {
    for (const ListenerSet::Place& place : entry.places) {
      if (place.address.is_loopback()) {
        continue;
      }
      for (const std::string& sentence : exposure_of(entry.settings, config_)) {
        warnings.push_back(fmt::format("{} can be reached from other machines, and {}",
                                       uv::address_text(place.address.raw()), sentence));
      }
    }
  }
  log_new(warnings, warnings_, log::Level::Warn, "");
  warnings_ = std::move(warnings);
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
  if (!config_.metrics) {
    return;
  }
  auto monitor = Monitor::start(*config_.metrics, metric_sources(), *health_);
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
  if (config_.storage.engine == StorageEngine::Sqlite) {
    sources.database = config_.storage.path;
  }
  if (config_.storage.engine == StorageEngine::Postgresql) {
    sources.role = &status_;
  }
  sources.is_ready = [this] { return is_serving_.load(); };
  sources.certificate_expiry = [this]() -> std::optional<std::int64_t> {
    const auto context = tls_.current();
    return context ? std::optional(context->expiry()) : std::nullopt;
  };
  sources.waiting_secrets = [this] { return vault_ ? vault_->waiting() : 0; };
  sources.limits = &limits_;
  return sources;
}

/// Requests of whoever operates the server.
void Server::start_control() {
  if (config_.control.socket.empty()) {
    return;
  }
  std::vector<IoLoop*> loops;
  for (const auto& io : loops_) {
    loops.push_back(io.get());
  }
  operator_ = std::make_unique<Operator>(Operator::Server{
      config_, [this] { return config_; }, metric_sources(), [this] { return addresses_; },
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
      config_.control.socket,
      [this](const ControlRequest& request) { return operator_->carry_out(request); });
  if (!control) {
    throw std::runtime_error(control.error());
  }
  control_ = std::move(control.value());
  log::info(kSubject, "control at unix:{}", config_.control.socket);
}

std::vector<ControlRow> Server::certificate() const {
  const auto context = tls_.current();
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
  listeners_.remove_files();
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

void Server::reload(std::function<void(const ReloadResult&)> done) {
  loops_.front()->call([this, done = std::move(done)] {
    next_reload_.push_back(done);
    begin_reload();
  });
}

/// What asks while settings are read may come after a change of theirs, so they are read once more
/// then.
void Server::begin_reload() {
  if (background_.is_busy() || next_reload_.empty()) {
    return;
  }
  this_reload_ = std::exchange(next_reload_, {});
  if (!is_leaving()) {
    service::tell_reloading();
  }
  reopen_log();
  auto reading = std::make_shared<Reading>();
  try {
    background_.start([this, reading, in_effect = asked_] { *reading = read_settings(in_effect); },
                      [this, reading] { end_reload(std::move(*reading)); });
  } catch (const std::system_error& error) {
    reading->result.mistakes.emplace_back(error.what());
    end_reload(std::move(*reading));
  }
}

void Server::end_reload(Reading reading) {
  const std::vector<std::string> former = addresses_;
  const ReloadResult result = apply(std::move(reading));
  for (const std::string& line : describe(result)) {
    log::write(result.mistakes.empty() ? log::Level::Info : log::Level::Error, kSubject, line);
  }
  log_new(addresses_, former, log::Level::Info, "listening on ");
  log_new(former, addresses_, log::Level::Info, "not listening any more on ");
  if (!is_leaving()) {
    service::tell_ready(state());
  }
  for (const auto& done : std::exchange(this_reload_, {})) {
    if (done) {
      done(result);
    }
  }
  begin_reload();
}

/// In the background: the settings are a copy, and nothing else that changes is used.
Server::Reading Server::read_settings(const Config& in_effect) const {
  Reading reading;
  Config wanted = in_effect;
  reading.result.has_file = config_file_.has_value();
  if (config_file_) {
    auto loaded = load_config(*config_file_);
    if (!loaded) {
      reading.result.mistakes = loaded.error();
      return reading;
    }
    wanted = std::move(loaded.value());
  }
  reading.asked = merge(in_effect, wanted, reading.result);
  reading.tls = load_tls(reading.asked);
  return reading;
}

/// Once a minute: a file of TLS may have changed.
void Server::look_at_tls() {
  if (background_.is_busy() || !tls_.look()) {
    return;
  }
  auto loaded = std::make_shared<LoadedTls>();
  try {
    background_.start([this, loaded, settings = tls_.settings()] { *loaded = tls_.load(settings); },
                      [this, loaded] {
                        tls_.renew(std::move(**loaded));
                        begin_reload();  // if somebody has asked meanwhile
                      });
  } catch (const std::system_error& error) {
    log::error(kSubject, "the files of TLS have changed, and cannot be read: {}", error.what());
  }
}

/// The file may have been renamed, to be kept, so this does not depend on whether the settings are
/// good.
void Server::reopen_log() const {
  auto opened = log::open(asked_.log.file);
  if (opened) {
    log::write_to(std::move(opened.value()));
  } else {
    log::error(kSubject, "log.file: {}; lines still go where they went", opened.error());
  }
}

ReloadResult Server::apply(Reading reading) {
  if (is_leaving()) {
    return {{}, {}, {"the server is stopping"}, reading.result.has_file};
  }
  if (!reading.result.mistakes.empty()) {
    return std::move(reading.result);
  }
  auto prepared = prepare(reading.asked, std::move(reading.tls));
  if (!prepared) {
    return {{}, {}, prepared.error(), reading.result.has_file};
  }
  put_into_effect(std::move(prepared.value()));
  if (!is_standby_) {
    tell_registry();  // a standby's is being loaded, and hears of it then
    if (const auto idle = listeners_.find_idle()) {
      log::warn(kSubject,
                "the service manager passes a socket at {}, where no listener of the settings is "
                "any more: who connects there waits",
                *idle);
    }
  }
  return std::move(reading.result);
}

/// Of its limits; then the loops report to it what was written, see Switchboard::report_all().
void Server::tell_registry() {
  auto batch = std::make_unique<Batch>();
  batch->limits = std::make_unique<const RegistryLimits>(registry_limits(config_));
  batch->inputs.push_back({{}, 0, Reconfigured{batch->limits.get()}});
  actor_.deliver(std::move(batch));
  pool_->nudge();
}

/// A standby should find out early what would keep it from serving.
void Server::warn_of_taken_addresses() const {
  for (const ListenerSettings& listener : config_.listen) {
    if (!listener.socket.empty()) {
      continue;
    }
    for (const uv::Address& address : uv::resolve(listener.host, listener.port)) {
      if (const int code = uv::try_bind(address); code != 0) {
        log::warn(kSubject, "{}: {}: this standby could not serve there now",
                  uv::address_text(address.raw()), uv::text_of(code));
      }
    }
  }
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
  auto made = make_store(config_, [](const std::string& line) { log::warn(kSubject, "{}", line); });
  if (!made) {
    throw StorageError(made.error());
  }
  if (made.value() == nullptr) {
    return std::make_unique<MemoryJournal>(onward);
  }
  Store& store = *made.value();
  store_name_ = store.name();
  const bool may_be_standby = store.is_shared() && config_.role == ServerRole::Automatic;
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
  if (config_.standby_listeners == StandbyListeners::Refuse) {
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
    drain(config_.timeouts.shutdown_ms, {});
  }
}

void Server::take(const StoreLost& lost) {
  if (!is_stopping_) {
    ending_ = lost.ending;
  }
  if (drain_ticks_ > 0) {
    is_asked_to_end_ = true;  // it was to stop, and not to become a standby
  }
  const std::uint64_t most_ms = config_.timeouts.shutdown_ms;
  drain(most_ms == 0 ? kDeposedMs : std::min(most_ms, kDeposedMs), lost.word);
}

/// The store is loaded: what a server does at its start if no other one has the store.
void Server::begin_leading() {
  is_standby_ = false;
  listeners_.use_loops(loops_.size());
  auto plan = plan_listeners(asked_);
  if (!plan) {
    throw std::runtime_error(fmt::format("{}", fmt::join(plan.error(), "; ")));
  }
  configure_loops(std::move(plan.value()));
  refuse_idle_sockets();
  tell_registry();
  loops_.front()->turn_away(std::nullopt);
  for (const std::string& address : addresses_) {
    log::info(kSubject, "listening on {}", address);
  }
  start_other_loops();
  has_store_.store(true);
  is_serving_.store(true);
  service::tell_status(state());
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
  const bool becomes_standby = config_.role == ServerRole::Automatic;
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

/// What the server does, for people, while all is well.
std::string Server::state() const {
  if (is_standby_) {
    return "Standby";
  }
  return fmt::format("Listening on {}", fmt::join(addresses_, ", "));
}

Ending Server::run(bool handles_signals) {
  std::optional<SignalWatch> signals;
  if (handles_signals) {
    signals.emplace(
        loops_.front()->loop(), [this] { begin_stop(); }, [this] { reload({}); });
  }
  for (const std::string& address : addresses_) {
    log::info(kSubject, "{} on {}", is_standby_ ? "refusing connections" : "listening", address);
  }
  service::tell_ready(state());
  // A standby needs no more than the first one.
  if (!is_standby_) {
    has_store_.store(true);
    is_serving_.store(true);
    start_other_loops();
  }
  loops_.front()->run();
  if (signals && ending_ == Ending::Deposed && !is_asked_to_end_) {
    if (!this_reload_.empty() || !next_reload_.empty()) {
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
  tls_clock_ = uv::Timer{};
  background_.end();
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
    drain(config_.timeouts.shutdown_ms, {});
  }
}

/// Only once.
void Server::drain(std::uint64_t deadline_ms, const FinalWord& word) {
  if (std::exchange(is_stopping_, true)) {
    return;
  }
  is_serving_.store(false);
  listeners_.remove_files();
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
