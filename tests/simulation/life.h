// SPDX-License-Identifier: MIT
//
// One life of a server, from its start to its end or crash: the real stations, and in place of
// their threads one step at a time, whenever the schedule says so. What WorkerPool and GroupCommit
// do around the stations is done here in the same order, and in Loop what IoLoop does.
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
#include "journal/store.h"
#include "loop/census.h"
#include "loop/reply_router.h"
#include "loop/turns.h"
#include "registry/registry.h"
#include "simulation/diary.h"
#include "simulation/loop.h"
#include "simulation/random.h"
#include "simulation/settings.h"
#include "workers/registry_actor.h"

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
    /// The journal let a batch go on, or a part of one.
    std::function<void(const Batch&)> released = [](const Batch&) {};
    /// The journal lost its store for good.
    std::function<void()> lost = [] {};
  };

  /// `store` is null when nothing is to be stored.
  Life(const Settings& settings, Store* store, Listener listener, Diary& diary, Random& random);
  ~Life() = default;
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  /// A connection waits to be accepted.
  void connect(std::shared_ptr<Link> link);

  [[nodiscard]] bool can_run_worker(std::size_t at) const;
  void run_worker(std::size_t at);
  [[nodiscard]] bool can_run_journal() const;
  /// May throw Crash.
  void run_journal();
  /// Has it look whether the store is still there; may throw, too.
  void check_journal();
  /// Why it could not start; empty: it did.
  [[nodiscard]] const std::string& start_error() const { return start_error_; }
  [[nodiscard]] bool can_run() const;
  /// When something happens by itself; none: never.
  [[nodiscard]] std::optional<std::uint64_t> next_due_ms() const;

  /// Tells a session to go, from outside.
  void dismiss(ConnectionId id);
  /// Whether a command awaits the result of its check.
  [[nodiscard]] bool can_answer_check() const { return !checks_.empty(); }
  /// Brings the result of one of them. `is_right`: if there is no secret to decide that.
  void answer_check(bool is_right);

  /// Reads nothing any more; ready for end() when is_quiet().
  void begin_stop();
  [[nodiscard]] bool is_quiet() const;
  /// Stops in order: workers, journal, connections.
  void end();

  [[nodiscard]] const std::vector<std::unique_ptr<Loop>>& loops() const { return loops_; }
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] const Registry& registry() const { return registry_; }

 private:
  class Tap;
  /// What the vault is asked for: see SecretTask.
  struct Task {
    ConnectionId from;
    std::string secret;
    std::string hash;
    std::string new_secret;
  };
  struct Worker {
    std::vector<BatchPtr> mailbox;
    std::deque<BatchPtr> drained;
    bool runs_registry = false;
  };

  std::vector<LoopInbox*> make_loops();
  void keep(BatchPtr batch);
  void tell_storage_state(bool is_up);
  void tell_registry(ConnectionId from, const InputBody& body);
  void answer(ConnectionId from, Answered answered);

  const Settings& settings_;
  Listener listener_;
  Diary& diary_;
  Random& random_;
  Store* store_;  // null: nothing is to be stored
  std::string start_error_;
  Registry registry_;
  std::atomic<std::uint64_t> last_batch_{0};
  Census census_;
  Turns turns_;
  std::vector<std::unique_ptr<Loop>> loops_;
  ReplyRouter reply_router_;
  std::optional<CommitQueue> commits_;
  std::unique_ptr<Journal> journal_;
  std::vector<BatchPtr> journal_mailbox_;
  RegistryActor actor_;
  std::vector<Worker> workers_;
  std::vector<Task> checks_;
  std::uint64_t salt_ = 0;
};

}  // namespace tribar::simulation
