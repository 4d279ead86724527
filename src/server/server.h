// SPDX-License-Identifier: MIT
//
// Builds the stations in the order in which the data passes, owns the threads, and knows in which
// order all that starts and stops.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/config.h"
#include "journal/journal.h"
#include "journal/store.h"
#include "loop/io_loop.h"
#include "registry/registry.h"
#include "server/signals.h"
#include "workers/registry_actor.h"
#include "workers/worker_pool.h"

namespace tribar {

/// The store cannot be used; what() says why and what to do.
class StorageError : public std::runtime_error {
 public:
  explicit StorageError(const StoreOpenError& error)
      : std::runtime_error(error.text), is_io(error.is_io) {}
  /// The system failed or the file is damaged; otherwise it is a mistake to use it.
  const bool is_io;
};

/// How a server ended.
enum class Ending {
  Fine,
  StorageFailed,  // what was asked last could not be stored, and was not confirmed
  LeftOpen,       // something was not closed, which is a bug
};

class Server {
 public:
  /// Opens its store, takes its limits and listens. `filter` stands over each socket, if any.
  /// Throws StorageError, or std::runtime_error when it cannot listen.
  explicit Server(const Config& config, const TransportFilter& filter = {});
  ~Server();

  /// Where it listens, HOST:PORT each. Connections are accepted there.
  [[nodiscard]] const std::vector<std::string>& addresses() const { return addresses_; }

  /// Serves until stop(), or SIGTERM, SIGINT, SIGQUIT or SIGXCPU when `handles_signals`; a second
  /// one of these ends the process at once, and no other signal ends it. Returns when everything is
  /// joined and closed; what is not fine is logged.
  [[nodiscard]] Ending run(bool handles_signals);

  /// Any thread: stop accepting and reading, answer what was read, write what is owed until
  /// timeouts.shutdown_ms, and let run() return.
  void stop() { stop_.send(); }

 private:
  [[nodiscard]] std::vector<LoopInbox*> make_loops(const TransportFilter& filter);
  void listen();
  void wake_all_loops();
  [[nodiscard]] std::unique_ptr<Journal> make_journal();
  void restore_from(Store& store);
  void tell_storage_state(bool is_up, const std::string& why);
  [[nodiscard]] Ending end_storage();
  void begin_stop();

  Config config_;
  Registry registry_;
  Census census_;
  std::atomic<std::uint64_t> last_batch_{0};  // Batch::number
  Turns turns_;
  Rendezvous rendezvous_;
  std::vector<std::unique_ptr<IoLoop>> loops_;  // the first is the main thread's
  ReplyRouter reply_router_;
  std::string store_name_;  // for the log
  std::unique_ptr<Journal> journal_;
  RegistryActor actor_;
  std::unique_ptr<WorkerPool> pool_;
  uv::Async stop_;
  std::vector<std::string> addresses_;
  bool is_stopping_ = false;
};

}  // namespace tribar
