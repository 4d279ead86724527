// SPDX-License-Identifier: MIT
//
// See commit_queue.h.
#include "journal/commit_queue.h"

#include <algorithm>
#include <utility>

namespace tribar {
namespace {

/// Whether the batch has records that must be stored before its effects go on: any but HandedOver.
bool has_holding_records(const Batch& batch) {
  const auto& records = batch.output.records;
  return std::any_of(records.begin(), records.end(), [](const Record& record) {
    return !std::holds_alternative<HandedOver>(record);
  });
}

/// Whether the effect, when its batch has such records, must wait until they are stored.
bool confirms_records(const Effect& effect) {
  return std::holds_alternative<Echo>(effect.body) ||
         std::holds_alternative<Accepted>(effect.body) ||
         std::holds_alternative<LoggedIn>(effect.body) ||
         std::holds_alternative<SecretChanged>(effect.body) ||
         std::holds_alternative<LoggedOut>(effect.body);
}

}  // namespace

CommitQueue::CommitQueue(Store& store, Journal::Onward onward,
                         std::function<void(bool, const std::string&)> on_state,
                         std::function<void(const StoreError&)> on_lost)
    : store_(store),
      is_shared_(store.is_shared()),
      onward_(std::move(onward)),
      on_state_(std::move(on_state)),
      on_lost_(std::move(on_lost)) {}

void CommitQueue::admit(BatchPtr batch) {
  Held held;
  held.is_holding = has_holding_records(*batch);
  held.batch = std::move(batch);
  if (is_lost_) {
    withhold(held);
  } else if (is_down_) {
    missing_.add(held.batch->output.records);
    release_independent(held);
  } else if (held_.empty() && !held.is_holding &&
             (!is_shared_ || held.batch->output.effects.empty())) {
    release(held);
  }
  if (held.batch) {
    held_.push_back(std::move(held));
  }
}

void CommitQueue::step(std::uint64_t now_ms) {
  if (has_given_up_) {
    give_up();
    return;
  }
  if (is_down_) {
    if (now_ms < retry_ms_) {
      close_overdue(now_ms);
      return;
    }
  } else if (held_.empty()) {
    if (lazy_records_.empty()) {
      lazy_commit_ms_.reset();
      return;
    }
    if (!lazy_commit_ms_) {
      lazy_commit_ms_ = now_ms + kLazyCommitMs;
    }
    if (now_ms < *lazy_commit_ms_) {
      return;
    }
  }
  if (const auto error = try_commit()) {
    const bool was_down = is_down_;
    fail(now_ms, *error);
    if (was_down && !has_given_up_) {
      close_overdue(now_ms);
    }
    return;
  }
  lazy_commit_ms_.reset();
  if (std::exchange(is_down_, false)) {
    waiting_connections_.clear();
    missing_ = {};
    // Before the answers go out: a client's next command, after one of them, must not be refused.
    counters_.is_failing.set(0);
    on_state_(true, {});
  }
  release_all();
}

/// Closes connections whose answers were held for too long. Called after a commit was tried, so
/// that time in which nothing ran, as when the process was stopped, does not count if storing works
/// again.
void CommitQueue::close_overdue(std::uint64_t now_ms) {
  for (Held& held : held_) {
    if (!held.failed_ms) {
      held.failed_ms = now_ms;
    } else if (now_ms - *held.failed_ms >= kHeldAnswerMs) {
      close_waiting(held);
    }
  }
  erase_released();
}

std::optional<std::uint64_t> CommitQueue::next_step_ms() const {
  if (has_given_up_) {
    return held_.empty() ? std::nullopt : std::optional<std::uint64_t>(0);
  }
  if (is_down_) {
    return retry_ms_;
  }
  if (!held_.empty()) {
    return 0;
  }
  return lazy_records_.empty() ? std::nullopt : std::optional(lazy_commit_ms_.value_or(0));
}

void CommitQueue::check(std::uint64_t now_ms) {
  if (is_down_) {
    return;
  }
  if (const auto error = store_.check()) {
    fail(now_ms, *error);
  }
}

void CommitQueue::begin_end() {
  if (!std::exchange(is_ending_, true)) {
    retry_ms_ = 0;
  }
}

Unstored CommitQueue::finish() {
  const bool is_all_stored = !is_down_ && held_.empty() && lazy_records_.empty();
  if (!is_all_stored && !has_given_up_ && !try_commit()) {
    release_all();
  } else if (!is_all_stored) {
    unstored_.why = why_;
    for (const Held& held : held_) {
      note_unstored(held.batch->output.records);
    }
    note_unstored(lazy_records_);
  }
  return std::exchange(unstored_, {});
}

/// Stores the records of all held batches, and the lazy records, in one commit.
std::optional<StoreError> CommitQueue::try_commit() {
  std::vector<std::span<const Record>> groups;
  groups.reserve(held_.size() + 1);
  for (const Held& held : held_) {
    groups.emplace_back(held.batch->output.records);
  }
  // Last, because while storing fails a message can be handed over before it is stored.
  groups.emplace_back(lazy_records_);
  auto error = store_.commit(groups);
  if (error) {
    why_ = error->text;
    counters_.failures.add();
  } else {
    std::uint64_t records = 0;
    for (const std::span<const Record> group : groups) {
      records += group.size();
    }
    lazy_records_.clear();
    counters_.commits.add();
    counters_.records.add(records);
    counters_.commit_size.note(records);
  }
  return error;
}

void CommitQueue::release_all() {
  for (Held& held : held_) {
    releasing_.push_back(std::move(held.batch));
  }
  held_.clear();
  onward_(releasing_);
  releasing_.clear();
}

void CommitQueue::erase_released() {
  std::erase_if(held_, [](const Held& held) { return !held.batch; });
}

void CommitQueue::note_unstored(const std::vector<Record>& records) {
  for (const Record& record : records) {
    unstored_.accounts += std::holds_alternative<AccountCreated>(record) ? 1 : 0;
    unstored_.deletions += std::holds_alternative<AccountDeleted>(record) ? 1 : 0;
    unstored_.messages += std::holds_alternative<MessageKept>(record) ? 1 : 0;
    unstored_.handed_over += std::holds_alternative<HandedOver>(record) ? 1 : 0;
    unstored_.secrets += std::holds_alternative<SecretSet>(record) ? 1 : 0;
  }
}

/// Releases all held batches without storing them.
void CommitQueue::give_up() {
  has_given_up_ = true;
  for (Held& held : held_) {
    note_unstored(held.batch->output.records);
    held.batch->output.records.clear();
    held.batch->output.account_changes.clear();
    held.batch->output.operation_answers.clear();
    close_waiting(held);
    if (held.batch) {
      release(held);
    }
  }
  erase_released();
}

/// Releases a whole batch; its records are stored with the next commit.
void CommitQueue::release(Held& held) {
  Batch& batch = *held.batch;
  lazy_records_.insert(lazy_records_.end(), batch.output.records.begin(),
                       batch.output.records.end());
  batch.output.records.clear();
  onward_({&held.batch, 1});
  held.batch.reset();
}

/// Releases `onward`, whose effects were taken from `held` and point into it.
void CommitQueue::release_before(Held& held, BatchPtr onward) {
  held.batch->is_for_all = true;
  onward->is_continuation = std::exchange(held.batch->is_continuation, false);
  onward_({&onward, 1});
}

/// Notes what the records of a held batch will store, while storing fails.
void CommitQueue::Missing::add(const std::vector<Record>& records) {
  for (const Record& record : records) {
    if (const auto* created = std::get_if<AccountCreated>(&record)) {
      accounts.insert(created->account.value);
    } else if (const auto* set = std::get_if<SecretSet>(&record)) {
      accounts.insert(set->account.value);
    } else if (const auto* forgotten = std::get_if<ClientForgotten>(&record)) {
      accounts.insert(forgotten->account.value);
    } else if (const auto* sent = std::get_if<ClientSent>(&record)) {
      accounts.insert(sent->account.value);
      has_client = true;
    } else if (const auto* kept = std::get_if<MessageKept>(&record)) {
      first_message = std::min(first_message.value_or(kept->number), kept->number);
    }
  }
}

/// While storing fails: whether the effect depends on this server still having a shared store, or
/// else on records of this batch, or of one before it, that are not stored. A Push to protocol 0
/// does not: if its message is delivered and then lost in a crash, the sender had no confirmation
/// for it. To protocol 1 it tells the message's number, which would then be given to another.
bool CommitQueue::must_wait(const Held& held, const Effect& effect) const {
  if (is_shared_) {
    const auto* refuse = std::get_if<Refuse>(&effect.body);
    return refuse == nullptr || refuse->refusal.code != RefusalCode::StorageUnavailable;
  }
  if (held.is_holding && confirms_records(effect)) {
    return true;
  }
  if (const auto* entry = std::get_if<LoggedIn>(&effect.body)) {
    return missing_.accounts.contains(entry->account.value);
  }
  if (const auto* push = std::get_if<Push>(&effect.body)) {
    return push->tells_number && missing_.first_message && push->number >= *missing_.first_message;
  }
  // A repeated one, whose n an earlier batch may have; it does not say whose.
  return missing_.has_client && std::holds_alternative<Accepted>(effect.body);
}

/// While storing fails: releases every effect, except those that must wait and those that follow
/// them on the same connection. A batch without either is released as a whole; it does not
/// wait for held batches before it, since these may be held for long.
void CommitQueue::release_independent(Held& held) {
  auto& effects = held.batch->output.effects;
  // The effects point into the held batch, which every loop gets after them.
  auto onward = std::make_unique<Batch>();
  std::vector<Effect> kept;
  for (const Effect& effect : effects) {
    const bool is_kept = waiting_connections_.contains(effect.to.value) || must_wait(held, effect);
    if (is_kept) {
      waiting_connections_.insert(effect.to.value);
    }
    (is_kept ? kept : onward->output.effects).push_back(effect);
  }
  // An effect for a connection with a held answer holds its batch, even without records.
  held.is_holding |= !kept.empty();
  if (!held.is_holding) {
    release(held);
  } else if (!onward->output.effects.empty()) {
    effects = std::move(kept);
    release_before(held, std::move(onward));
  }
}

/// Closes the connections whose answers in this batch were held for too long; its pushes are
/// released.
void CommitQueue::close_waiting(Held& held) {
  auto& effects = held.batch->output.effects;
  if (effects.empty()) {
    return;
  }
  auto onward = std::make_unique<Batch>();
  for (const Effect& effect : effects) {
    if (waiting_connections_.erase(effect.to.value) > 0) {
      onward->output.effects.push_back({effect.to, 0, 0, Close{}});
    }
    if (std::holds_alternative<Push>(effect.body)) {
      onward->output.effects.push_back(effect);
    }
  }
  effects.clear();
  release_before(held, std::move(onward));
  held.is_holding = has_holding_records(*held.batch);
  if (!held.is_holding) {
    release(held);
  }
}

void CommitQueue::fail(std::uint64_t now_ms, const StoreError& error) {
  retry_ms_ = now_ms + kRetryMs;
  why_ = error.text;
  if (error.is_final) {
    lose(error);
    return;
  }
  if (!std::exchange(is_down_, true)) {
    counters_.is_failing.set(1);
    on_state_(false, why_);
    for (Held& held : held_) {
      held.failed_ms = now_ms;
      missing_.add(held.batch->output.records);
      release_independent(held);
    }
    erase_released();
  }
  if (is_ending_) {
    give_up();
  }
}

/// Nothing that is held goes on any more.
void CommitQueue::lose(const StoreError& error) {
  is_down_ = true;
  has_given_up_ = true;
  is_lost_ = true;
  if (on_lost_) {
    on_lost_(error);
  }
  for (Held& held : held_) {
    withhold(held);
  }
  held_.clear();
}

/// Releases a batch with its effects replaced by the closing of the connections that they were for.
void CommitQueue::withhold(Held& held) {
  Output& output = held.batch->output;
  note_unstored(output.records);
  output.records.clear();
  output.account_changes.clear();
  output.operation_answers.clear();
  std::vector<Effect> closings;
  std::unordered_set<std::uint64_t> closed;
  for (const Effect& effect : output.effects) {
    if (!effect.to.is_none() && closed.insert(effect.to.value).second) {
      closings.push_back({effect.to, 0, 0, Close{}});
    }
  }
  output.effects.swap(closings);
  release(held);
}

}  // namespace tribar
