// SPDX-License-Identifier: MIT
//
// Where a scenario plays: the crowd, the clock, and the phases that all scenarios share. Keeps
// what is measured and makes the results of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "stress/crowd.h"
#include "stress/options.h"
#include "stress/pairing.h"
#include "stress/progress.h"
#include "stress/results.h"
#include "stress/usage.h"

namespace tribar::stress {

class Stage {
 public:
  /// `options` must outlive this.
  Stage(const Options& options, const Address& server, const Pairing& pairing);

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] Crowd& crowd() { return crowd_; }
  [[nodiscard]] Results& results() { return results_; }

  /// Makes a behaviour that lives as long as this, and is asked when time passes.
  template <typename Kind, typename... Args>
  Kind& cast(Args&&... args) {
    auto made = std::make_unique<Kind>(std::forward<Args>(args)...);
    Kind& kind = *made;
    behaviours_.push_back(std::move(made));
    return kind;
  }

  /// Logs in `count` users from `first` on, some at a time. False when one could not: the run has
  /// no point then.
  [[nodiscard]] bool enter(User first, User count);
  /// Lets the crowd go on until `until`, until `is_done`, or until the person interrupts.
  void pump(Nanos until, const std::function<bool()>& is_done);
  void pump_seconds(double span);
  /// Lets the warm-up pass, if there is one.
  void warm_up();
  void start_measuring();
  void stop_measuring();
  /// Waits for what is under way, as long as there is progress.
  void drain();
  /// Deletes the accounts, so that the same can run again.
  void leave();

  [[nodiscard]] bool is_interrupted() const;
  /// All that was measured. After stop_measuring().
  [[nodiscard]] Results finish();

 private:
  /// Pumps as long as `counter` changes at least every drain time.
  void pump_while_moving(const std::function<std::uint64_t()>& counter,
                         const std::function<bool()>& is_done);
  [[nodiscard]] double warmup_s() const;

  void add_figures();

  const Options& options_;
  Usernames names_;
  Pairing pairing_;
  Crowd crowd_;
  std::vector<std::unique_ptr<Behaviour>> behaviours_;
  Progress progress_;
  Results results_;
  Usage own_before_, own_after_;
};

/// From now on SIGINT and SIGTERM interrupt pumping; the second one ends the process.
void catch_interrupts();

}  // namespace tribar::stress
