// SPDX-License-Identifier: MIT
//
// Station 3: the threads that decode batches and run the registry.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "base/mailbox.h"
#include "registry/batch.h"
#include "workers/registry_actor.h"
#include "zero/command.h"

namespace tribar {

class WorkerPool {
 public:
  /// Starts `workers` threads, at least one.
  WorkerPool(std::size_t workers, const CommandLimits& limits, RegistryActor& registry);
  /// As stop().
  ~WorkerPool();

  /// Any thread: hands `batch` to the worker that it names. Never waits.
  void submit(BatchPtr batch);

  /// Any thread: lets a worker look whether the registry has something to do.
  void nudge();

  /// Ends and joins the threads; what was submitted before is worked off first.
  void stop();

 private:
  struct Worker {
    Mailbox<BatchPtr> mailbox;
    std::thread thread;
  };

  void run(Worker& worker);

  CommandLimits limits_;
  RegistryActor& registry_;
  std::atomic<bool> is_stopping_{false};
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace tribar
