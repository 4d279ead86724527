// SPDX-License-Identifier: MIT
//
// See worker_pool.h.
#include "workers/worker_pool.h"

#include <string>
#include <utility>

#include "base/thread_name.h"
#include "workers/decoder.h"

namespace tribar {

WorkerPool::WorkerPool(std::size_t workers, const CommandLimits& limits, RegistryActor& registry)
    : limits_(limits), registry_(registry) {
  for (std::size_t i = 0; i < workers; ++i) {
    Worker& worker = *workers_.emplace_back(std::make_unique<Worker>());
    worker.thread = std::thread([this, &worker, i] {
      name_thread("worker " + std::to_string(i));
      run(worker);
    });
  }
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::submit(BatchPtr batch) {
  // Ignored: push() itself wakes the worker, which sleeps in wait().
  Worker& worker = *workers_[batch->worker];
  static_cast<void>(worker.mailbox.push(std::move(batch)));
}

void WorkerPool::nudge() { static_cast<void>(workers_.front()->mailbox.nudge()); }

void WorkerPool::nudge_all() {
  for (const auto& worker : workers_) {
    static_cast<void>(worker->mailbox.nudge());
  }
}

void WorkerPool::stop() {
  is_stopping_.store(true);
  nudge_all();
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) {
      worker->thread.join();
    }
  }
  // The worker that ended last may have left its batch to one that held the run token and has ended
  // too.
  static_cast<void>(registry_.run_once());
}

void WorkerPool::run(Worker& worker) {
  std::vector<BatchPtr> drained;
  while (true) {
    worker.pulse.answer();
    worker.mailbox.drain(drained);
    for (BatchPtr& batch : drained) {
      decode(*batch, limits_.load(std::memory_order_relaxed));
      registry_.deliver(std::move(batch));
    }
    drained.clear();
    if (registry_.run_once() && !is_stopping_.load()) {
      // Long work has low priority: let other threads use the processor first.
      std::this_thread::yield();
      continue;
    }
    if (is_stopping_.load() && worker.mailbox.is_empty()) {
      return;
    }
    worker.mailbox.wait();
  }
}

}  // namespace tribar
