// SPDX-License-Identifier: MIT
//
// Station 4: a mailbox and a run token around the Registry. An actor, not a thread: whichever pool
// thread finds it idle runs it, never two at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "base/mailbox.h"
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
  /// `passed` is called for each batch that a loop sent, right after the registry took it, with
  /// the number of the loop.
  RegistryActor(Registry& registry, Journal& journal,
                std::function<void(std::uint32_t loop)> passed);

  /// Any pool thread: adds a decoded batch. Someone must run_once() afterwards.
  void deliver(BatchPtr batch);

  /// Any pool thread: works off what is in the mailbox unless another thread does, in the order in
  /// which the loops sent it: what overtook something on the way waits for it. True when there is
  /// more to do, and this should be called again.
  [[nodiscard]] bool run_once();

  /// Any thread: a batch with Batch::is_continuation is done with. True when that lets the registry
  /// go on: then someone must run_once().
  [[nodiscard]] bool note_continuation_done();

 private:
  /// What is too long for one step goes on only while so few of its steps are on their way back:
  /// the loop must not find a thousand long answers to LIST at once.
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
  Mailbox<BatchPtr> mailbox_;
  std::atomic<bool> is_running_{false};
  std::atomic<std::size_t> continuations_{0};  // on their way back
  std::atomic<bool> is_done_noted_{false};     // since the registry was last run
  std::vector<BatchPtr> drained_ TRIBAR_GUARDED_BY(registry_role);
  std::deque<BatchPtr> next_ TRIBAR_GUARDED_BY(registry_role);      // by number; null: on its way
  std::uint64_t next_number_ TRIBAR_GUARDED_BY(registry_role) = 1;  // of next_.front()
  UnixMs now_ TRIBAR_GUARDED_BY(registry_role);
};

}  // namespace tribar
