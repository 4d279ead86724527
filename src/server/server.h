// SPDX-License-Identifier: MIT
//
// Builds the stations in the order of the data, owns the threads, and defines the order of start
// and stop.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/config.h"
#include "journal/journal.h"
#include "journal/store.h"
#include "loop/io_loop.h"
#include "operate/health.h"
#include "operate/monitor.h"
#include "operate/service.h"
#include "registry/registry.h"
#include "secrets/vault.h"
#include "server/signals.h"
#include "tls/tls_watch.h"
#include "uv/socket_file.h"
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
  LeftOpen,       // a handle was not closed, which is a bug
};

class Server {
 public:
  /// Opens the store, applies the limits, and listens. `filter`: put over each socket; may be
  /// empty. `passed`: sockets that listen already; a listener whose address one has takes it.
  /// Throws StorageError, or std::runtime_error if it cannot listen.
  explicit Server(const Config& config, const TransportFilter& filter = {},
                  std::vector<uv::SharedSocket> passed = {});
  ~Server();

  /// Where it listens, HOST:PORT or unix:PATH each. Connections are accepted there.
  [[nodiscard]] const std::vector<std::string>& addresses() const { return addresses_; }

  /// Serves until stop(), or, if `handles_signals`, until SIGTERM, SIGINT, SIGQUIT or SIGXCPU; a
  /// second one of these ends the process at once, and other signals are ignored. Returns when all
  /// threads are joined and all handles closed; problems are logged.
  [[nodiscard]] Ending run(bool handles_signals);

  /// Any thread: stops accepting and reading, answers the commands that were read, flushes pending
  /// output for at most timeouts.shutdown_ms, and makes run() return.
  void stop() { stop_.send(); }

 private:
  [[nodiscard]] std::vector<LoopInbox*> make_loops(const TransportFilter& filter);
  void listen();
  void listen(const ListenerSettings& listener, Protocol protocol);
  [[nodiscard]] Acceptor::ListenerOptions options_of(const ListenerSettings& listener,
                                                     Protocol protocol, IoLoop& io) const;
  void start_tls();
  [[nodiscard]] std::optional<uv::SharedSocket> take_passed(const uv::Address& address);
  void listen(const uv::SharedSocket& socket, const ListenerSettings& listener, Protocol protocol);
  void start_monitor();
  void wake_all_loops();
  [[nodiscard]] std::unique_ptr<Journal> make_journal();
  void restore_from(Store& store);
  void submit(ConnectionId id, PeerNetwork network, const Check& check);
  void answer(const SecretResult& result);
  void answer(ConnectionId id, Answered answered);
  void report_storage_state(bool is_up, const std::string& why);
  void end_without_storage(const std::string& why);
  [[nodiscard]] Ending end_storage();
  [[nodiscard]] std::string status() const;
  void begin_stop();

  Config config_;
  Registry registry_;
  Census census_;
  std::atomic<std::uint64_t> last_batch_{0};  // Batch::number
  Turns turns_;
  Rendezvous rendezvous_;
  std::unique_ptr<TlsWatch> tls_;               // null: no listener has TLS
  std::vector<std::unique_ptr<IoLoop>> loops_;  // the first one runs on the main thread
  ReplyRouter reply_router_;
  std::string store_name_;  // for the log
  std::unique_ptr<Journal> journal_;
  RegistryActor actor_;
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<Vault> vault_;  // null: this build cannot hash secrets
  std::unique_ptr<Health> health_;
  std::unique_ptr<Monitor> monitor_;    // null: not wanted
  std::unique_ptr<Watchdog> watchdog_;  // null: nobody asks
  std::atomic<bool> is_serving_{false};
  uv::Async stop_;
  uv::Timer tls_clock_;
  std::vector<uv::SharedSocket> passed_;                       // that no listener has taken
  std::vector<std::unique_ptr<uv::SocketFile>> socket_files_;  // until it stops
  std::vector<std::string> addresses_;
  bool is_stopping_ = false;
};

}  // namespace tribar
