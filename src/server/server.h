// SPDX-License-Identifier: MIT
//
// Builds the stations in the order of the data, owns the threads, and defines the order of start
// and stop.
#pragma once

#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/log.h"
#include "base/mailbox.h"
#include "base/result.h"
#include "config/config.h"
#include "journal/journal.h"
#include "journal/restore.h"
#include "journal/role_status.h"
#include "journal/standby.h"
#include "journal/store.h"
#include "loop/io_loop.h"
#include "operate/control_server.h"
#include "operate/health.h"
#include "operate/monitor.h"
#include "operate/service.h"
#include "registry/registry.h"
#include "secrets/vault.h"
#include "server/fitted_settings.h"
#include "server/live_settings.h"
#include "server/operator.h"
#include "server/reload.h"
#include "server/signals.h"
#include "uv/listener.h"
#include "uv/timer.h"
#include "workers/registry_actor.h"
#include "workers/worker_pool.h"

namespace tribar {

/// The store cannot be used; what() says why, and what to do.
class StorageError : public std::runtime_error {
 public:
  explicit StorageError(const StoreOpenError& error)
      : std::runtime_error(error.text), is_io(error.is_io) {}
  /// True: the system failed or the file is damaged; false: the user must change something.
  const bool is_io;
};

/// How a server ended.
enum class Ending {
  Fine,
  StorageFailed,  // the last changes could not be stored, and were not confirmed
  CannotListen,   // of a standby that took over
  /// It does not lead any more, or could not load the store, and Config::role wants it to be a
  /// standby: make another Server.
  Deposed,
  LeftOpen,  // a handle was not closed, which is a bug
};

/// How a server begins.
enum class Beginning {
  WithStore,  // the store is opened first; if another server has it, Config::role decides
  AsStandby,  // the store is opened later, since another server has it
};

class Server {
 public:
  /// Opens the store, applies the limits, and listens; or becomes a standby, which listens only if
  /// Config::standby_listeners says so, and takes over by itself. `filter`: put over each socket;
  /// may be empty. `passed`: sockets that listen already; a listener whose address one has takes
  /// it. Throws StorageError, or std::runtime_error if it cannot listen.
  explicit Server(const Config& config, const TransportFilter& filter = {},
                  std::vector<uv::SharedSocket> passed = {},
                  Beginning beginning = Beginning::WithStore);
  ~Server();

  /// Where it listens, HOST:PORT or unix:PATH each. Connections are accepted there. The main
  /// thread.
  [[nodiscard]] std::vector<std::string> addresses() const { return live_.addresses(); }

  /// Before run(): the file that reload() reads. Without one it has no settings to read again.
  void set_config_file(std::string path) { live_.set_file(std::move(path)); }

  /// Any thread, while it runs: reads the settings again, logs what came of it, and calls `done`,
  /// if it is not empty, with that on the main thread; SIGHUP does the same. If anything is wrong
  /// with them, an address or a file of TLS, nothing is in effect that was not before; otherwise
  /// all is that can be without a restart. Whatever the settings say, the log's file is opened
  /// again, and those of TLS are read again. `done` is not called if run() returns before that.
  void reload(std::function<void(const ReloadResult&)> done) { live_.reload(std::move(done)); }

  /// What the settings say, as of the last reload; what needs a restart is as at the start. The
  /// main thread.
  [[nodiscard]] const Config& settings() const { return settings_.asked(); }

  /// Serves until stop(), or, if `handles_signals`, until SIGTERM, SIGINT, SIGQUIT or SIGXCPU; a
  /// second one of these ends the process at once, and other signals are ignored. Returns when all
  /// threads are joined and all handles closed; problems are logged.
  [[nodiscard]] Ending run(bool handles_signals);

  /// Any thread: stops accepting and reading, answers the commands that were read, flushes pending
  /// output for at most timeouts.shutdown_ms, and makes run() return.
  void stop() { stop_.send(); }

  /// Any thread, and later than this, too: see RoleStatus.
  [[nodiscard]] const RoleStatus& status() const { return status_; }

 private:
  // What the journal's thread tells the main thread.
  struct HolderSeen {
    StoreHolder holder;
  };
  struct StoreLoaded {};
  struct StoreLost {
    Ending ending;
    FinalWord word;
  };
  using News = std::variant<HolderSeen, StoreLoaded, StoreLost>;

  [[nodiscard]] std::vector<LoopInbox*> make_loops(const TransportFilter& filter);
  /// The settings in effect.
  [[nodiscard]] const Config& config() const { return settings_.in_effect(); }
  void tell_stations(std::vector<ListenerChanges> changes);
  void tell_registry();
  void start_monitor();
  void start_control();
  [[nodiscard]] MetricSources metric_sources();
  [[nodiscard]] bool begin_drain(std::uint64_t seconds);
  void drain_some();
  /// It drains or stops: nobody new is served, whatever happens.
  [[nodiscard]] bool is_leaving() const { return is_stopping_ || drain_ticks_ > 0; }
  [[nodiscard]] std::vector<ControlRow> certificate() const;
  void wake_all_loops();
  [[nodiscard]] std::unique_ptr<Journal> make_journal(Beginning beginning);
  [[nodiscard]] std::unique_ptr<Standby> make_standby(Store& store);
  void note_restored(const Store& store, const Restored& restored);
  void tell(News news);
  void take(const HolderSeen& seen);
  void take(const StoreLoaded&);
  void take(const StoreLost& lost);
  void begin_leading();
  void start_other_loops();
  void submit(ConnectionId id, PeerNetwork network, const Check& check);
  void answer(const SecretResult& result);
  void answer(ConnectionId id, Answered answered);
  void report_storage_state(bool is_up, const std::string& why);
  void lose_storage(const StoreError& error);
  [[nodiscard]] Ending end_storage();
  void begin_stop();
  void drain(std::uint64_t deadline_ms, const FinalWord& word);

  FittedSettings settings_;
  Registry registry_;
  Census census_;
  std::atomic<std::uint64_t> last_batch_{0};  // Batch::number
  Turns turns_;
  Rendezvous rendezvous_;
  std::vector<std::unique_ptr<IoLoop>> loops_;  // the first one runs on the main thread
  ReplyRouter reply_router_;
  LiveSettings live_;
  std::string store_name_;  // for the log
  RoleStatus status_;
  Mailbox<News> news_;
  uv::Async news_signal_;
  bool is_standby_ = false;  // until StoreLoaded
  std::latch has_pool_{1};   // what the journal's thread reports to is there
  std::unique_ptr<Journal> journal_;
  RegistryActor actor_;
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<Vault> vault_;  // null: this build cannot hash secrets
  std::unique_ptr<Health> health_;
  std::unique_ptr<Monitor> monitor_;        // null: not wanted
  std::unique_ptr<Watchdog> watchdog_;      // null: nobody asks
  std::unique_ptr<Operator> operator_;      // as control_
  std::unique_ptr<ControlServer> control_;  // null: not wanted
  std::atomic<bool> has_store_{false};      // no: it is a standby, and only the first loop runs
  std::atomic<bool> is_serving_{false};
  std::atomic<bool> do_all_loops_run_{false};
  uv::Async stop_;
  uv::Timer drain_clock_;
  std::uint64_t drain_ticks_ = 0;  // left
  std::uint64_t all_drain_ticks_ = 0;
  std::vector<std::thread> threads_;  // of the loops but the first, once they run
  bool is_stopping_ = false;
  bool is_asked_to_end_ = false;         // by a signal, or stop()
  Ending ending_ = Ending::Fine;         // what made it stop
  std::atomic<bool> is_deposed_{false};  // it has lost the store, and would become a standby
};

}  // namespace tribar
