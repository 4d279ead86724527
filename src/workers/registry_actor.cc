// SPDX-License-Identifier: MIT
//
// See registry_actor.h.
#include "workers/registry_actor.h"

#include <chrono>
#include <utility>

namespace tribar {
namespace {

/// The run token: a thread that constructs one successfully may run the registry until the token is
/// destroyed.
class TRIBAR_SCOPED_CAPABILITY RunToken {
 public:
  explicit RunToken(std::atomic<bool>& is_running) TRIBAR_ACQUIRE(registry_role)
      : is_running_(is_running) {}
  ~RunToken() TRIBAR_RELEASE() { is_running_.store(false); }
  RunToken(const RunToken&) = delete;
  RunToken& operator=(const RunToken&) = delete;

 private:
  std::atomic<bool>& is_running_;
};

}  // namespace

RegistryActor::RegistryActor(Registry& registry, Journal& journal,
                             std::function<void(std::uint32_t)> passed,
                             std::function<void()> reconfigured)
    : registry_(registry),
      journal_(journal),
      passed_(std::move(passed)),
      reconfigured_(std::move(reconfigured)) {}

void RegistryActor::deliver(BatchPtr batch) {
  // No thread sleeps at this mailbox: the thread that delivers also runs the registry.
  static_cast<void>(mailbox_.push(std::move(batch)));
}

bool RegistryActor::run_once() {
  if (is_running_.exchange(true)) {
    // The thread that holds the token checks the mailbox again after releasing it.
    return false;
  }
  bool has_more_to_do = false;
  {
    const RunToken token(is_running_);
    pulse_.answer();
    mailbox_.drain(drained_);
    for (BatchPtr& batch : drained_) {
      put_in_order(std::move(batch));
    }
    drained_.clear();
    while (!next_.empty() && next_.front()) {
      apply_all(std::move(next_.front()));
      next_.pop_front();
      ++next_number_;
    }
    is_done_noted_.store(false);
    if (may_go_on()) {
      go_on();
    }
    has_more_to_do = may_go_on();
  }
  // Threads that delivered a batch or finished a continuation meanwhile found the token taken, so
  // check for them.
  return has_more_to_do || !mailbox_.is_empty() || is_done_noted_.load();
}

bool RegistryActor::note_continuation_done() {
  if (continuations_.fetch_sub(1) < kMostContinuations) {
    return false;
  }
  is_done_noted_.store(true);
  return true;
}

void RegistryActor::put_in_order(BatchPtr batch) {
  if (batch->number == 0) {
    batch->now = now_;
    apply_all(std::move(batch));
    return;
  }
  const std::size_t at = batch->number - next_number_;
  if (at >= next_.size()) {
    next_.resize(at + 1);
  }
  next_[at] = std::move(batch);
}

void RegistryActor::apply_all(BatchPtr batch) {
  now_ = batch->now;
  const auto begin = std::chrono::steady_clock::now();
  registry_.apply_all(batch->inputs, batch->now, batch->output);
  times_.note(std::chrono::steady_clock::now() - begin);
  if (batch->number != 0) {
    passed_(batch->loop);
  } else if (batch->limits && reconfigured_) {
    reconfigured_();
  }
  journal_.append(std::move(batch));
}

/// Runs one slice of long work, in a batch of its own that no loop sent. Most slices have no
/// effects, and their batch is not sent anywhere.
void RegistryActor::go_on() {
  auto batch = std::make_unique<Batch>();
  batch->now = now_;
  registry_.apply({{}, 0, Continue{}}, now_, batch->output);
  if (batch->output.effects.empty() && batch->output.records.empty() &&
      batch->output.account_changes.empty()) {
    return;
  }
  batch->is_continuation = true;
  continuations_.fetch_add(1);
  journal_.append(std::move(batch));
}

}  // namespace tribar
