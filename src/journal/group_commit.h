// SPDX-License-Identifier: MIT
//
// The journal of a server with storage: a thread around a CommitQueue. While a commit runs, batches
// gather for the next one, so the slower the disk, the larger the groups.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/mailbox.h"
#include "journal/commit_queue.h"
#include "journal/journal.h"
#include "journal/role_status.h"
#include "journal/standby.h"
#include "journal/store.h"

namespace tribar {

/// What is special about a store that several servers share.
struct StoreSharing {
  std::unique_ptr<Standby> standby = {};  // null: the store is open and loaded
  RoleStatus* status = nullptr;           // kept up to date; null: nobody asks
};

class GroupCommit final : public Journal {
 public:
  /// `store` must be open and loaded, unless there is a standby: then the thread first waits until
  /// that leads, and nothing may be appended before. The store is closed at the end. Starts the
  /// thread, which calls `onward`, `on_state` and `on_lost`: see CommitQueue.
  GroupCommit(std::unique_ptr<Store> store, Onward onward,
              std::function<void(bool is_up, const std::string& why)> on_state,
              std::function<void(const StoreError& why)> on_lost = {}, StoreSharing sharing = {});
  ~GroupCommit() override;

  void append(BatchPtr batch) override;
  void begin_end() override;
  Unstored stop() override;
  [[nodiscard]] const JournalCounters* counters() const override { return &queue_.counters(); }
  [[nodiscard]] Pulse* pulse() override { return &pulse_; }
  void nudge() override { static_cast<void>(mailbox_.nudge()); }

 private:
  void run();
  void step();
  [[nodiscard]] bool await_store();
  void update_status();

  std::unique_ptr<Store> store_;
  StoreSharing sharing_;
  CommitQueue queue_;
  Mailbox<BatchPtr> mailbox_;
  Pulse pulse_;
  std::atomic<bool> is_ending_{false};
  std::atomic<bool> is_stopping_{false};
  Unstored unstored_;  // valid once the thread is joined
  std::thread thread_;
};

}  // namespace tribar
