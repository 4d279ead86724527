// SPDX-License-Identifier: MIT
//
// See commit_queue.h.
#include "journal/commit_queue.h"

#include <algorithm>
#include <utility>

namespace tribar {
namespace {

/// Whether the batch has records that hold it.
bool has_more_than_riders(const Batch& batch) {
  const auto& records = batch.output.records;
  return std::any_of(records.begin(), records.end(), [](const Record& record) {
    return !std::holds_alternative<HandedOver>(record);
  });
}

/// Whether an effect of a batch with records says something that must be safe first. A push need
/// not: a message that reached its reader and is then forgotten was never confirmed to its sender.
bool rests_on_records(const Effect& effect) {
  return std::holds_alternative<Echo>(effect.body) ||
         std::holds_alternative<LoggedIn>(effect.body) ||
         std::holds_alternative<LoggedOut>(effect.body);
}

/// The accounts that the batch creates.
void add_created(const Batch& batch, std::unordered_set<std::uint64_t>& ids) {
  for (const Record& record : batch.output.records) {
    if (const auto* created = std::get_if<AccountCreated>(&record)) {
      ids.insert(created->account.value);
    }
  }
}

}  // namespace

CommitQueue::CommitQueue(Store& store, Journal::Onward onward,
                         std::function<void(bool, const std::string&)> on_state)
    : store_(store), onward_(std::move(onward)), on_state_(std::move(on_state)) {}

void CommitQueue::admit(BatchPtr batch) {
  Held held;
  held.is_holding = has_more_than_riders(*batch);
  held.batch = std::move(batch);
  if (is_down_) {
    add_created(*held.batch, unstored_accounts_);
    sift(held);
  } else if (held_.empty() && !held.is_holding) {
    pass(held);
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
      judge_doubt(now_ms);
      return;
    }
  } else if (held_.empty()) {
    if (riders_.empty()) {
      ride_ms_.reset();
      return;
    }
    if (!ride_ms_) {
      ride_ms_ = now_ms + kRideMs;
    }
    if (now_ms < *ride_ms_) {
      return;
    }
  }
  if (!try_commit()) {
    const bool was_down = is_down_;
    fail(now_ms, why_);
    if (was_down && !has_given_up_) {
      judge_doubt(now_ms);
    }
    return;
  }
  ride_ms_.reset();
  pass_all();
  if (std::exchange(is_down_, false)) {
    doubtful_.clear();
    unstored_accounts_.clear();
    on_state_(true, {});
  }
}

/// Ends the doubt of whoever has waited too long. After a try, so that time in which nothing ran,
/// as when the process was stopped, does not count against a store that works again.
void CommitQueue::judge_doubt(std::uint64_t now_ms) {
  for (Held& held : held_) {
    if (!held.failed_ms) {
      held.failed_ms = now_ms;
    } else if (now_ms - *held.failed_ms >= kDoubtMs) {
      end_doubt(held);
    }
  }
  forget_passed();
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
  return riders_.empty() ? std::nullopt : std::optional(ride_ms_.value_or(0));
}

void CommitQueue::check(std::uint64_t now_ms) {
  if (is_down_) {
    return;
  }
  if (const auto error = store_.check()) {
    fail(now_ms, error->text);
  }
}

void CommitQueue::begin_end() {
  if (!std::exchange(is_ending_, true)) {
    retry_ms_ = 0;
  }
}

Unstored CommitQueue::finish() {
  const bool is_all_stored = !is_down_ && held_.empty() && riders_.empty();
  if (!is_all_stored && !has_given_up_ && try_commit()) {
    pass_all();
  } else if (!is_all_stored) {
    unstored_.why = why_;
    for (const Held& held : held_) {
      note_unstored(held.batch->output.records);
    }
    note_unstored(riders_);
  }
  return std::exchange(unstored_, {});
}

/// Stores all that is held and all riders, in one commit.
bool CommitQueue::try_commit() {
  std::vector<std::span<const Record>> groups;
  groups.reserve(held_.size() + 1);
  for (const Held& held : held_) {
    groups.emplace_back(held.batch->output.records);
  }
  // Last: while storing fails, a message can be handed over before it is stored.
  groups.emplace_back(riders_);
  if (const auto error = store_.commit(groups)) {
    why_ = error->text;
    return false;
  }
  riders_.clear();
  return true;
}

void CommitQueue::pass_all() {
  for (Held& held : held_) {
    passing_.push_back(std::move(held.batch));
  }
  held_.clear();
  onward_(passing_);
  passing_.clear();
}

void CommitQueue::forget_passed() {
  std::erase_if(held_, [](const Held& held) { return !held.batch; });
}

void CommitQueue::note_unstored(const std::vector<Record>& records) {
  for (const Record& record : records) {
    unstored_.accounts += std::holds_alternative<AccountCreated>(record) ? 1 : 0;
    unstored_.deletions += std::holds_alternative<AccountDeleted>(record) ? 1 : 0;
    unstored_.messages += std::holds_alternative<MessageKept>(record) ? 1 : 0;
    unstored_.handed_over += std::holds_alternative<HandedOver>(record) ? 1 : 0;
  }
}

/// What is held goes on unstored.
void CommitQueue::give_up() {
  has_given_up_ = true;
  for (Held& held : held_) {
    note_unstored(held.batch->output.records);
    held.batch->output.records.clear();
    held.batch->output.account_changes.clear();
    end_doubt(held);
    if (held.batch) {
      pass(held);
    }
  }
  forget_passed();
}

/// A whole batch goes on; its records ride with the next commit.
void CommitQueue::pass(Held& held) {
  Batch& batch = *held.batch;
  riders_.insert(riders_.end(), batch.output.records.begin(), batch.output.records.end());
  batch.output.records.clear();
  onward_({&held.batch, 1});
  held.batch.reset();
}

/// Passes on what goes before `held`, and points into it.
void CommitQueue::pass_before(Held& held, BatchPtr onward) {
  held.batch->is_for_all = true;
  onward->is_continuation = std::exchange(held.batch->is_continuation, false);
  onward_({&onward, 1});
}

/// Whether it is the success of a LOGIN to an account that is not stored.
bool CommitQueue::enters_unstored(const Effect& effect) const {
  const auto* entry = std::get_if<LoggedIn>(&effect.body);
  return entry != nullptr && unstored_accounts_.contains(entry->account.value);
}

/// While storing fails: lets every effect go on but those that rest on records, and what comes
/// behind them on the same connection. A batch that holds nothing goes on whole: what is before it
/// may stay for long.
void CommitQueue::sift(Held& held) {
  auto& effects = held.batch->output.effects;
  // Effects point into the held batch, which comes back later than these, everywhere.
  auto onward = std::make_unique<Batch>();
  std::vector<Effect> kept;
  for (const Effect& effect : effects) {
    const bool is_kept = doubtful_.contains(effect.to.value) ||
                         (held.is_holding && rests_on_records(effect)) || enters_unstored(effect);
    if (is_kept) {
      doubtful_.insert(effect.to.value);
    }
    (is_kept ? kept : onward->output.effects).push_back(effect);
  }
  // An answer on a doubtful connection holds its batch, whatever the records.
  held.is_holding |= !kept.empty();
  if (!held.is_holding) {
    pass(held);
  } else if (!onward->output.effects.empty()) {
    effects = std::move(kept);
    pass_before(held, std::move(onward));
  }
}

/// Closes the connections whose answers were held for too long; pushes to them go back.
void CommitQueue::end_doubt(Held& held) {
  auto& effects = held.batch->output.effects;
  if (effects.empty()) {
    return;
  }
  auto onward = std::make_unique<Batch>();
  for (const Effect& effect : effects) {
    if (doubtful_.erase(effect.to.value) > 0) {
      onward->output.effects.push_back({effect.to, 0, 0, Close{}});
    }
    if (std::holds_alternative<Push>(effect.body)) {
      onward->output.effects.push_back(effect);
    }
  }
  effects.clear();
  pass_before(held, std::move(onward));
  held.is_holding = has_more_than_riders(*held.batch);
  if (!held.is_holding) {
    pass(held);
  }
}

void CommitQueue::fail(std::uint64_t now_ms, const std::string& why) {
  retry_ms_ = now_ms + kRetryMs;
  why_ = why;
  if (!std::exchange(is_down_, true)) {
    on_state_(false, why);
    for (Held& held : held_) {
      held.failed_ms = now_ms;
      add_created(*held.batch, unstored_accounts_);
      sift(held);
    }
    forget_passed();
  }
  if (is_ending_) {
    give_up();
  }
}

}  // namespace tribar
