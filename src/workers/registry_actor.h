// SPDX-License-Identifier: MIT
//
// Station 4: a mailbox and a run token around the Registry. An actor, not a thread: any pool thread
// that finds it idle runs it, never two at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "base/counter.h"
#include "base/mailbox.h"
#include "base/pulse.h"
#include "base/thread_role.h"
#include "journal/journal.h"
#include "registry/batch.h"
#include "registry/registry.h"

namespace tribar {

/// Held by the thread that runs the registry.
struct TRIBAR_CAPABILITY("registry token") RegistryRole {};
inline constexpr RegistryRole registry_role{};

class RegistryActor {
 public:
  /// `passed` is called for each batch that a loop sent, right after the registry has processed it,
  /// with the number of the loop; `reconfigured`, if given, after each one with Batch::limits. Both
  /// on the thread that runs the registry; they must not wait.
  RegistryActor(Registry& registry, Journal& journal,
                std::function<void(std::uint32_t loop)> passed,
                std::function<void()> reconfigured = {});

  /// Any pool thread: adds a decoded batch. Some thread must call run_once() afterwards.
  void deliver(BatchPtr batch);

  /// Any pool thread: processes the batches in the mailbox, unless another thread is doing so.
  /// Batches are processed in the order in which the loops sent them; a batch that arrives early
  /// waits for those before it. True: there is more to do, call this again.
  [[nodiscard]] bool run_once();

  /// Any thread: a batch with Batch::is_continuation was delivered. True: the registry can continue
  /// its long work, and some thread must call run_once().
  [[nodiscard]] bool note_continuation_done();

  /// Answers when the registry runs; then some thread must call run_once().
  [[nodiscard]] Pulse& pulse() { return pulse_; }
  /// Microseconds that the registry took for a batch.
  [[nodiscard]] const Histogram& times() const { return times_; }

 private:
  /// Limits how many slices of long work are on their way to the loop, so that it never gets very
  /// many long answers to LIST at once.
  static constexpr std::size_t kMostContinuations = 1;

  [[nodiscard]] bool may_go_on() TRIBAR_REQUIRES(registry_role) {
    return registry_.has_more_to_do() && continuations_.load() < kMostContinuations;
  }
  void put_in_order(BatchPtr batch) TRIBAR_REQUIRES(registry_role);
  void apply_all(BatchPtr batch) TRIBAR_REQUIRES(registry_role);
  void go_on() TRIBAR_REQUIRES(registry_role);

  Registry& registry_ TRIBAR_GUARDED_BY(registry_role);
  Journal& journal_ TRIBAR_GUARDED_BY(registry_role);
  std::function<void(std::uint32_t)> passed_;
  std::function<void()> reconfigured_;
  Mailbox<BatchPtr> mailbox_;
  std::atomic<bool> is_running_{false};
  std::atomic<std::size_t> continuations_{0};  // slices on their way to the loop
  // note_continuation_done() was called since the last run
  std::atomic<bool> is_done_noted_{false};
  std::vector<BatchPtr> drained_ TRIBAR_GUARDED_BY(registry_role);
  std::deque<BatchPtr> next_ TRIBAR_GUARDED_BY(registry_role);      // by number; null: not here yet
  std::uint64_t next_number_ TRIBAR_GUARDED_BY(registry_role) = 1;  // number of next_.front()
  UnixMs now_ TRIBAR_GUARDED_BY(registry_role);
  Pulse pulse_;
  Histogram times_;
};

}  // namespace tribar
