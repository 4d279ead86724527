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
#include "base/pulse.h"
#include "registry/batch.h"
#include "workers/registry_actor.h"
#include "zero/command.h"

namespace tribar {

class WorkerPool {
 public:
  /// Starts `workers` threads, at least one.
  WorkerPool(std::size_t workers, const CommandLimits& limits, RegistryActor& registry);
  /// Calls stop().
  ~WorkerPool();

  /// Any thread: sends `batch` to the worker that it names. Never waits.
  void submit(BatchPtr batch);

  /// Any thread: makes a worker check whether the registry has work.
  void nudge();

  /// Any thread: from each worker's next batch on, `limits` count.
  void set_limits(const CommandLimits& limits) { limits_.store(limits, std::memory_order_relaxed); }

  [[nodiscard]] std::size_t size() const { return workers_.size(); }
  /// Of each worker; answers after nudge_all().
  [[nodiscard]] Pulse& pulse(std::size_t worker) { return workers_[worker]->pulse; }
  /// Any thread: makes every worker go around once.
  void nudge_all();

  /// Processes what was submitted before, then ends and joins the threads.
  void stop();

 private:
  struct Worker {
    Mailbox<BatchPtr> mailbox;
    Pulse pulse;
    std::thread thread;
  };

  void run(Worker& worker);

  std::atomic<CommandLimits> limits_;  // read once a batch
  RegistryActor& registry_;
  std::atomic<bool> is_stopping_{false};
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace tribar
