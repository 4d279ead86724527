// SPDX-License-Identifier: MIT
//
// One loop of a simulated server: what IoLoop does around its stations is done here in the same
// order, up to the poll or on from it whenever the schedule says so.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "loop/census.h"
#include "loop/dispatcher.h"
#include "loop/loop_inbox.h"
#include "loop/reply_router.h"
#include "loop/switchboard.h"
#include "loop/ticks.h"
#include "loop/turns.h"
#include "simulation/diary.h"
#include "simulation/network.h"
#include "simulation/random.h"
#include "simulation/settings.h"

namespace tribar::simulation {

class Loop {
 public:
  /// What all loops of a server have in common.
  struct Shared {
    const Settings& settings;
    Census& census;
    ReplyRouter& reply_router;
    Turns& turns;
    std::atomic<std::uint64_t>& last_batch;
    Dispatcher::Submit submit;
    std::function<void()> wake_all;
    std::function<void()> continuation_is_done;
    /// Has a secret checked.
    SecretChecker checker;
    /// For a checker: the server took a connection in, under this id.
    std::function<void(Link&, ConnectionId)> accepted;
    /// For a checker: so much time counts at once.
    std::function<void(std::uint64_t elapsed_ms)> ticked;
    Diary& diary;
    Random& random;
  };

  Loop(LoopPlace place, const Shared& shared);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// A connection waits to be accepted.
  void connect(std::shared_ptr<Link> link) { backlog_.push_back(std::move(link)); }

  [[nodiscard]] bool can_run() const;
  /// Up to the poll or on from it.
  void run();
  /// When something happens by itself; none: never.
  [[nodiscard]] std::optional<std::uint64_t> due_ms() const { return tick_due_ms_; }

  /// Accepts and reads nothing any more.
  void begin_stop();
  void drop_all() { switchboard_.drop_all(); }

  [[nodiscard]] LoopInbox& inbox() { return inbox_; }
  [[nodiscard]] const Switchboard& switchboard() const { return switchboard_; }
  [[nodiscard]] const std::vector<std::shared_ptr<Link>>& links() const { return links_; }

 private:
  void before_poll();
  void poll();
  void tell(Link& link);
  void after_poll();
  void after_read();
  void deliver_replies();
  void finish_turn();

  LoopPlace place_;
  Shared shared_;
  bool is_woken_ = false;
  LoopInbox inbox_;
  Dispatcher dispatcher_;
  Switchboard switchboard_;
  std::deque<std::shared_ptr<Link>> backlog_;
  std::vector<std::shared_ptr<Link>> links_;
  std::vector<BatchShare> arrived_;
  std::vector<std::uint64_t> awaited_;  // of all loops, for the LOGINs that are lined up
  std::optional<std::uint64_t> tick_due_ms_;
  Ticks ticks_;
  bool is_polling_ = false;
};

}  // namespace tribar::simulation
