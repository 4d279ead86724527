// SPDX-License-Identifier: MIT
//
// Builds the stations in the order in which the data passes, owns the threads, and knows in which
// order all that starts and stops.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "registry/registry.h"
#include "server/config.h"
#include "server/io_loop.h"
#include "server/registry_actor.h"
#include "server/worker_pool.h"
#include "uv/signal.h"

namespace tribar {

class Server {
 public:
  /// Takes its limits and listens. Throws std::runtime_error when it cannot.
  explicit Server(const Config& config);
  ~Server();

  /// Where it listens, HOST:PORT each. Connections are accepted there.
  [[nodiscard]] const std::vector<std::string>& addresses() const { return addresses_; }

  /// Serves until stop(), or SIGTERM or SIGINT when `handles_signals`; a second signal ends the
  /// process at once. Returns when everything is joined and closed; false when something was left
  /// open, which is a bug and logged.
  [[nodiscard]] bool run(bool handles_signals);

  /// Any thread: stop accepting and reading, answer what was read, write what is owed until
  /// timeouts.shutdown_ms, and let run() return.
  void stop() { stop_.send(); }

 private:
  void begin_stop();

  Config config_;
  Registry registry_;
  IoLoop io_;
  std::unique_ptr<Journal> journal_;
  RegistryActor actor_;
  std::unique_ptr<WorkerPool> pool_;
  uv::Async stop_;
  std::vector<std::unique_ptr<uv::Signal>> signals_;
  std::vector<std::string> addresses_;
  bool is_stopping_ = false;
};

}  // namespace tribar
