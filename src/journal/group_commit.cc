// SPDX-License-Identifier: MIT
//
// See group_commit.h.
#include "journal/group_commit.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/thread_name.h"

namespace tribar {
namespace {

std::uint64_t steady_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace

GroupCommit::GroupCommit(std::unique_ptr<Store> store, Onward onward,
                         std::function<void(bool, const std::string&)> on_state,
                         std::function<void(const StoreError&)> on_lost, StoreSharing sharing)
    : store_(std::move(store)),
      sharing_(std::move(sharing)),
      queue_(*store_, std::move(onward), std::move(on_state), std::move(on_lost)),
      thread_([this] {
        name_thread("journal");
        run();
      }) {}

GroupCommit::~GroupCommit() { static_cast<void>(GroupCommit::stop()); }

void GroupCommit::append(BatchPtr batch) {
  // Ignored: push() itself wakes the thread, which sleeps in wait().
  static_cast<void>(mailbox_.push(std::move(batch)));
}

void GroupCommit::begin_end() {
  is_ending_.store(true);
  static_cast<void>(mailbox_.nudge());
}

Unstored GroupCommit::stop() {
  is_stopping_.store(true);
  static_cast<void>(mailbox_.nudge());
  if (thread_.joinable()) {
    thread_.join();
  }
  return unstored_;
}

/// Waits, as a standby, until this server has the store; false: it is to end before, or cannot have
/// it.
bool GroupCommit::await_store() {
  while (!is_stopping_.load()) {
    pulse_.answer();
    switch (sharing_.standby->look(*store_)) {
      case Standby::State::Waits:
        mailbox_.wait_for(std::chrono::milliseconds(Standby::kLookMs));
        break;
      case Standby::State::Leads:
        return true;
      case Standby::State::Failed:
        return false;
    }
  }
  return false;
}

void GroupCommit::update_status() {
  if (sharing_.status == nullptr) {
    return;
  }
  if (const auto lease = store_->lease()) {
    sharing_.status->commits.store(lease->commits, std::memory_order_relaxed);
    sharing_.status->replication.store(
        lease->replicas ? static_cast<std::int64_t>(*lease->replicas) : -1,
        std::memory_order_relaxed);
  }
}

/// Commits what is due, and notes how long that took.
void GroupCommit::step() {
  JournalCounters& counters = queue_.counters();
  const std::uint64_t commits = counters.commits.read();
  const auto begin = std::chrono::steady_clock::now();
  queue_.step(steady_ms());
  if (counters.commits.read() != commits) {
    counters.commit_time.note(std::chrono::steady_clock::now() - begin);
  }
}

void GroupCommit::run() {
  if (sharing_.standby && !await_store()) {
    store_->close();
    return;
  }
  std::vector<BatchPtr> arrived;
  const auto interval_ms = static_cast<std::uint64_t>(store_->check_interval().count());
  std::uint64_t check_ms = steady_ms() + interval_ms;
  while (true) {
    pulse_.answer();
    mailbox_.drain(arrived);
    for (BatchPtr& batch : arrived) {
      queue_.admit(std::move(batch));
    }
    arrived.clear();
    if (is_ending_.load()) {
      queue_.begin_end();
    }
    step();
    if (is_stopping_.load() && mailbox_.is_empty()) {
      unstored_ = queue_.finish();
      store_->close();
      return;
    }
    const std::uint64_t now_ms = steady_ms();
    if (now_ms >= check_ms) {
      check_ms = now_ms + interval_ms;
      queue_.check(now_ms);
    }
    update_status();
    const std::uint64_t due_ms = std::min(queue_.next_step_ms().value_or(check_ms), check_ms);
    if (due_ms > now_ms) {
      mailbox_.wait_for(std::chrono::milliseconds(due_ms - now_ms));
    }
  }
}

}  // namespace tribar
