// SPDX-License-Identifier: MIT
//
// One life of a server, from its start to its end or crash: the real stations, and in place of
// their threads one step at a time, whenever the schedule says so. What IoLoop, WorkerPool and
// GroupCommit do around the stations is done here in the same order.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/commit_queue.h"
#include "journal/journal.h"
#include "registry/registry.h"
#include "server/census.h"
#include "server/dispatcher.h"
#include "server/homecoming.h"
#include "server/loop_inbox.h"
#include "server/registry_actor.h"
#include "server/switchboard.h"
#include "simulation/diary.h"
#include "simulation/network.h"
#include "simulation/random.h"
#include "simulation/settings.h"
#include "simulation/storage.h"

namespace tribar::simulation {

class Life {
 public:
  /// What a checker is told.
  struct Listener {
    /// The server took a connection in, under this id.
    std::function<void(Link&, ConnectionId)> accepted;
    /// The registry is done with a batch.
    std::function<void(const Batch&)> passed;
    /// The journal told the registry that storing fails or works again.
    std::function<void(bool is_up)> storage_state;
    /// So much time counts at once.
    std::function<void(std::uint64_t elapsed_ms)> ticked;
  };

  /// `storage` is null when nothing is to be stored.
  Life(const Settings& settings, Storage* storage, Listener listener, Diary& diary, Random& random);
  ~Life();
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  /// A connection waits to be accepted.
  void connect(std::shared_ptr<Link> link) { backlog_.push_back(std::move(link)); }

  [[nodiscard]] bool can_run_loop() const;
  /// Up to the poll or on from it.
  void run_loop();
  [[nodiscard]] bool can_run_worker(std::size_t at) const;
  void run_worker(std::size_t at);
  [[nodiscard]] bool can_run_journal() const;
  /// May throw Crash.
  void run_journal();
  [[nodiscard]] bool can_run() const;
  /// When something happens by itself; none: never.
  [[nodiscard]] std::optional<std::uint64_t> next_due_ms() const;

  /// Reads nothing any more; ready for end() when is_drained().
  void begin_stop();
  [[nodiscard]] bool is_drained() const { return switchboard_.is_quiet(); }
  /// Stops in order: workers, journal, connections.
  void end();

  [[nodiscard]] const Switchboard& switchboard() const { return switchboard_; }
  [[nodiscard]] const Registry& registry() const { return registry_; }
  [[nodiscard]] const std::vector<std::shared_ptr<Link>>& links() const { return links_; }

 private:
  class Tap;
  struct Worker {
    std::vector<BatchPtr> mailbox;
    std::deque<BatchPtr> drained;
    bool runs_registry = false;
  };

  void store(BatchPtr batch);
  void before_poll();
  void poll();
  void tell(Link& link);
  void after_poll();
  void after_read();
  void take_home();
  void finish_turn();
  void keep_time();
  void tell_storage_state(bool is_up);

  Settings settings_;
  Listener listener_;
  Diary& diary_;
  Random& random_;
  Registry registry_;
  bool is_woken_ = false;
  LoopInbox inbox_;
  Homecoming homecoming_;
  std::atomic<std::uint64_t> last_batch_{0};
  Census census_;
  Dispatcher dispatcher_;
  Switchboard switchboard_;
  std::optional<CommitQueue> commits_;
  std::unique_ptr<Journal> journal_;
  std::vector<BatchPtr> journal_mailbox_;
  RegistryActor actor_;
  std::vector<Worker> workers_;
  std::deque<std::shared_ptr<Link>> backlog_;
  std::vector<std::shared_ptr<Link>> links_;
  std::vector<BatchShare> arrived_;
  std::optional<std::uint64_t> tick_due_ms_;
  std::uint64_t last_tick_ms_ = 0;
  bool is_polling_ = false;
  bool must_not_block_ = false;
};

}  // namespace tribar::simulation
