// SPDX-License-Identifier: MIT
//
// What all scenarios share: the crowd, the clock, and the phases.
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

/// From now on the first SIGINT or SIGTERM ends the measured time early; the second one ends the
/// process.
void catch_interrupts();

class Stage {
 public:
  /// Room for `users` users. `options` must outlive this.
  Stage(const Options& options, const Server& server, User users, const Pairing& pairing);

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] Crowd& crowd() { return crowd_; }
  [[nodiscard]] Meter& meter() { return meter_; }
  [[nodiscard]] Results& results() { return results_; }

  /// Creates a behaviour that lives as long as this, and whose on_time() is called.
  template <typename Kind, typename... Args>
  Kind& cast(Args&&... args) {
    auto made = std::make_unique<Kind>(std::forward<Args>(args)...);
    Kind& kind = *made;
    behaviours_.push_back(std::move(made));
    return kind;
  }

  /// Logs in `count` users from `first` on, several at once. False if one failed or got no answer
  /// in time, or if the run was interrupted: then there is nothing to measure.
  [[nodiscard]] bool enter(User first, User count);

  /// Runs the crowd for `span_s` seconds. False if the run was interrupted or is over.
  bool play_for(double span_s);
  /// Whether the run was neither interrupted nor is over.
  [[nodiscard]] bool may_go_on() const;
  /// Sets how many messages the run must send; fewer are reported as not done.
  void expect_sent(std::uint64_t messages) { expected_sent_ = messages; }
  /// Runs the crowd until `is_done`, as long as messages arrive.
  void play_until(const std::function<bool()>& is_done);

  /// The requested warm-up, in seconds.
  [[nodiscard]] double warmup_s() const;
  void start_measuring(double expected_s);
  void stop_measuring() { meter_.stop(); }

  /// Waits for everything in flight, as long as there is progress.
  void drain();
  /// Deletes the accounts, so that the same run can be repeated. Behaviours are not called any
  /// more.
  void leave();
  /// Returns all measurements and findings.
  [[nodiscard]] Results finish();

 private:
  /// One turn, until `until` at the latest.
  void turn(Nanos until);
  /// Runs turns until `is_done`, or until `counter` has not changed for the drain time.
  void turn_while_moving(const std::function<std::uint64_t()>& counter,
                         const std::function<bool()>& is_done);
  void show_progress(Nanos now);
  /// The number of all events of messages and lists so far.
  [[nodiscard]] std::uint64_t events() const;
  /// Adds to results_.not_done what every scenario must do and this one did not.
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
