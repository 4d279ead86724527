// SPDX-License-Identifier: MIT
//
// Where a scenario plays: the crowd, the clock, and the phases that all scenarios share.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "stress/crowd.h"
#include "stress/meter.h"
#include "stress/options.h"
#include "stress/pairing.h"
#include "stress/progress.h"
#include "stress/results.h"

namespace tribar::stress {

/// From now on SIGINT and SIGTERM end the measured time early; the second one ends the process.
void catch_interrupts();

class Stage {
 public:
  /// Room for `users` users. `options` must outlive this.
  Stage(const Options& options, const Address& server, User users, const Pairing& pairing);

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] Crowd& crowd() { return crowd_; }
  [[nodiscard]] Meter& meter() { return meter_; }
  [[nodiscard]] Results& results() { return results_; }

  /// Makes a behaviour that lives as long as this, and is asked when time passes.
  template <typename Kind, typename... Args>
  Kind& cast(Args&&... args) {
    auto made = std::make_unique<Kind>(std::forward<Args>(args)...);
    Kind& kind = *made;
    behaviours_.push_back(std::move(made));
    return kind;
  }

  /// Logs in `count` users from `first` on, some at a time. False when one could not or got no
  /// answer in time, or when the person interrupted: then there is nothing to measure.
  [[nodiscard]] bool enter(User first, User count);

  /// Lets the crowd go on for `span_s`. False when the person interrupted, or when it is over.
  bool play_for(double span_s);
  /// Whether neither the person interrupted nor the crowd is over.
  [[nodiscard]] bool may_go_on() const;
  /// The run is to send so many messages; fewer are reported as not done.
  void expect_sent(std::uint64_t messages) { expected_sent_ = messages; }
  /// The same until `is_done`, as long as messages come.
  void play_until(const std::function<bool()>& is_done);

  /// The warm-up that was asked for, in seconds.
  [[nodiscard]] double warmup_s() const;
  void start_measuring(double expected_s);
  void stop_measuring() { meter_.stop(); }

  /// Waits for all that is under way, as long as there is progress.
  void drain();
  /// Deletes the accounts, so that the same can run again. Behaviours have no say any more.
  void leave();
  /// All that was measured and found.
  [[nodiscard]] Results finish();

 private:
  /// One turn, no longer than until `until`.
  void turn(Nanos until);
  /// Turns until `is_done`, or until `counter` has not changed for the drain time.
  void turn_while_moving(const std::function<std::uint64_t()>& counter,
                         const std::function<bool()>& is_done);
  void show_progress(Nanos now);
  /// Everything that happened so far to messages and lists.
  [[nodiscard]] std::uint64_t events() const;
  /// Adds to results_.not_done what every scenario sets out to do.
  void judge();

  const Options& options_;
  Usernames names_;
  Pairing pairing_;
  Crowd crowd_;
  Meter meter_;
  std::vector<std::unique_ptr<Behaviour>> behaviours_;
  Progress progress_;
  Results results_;
  std::uint64_t expected_sent_ = 0;
  Nanos phase_end_ = 0;  // for the progress line
  Nanos phase_start_ = 0;
  std::uint64_t shown_delivered_ = 0;
  Nanos shown_at_ = 0;
};

}  // namespace tribar::stress
