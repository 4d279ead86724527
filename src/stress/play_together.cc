// SPDX-License-Identifier: MIT
//
// See plays.h.
#include <algorithm>
#include <limits>

#include "stress/churner.h"
#include "stress/lister.h"
#include "stress/pacer.h"
#include "stress/plays.h"
#include "stress/sleeper.h"
#include "stress/talker.h"

namespace tribar::stress {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

/// Creates an account and goes.
class Visitor final : public Behaviour {
 public:
  explicit Visitor(Crowd& crowd) : crowd_(crowd) {}
  void on_ready(User user) override { crowd_.leave(user, false); }

 private:
  Crowd& crowd_;
};

void assign(Crowd& crowd, const Range& range, Behaviour& behaviour) {
  for (User user = range.first; user < range.end(); ++user) {
    crowd.set_behaviour(user, &behaviour);
  }
}

/// All that the roles need, and how they begin and end.
class Company {
 public:
  Company(Stage& stage, const Roles& roles)
      : options_(stage.options()),
        roles_(roles),
        talker_(stage.cast<Talker>(stage.crowd(), options_.window,
                                   options_.messages > 0 ? options_.messages : kNoLimit)) {
    Crowd& crowd = stage.crowd();
    assign(crowd, roles.talkers, talker_);
    if (options_.rate > 0) {
      talker_.stop();
      pacer_ = &stage.cast<Pacer>(crowd, roles.talkers.first, roles.talkers.count, options_.seed);
    }
    if (roles.sleepers.count > 0) {
      const auto span = static_cast<Nanos>(options_.nap_s * 1e9);
      sleeper_ =
          &stage.cast<Sleeper>(crowd, talker_, roles.sleepers.first, roles.sleepers.count, span);
      assign(crowd, roles.sleepers, *sleeper_);
      crowd.traffic().leave_out(roles.sleepers.first, roles.sleepers.count);
    }
    if (roles.churners.count > 0) {
      // Assigned when all are there: coming in is the beginning of a session.
      churner_ = &stage.cast<Churner>(crowd, options_.burst);
    }
    if (roles.listers.count > 0) {
      lister_ = &stage.cast<Lister>(crowd);
      assign(crowd, roles.listers, *lister_);
    }
  }

  void start(Crowd& crowd) {
    for (User user = roles_.talkers.first; user < roles_.sleepers.end(); ++user) {
      talker_.start(user);
    }
    if (pacer_ != nullptr) {
      pacer_->start(options_.rate, options_.messages > 0 ? options_.messages : kNoLimit);
    }
    if (sleeper_ != nullptr) {
      sleeper_->start(monotonic_now());
    }
    if (churner_ != nullptr) {
      assign(crowd, roles_.churners, *churner_);
    }
    for (User user = roles_.churners.first; user < roles_.churners.end(); ++user) {
      churner_->start(user);
    }
    for (User user = roles_.listers.first; user < roles_.listers.end(); ++user) {
      lister_->start(user);
    }
  }

  [[nodiscard]] bool is_done() const {
    return talker_.is_done() && (pacer_ == nullptr || pacer_->is_done());
  }

  /// What came before does not count.
  void mark() {
    sessions_ = churner_ == nullptr ? 0 : churner_->sessions();
    lists_ = lister_ == nullptr ? 0 : lister_->lists();
    if (pacer_ != nullptr) {
      pacer_->forget_lateness();
    }
  }

  void report(Results& results, double span_s) const {
    if (pacer_ != nullptr) {
      report_schedule(results, *pacer_, options_.rate);
    }
    if (sleeper_ != nullptr) {
      results.set("naps", static_cast<double>(sleeper_->naps()));
    }
    if (churner_ != nullptr) {
      results.set("session_rate", static_cast<double>(churner_->sessions() - sessions_) / span_s);
    }
    if (lister_ != nullptr) {
      results.set("list_rate", static_cast<double>(lister_->lists() - lists_) / span_s);
      results.set("list_p50", static_cast<double>(lister_->times().percentile(50)) / 1e3);
      results.set("list_p99", static_cast<double>(lister_->times().percentile(99)) / 1e3);
    }
  }

  void stop() {
    talker_.stop();
    if (pacer_ != nullptr) {
      pacer_->stop();
    }
    if (sleeper_ != nullptr) {
      sleeper_->stop();
    }
    if (churner_ != nullptr) {
      churner_->stop();
    }
    if (lister_ != nullptr) {
      lister_->stop();
    }
  }

 private:
  const Options& options_;
  const Roles& roles_;
  Talker& talker_;
  Pacer* pacer_ = nullptr;
  Sleeper* sleeper_ = nullptr;
  Churner* churner_ = nullptr;
  Lister* lister_ = nullptr;
  std::uint64_t sessions_ = 0;
  std::uint64_t lists_ = 0;
};

}  // namespace

bool open_accounts(Stage& stage, const Range& range) {
  assign(stage.crowd(), range, stage.cast<Visitor>(stage.crowd()));
  return stage.enter(range.first, range.count);
}

void play_together(Stage& stage, const Roles& roles) {
  const Options& options = stage.options();
  Results& results = stage.results();
  Company company(stage, roles);
  if (!stage.enter(0, roles.present().count) || !open_accounts(stage, roles.absent)) {
    return;
  }
  const bool is_counted = options.messages > 0;
  results.warmup_s = stage.warmup_s();
  const double rest_s = options.seconds - results.warmup_s;
  if (is_counted) {
    stage.start_measuring(1);
    company.start(stage.crowd());
    stage.play_until([&] { return company.is_done(); });
    stage.drain();
  } else {
    company.start(stage.crowd());
    stage.play_for(results.warmup_s);
    company.mark();
    stage.start_measuring(rest_s);
    stage.play_for(rest_s);
  }
  stage.stop_measuring();
  company.report(results, seconds(stage.crowd().traffic().measured()));
  company.stop();
  stage.drain();
}

}  // namespace tribar::stress
