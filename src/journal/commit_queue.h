// SPDX-License-Identifier: MIT
//
// Station 5 with a store: holds the effects of a batch until its records are stored, and decides
// what happens to them when storing fails. Passive: it owns no thread and no clock; the caller
// drives it.
//
// With a shared store (Store::is_shared) another server may have taken over, and what the registry
// knows is only right if this one still has the store. So every effect, also of batches without
// records, waits for a commit that began after the effect was made; and while storing fails only
// refusals go on that say just that.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_set>
#include <vector>

#include "journal/journal.h"
#include "journal/journal_counters.h"
#include "journal/store.h"

namespace tribar {

class CommitQueue {
 public:
  /// How long after a failure storing is tried again.
  static constexpr std::uint64_t kRetryMs = 250;
  /// How long an answer that depends on a failed commit is held. Then its connection is closed
  /// without the answer, because it is not known whether the commit will succeed.
  static constexpr std::uint64_t kHeldAnswerMs = 2000;
  /// HandedOver records wait this long for a commit with other records; then they are stored alone.
  static constexpr std::uint64_t kLazyCommitMs = 50;

  /// `on_state` is called when storing fails (false, and why) and when it works again (true).
  /// `on_lost` is called once, when nothing can ever be stored again (StoreError::is_final), with
  /// the reason. From then on no effect goes on: each connection that one was for is closed
  /// instead, since another server may say something else.
  CommitQueue(Store& store, Journal::Onward onward,
              std::function<void(bool is_up, const std::string& why)> on_state,
              std::function<void(const StoreError& why)> on_lost = {});

  /// Takes the next batch from the registry, in order.
  void admit(BatchPtr batch);

  /// Stores what is due at `now_ms`, of any monotonic clock, and releases the batches that this
  /// allows.
  void step(std::uint64_t now_ms);

  /// When step() must be called even if nothing is admitted; none: never.
  [[nodiscard]] std::optional<std::uint64_t> next_step_ms() const;

  /// Checks that the store is still there, which would go unnoticed while there is nothing to
  /// store. To be called about once a second.
  void check(std::uint64_t now_ms);

  /// Prepares for the end: if storing fails from now on, it is tried once more; then held batches
  /// are released unstored and connections that wait for their answers are closed. After that
  /// nothing is stored any more, since it could depend on what is missing.
  void begin_end();

  /// Any thread may read them. The time of a commit is noted by whoever has a clock.
  [[nodiscard]] JournalCounters& counters() { return counters_; }
  [[nodiscard]] const JournalCounters& counters() const { return counters_; }

  /// Ends: tries a last time to store all that is left.
  [[nodiscard]] Unstored finish();

 private:
  struct Held {
    BatchPtr batch;                          // none: it was released
    std::optional<std::uint64_t> failed_ms;  // when its commit first failed
    bool is_holding = false;  // it has records that answers depend on, or a held answer
  };

  /// What the records of held batches will store, while storing fails.
  struct Missing {
    std::unordered_set<std::uint64_t> accounts;  // themselves, their secret, or a client of theirs
    std::optional<MessageNumber> first_message;  // none below it is missing
    bool has_client = false;                     // an n that was accepted

    void add(const std::vector<Record>& records);
  };

  [[nodiscard]] std::optional<StoreError> try_commit();
  void release_all();
  void erase_released();
  void release(Held& held);
  void release_before(Held& held, BatchPtr onward);
  [[nodiscard]] bool must_wait(const Held& held, const Effect& effect) const;
  void release_independent(Held& held);
  void close_waiting(Held& held);
  void fail(std::uint64_t now_ms, const StoreError& error);
  void lose(const StoreError& error);
  void withhold(Held& held);
  void close_overdue(std::uint64_t now_ms);
  void give_up();
  void note_unstored(const std::vector<Record>& records);

  Store& store_;
  const bool is_shared_;  // the store
  Journal::Onward onward_;
  std::function<void(bool, const std::string&)> on_state_;
  std::function<void(const StoreError&)> on_lost_;
  std::deque<Held> held_;             // in order, not stored yet
  std::vector<BatchPtr> releasing_;   // used only while they are released
  std::vector<Record> lazy_records_;  // HandedOver records of released batches
  // connections with a held answer while storing fails
  std::unordered_set<std::uint64_t> waiting_connections_;
  Missing missing_;
  std::optional<std::uint64_t> lazy_commit_ms_;  // when lazy records are stored alone
  std::uint64_t retry_ms_ = 0;
  std::string why_;
  bool is_down_ = false;
  bool is_ending_ = false;
  bool has_given_up_ = false;
  bool is_lost_ = false;
  Unstored unstored_;
  JournalCounters counters_;
};

}  // namespace tribar
