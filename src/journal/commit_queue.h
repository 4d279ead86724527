// SPDX-License-Identifier: MIT
//
// Station 5 with a store: what is held until what is stored, and what becomes of it when storing
// fails. Passive: it owns no thread and no clock, and is driven by calls.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_set>
#include <vector>

#include "journal/journal.h"
#include "journal/store.h"

namespace tribar {

class CommitQueue {
 public:
  /// How long after a failure the next try is made.
  static constexpr std::uint64_t kRetryMs = 250;
  /// A connection that waits for an answer which rests on a failed commit is closed after this:
  /// the answer is not known, and a lie is not told.
  static constexpr std::uint64_t kDoubtMs = 2000;
  /// HandedOver records that nothing else takes along are stored after this.
  static constexpr std::uint64_t kRideMs = 50;

  /// `on_state` is told when storing fails (false, and why) and works again (true).
  CommitQueue(Store& store, Journal::Onward onward,
              std::function<void(bool is_up, const std::string& why)> on_state);

  /// Takes the next batch of the registry, in order.
  void admit(BatchPtr batch);

  /// Stores what is due at `now_ms`, any clock that goes forward, and passes on what that allows.
  void step(std::uint64_t now_ms);

  /// When step() has something to do even if nothing is admitted; none: never.
  [[nodiscard]] std::optional<std::uint64_t> next_step_ms() const;

  /// Looks whether the store is at its place: while there is nothing to store, nothing else would
  /// tell. To be called every second or so.
  void check(std::uint64_t now_ms);

  /// The end is near: storing that fails is tried once more, and what is held then is given up and
  /// goes on, its answers closed. From there on nothing is stored: it could rest on what is not.
  void begin_end();

  /// The end: a last try with all that is left.
  [[nodiscard]] Unstored finish();

 private:
  struct Held {
    BatchPtr batch;                          // none: it was passed on
    std::optional<std::uint64_t> failed_ms;  // when its commit failed first
    bool is_holding = false;                 // has records that answers rest on, or such answers
  };

  [[nodiscard]] bool try_commit();
  void pass_all();
  void forget_passed();
  void pass(Held& held);
  void pass_before(Held& held, BatchPtr onward);
  [[nodiscard]] bool enters_unstored(const Effect& effect) const;
  void sift(Held& held);
  void end_doubt(Held& held);
  void fail(std::uint64_t now_ms, const std::string& why);
  void judge_doubt(std::uint64_t now_ms);
  void give_up();
  void note_unstored(const std::vector<Record>& records);

  Store& store_;
  Journal::Onward onward_;
  std::function<void(bool, const std::string&)> on_state_;
  std::deque<Held> held_;                       // in order, not stored yet
  std::vector<BatchPtr> passing_;               // only while they are passed on
  std::vector<Record> riders_;                  // HandedOver of batches that went on
  std::unordered_set<std::uint64_t> doubtful_;  // connections with an answer held while down
  std::unordered_set<std::uint64_t> unstored_accounts_;  // created, and held while down
  std::optional<std::uint64_t> ride_ms_;                 // when the riders go by themselves
  std::uint64_t retry_ms_ = 0;
  std::string why_;
  bool is_down_ = false;
  bool is_ending_ = false;
  bool has_given_up_ = false;
  Unstored unstored_;
};

}  // namespace tribar
