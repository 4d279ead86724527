// SPDX-License-Identifier: MIT
//
// See group_commit.h.
#include "journal/group_commit.h"

#include <chrono>
#include <utility>

namespace tribar {
namespace {

std::uint64_t steady_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace

GroupCommit::GroupCommit(std::unique_ptr<Store> store, Onward onward,
                         std::function<void(bool, const std::string&)> on_state)
    : store_(std::move(store)),
      queue_(*store_, std::move(onward), std::move(on_state)),
      thread_([this] { run(); }) {}

GroupCommit::~GroupCommit() { GroupCommit::stop(); }

void GroupCommit::append(BatchPtr batch) {
  // The thread sleeps in wait(), from which push() wakes it.
  static_cast<void>(mailbox_.push(std::move(batch)));
}

void GroupCommit::stop() {
  is_stopping_.store(true);
  static_cast<void>(mailbox_.nudge());
  if (thread_.joinable()) {
    thread_.join();
  }
}

void GroupCommit::run() {
  std::vector<BatchPtr> arrived;
  while (true) {
    mailbox_.drain(arrived);
    for (BatchPtr& batch : arrived) {
      queue_.admit(std::move(batch));
    }
    arrived.clear();
    queue_.step(steady_ms());
    if (is_stopping_.load() && mailbox_.is_empty()) {
      queue_.finish();
      return;
    }
    if (const auto due_ms = queue_.next_step_ms()) {
      const std::uint64_t now_ms = steady_ms();
      if (*due_ms > now_ms) {
        mailbox_.wait_for(std::chrono::milliseconds(*due_ms - now_ms));
      }
    } else {
      mailbox_.wait();
    }
  }
}

}  // namespace tribar
