// SPDX-License-Identifier: MIT
//
// See company.h.
#include "stress/company.h"

#include <limits>

namespace tribar::stress {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

std::uint64_t limit_of(const Options& options) {
  return options.messages > 0 ? options.messages : kNoLimit;
}

}  // namespace

void assign(Crowd& crowd, const Range& range, Behaviour& behaviour) {
  for (User user = range.first; user < range.end(); ++user) {
    crowd.set_behaviour(user, &behaviour);
  }
}

void report_handshakes(Results& results, const Crowd& crowd, std::uint64_t before, double span_s) {
  const Histogram& times = crowd.handshake_times();
  if (crowd.is_over_tls()) {
    results.set("handshake_rate", static_cast<double>(times.total() - before) / span_s);
    results.set("handshake_p50", static_cast<double>(times.percentile(50)) / 1e3);
    results.set("handshake_p99", static_cast<double>(times.percentile(99)) / 1e3);
  }
}

Company::Company(Stage& stage, const Roles& roles)
    : options_(stage.options()),
      roles_(roles),
      crowd_(stage.crowd()),
      talker_(stage.cast<Talker>(crowd_, options_.window, limit_of(options_))) {
  assign(crowd_, roles.talkers, talker_);
  if (options_.rate > 0 && roles.talkers.count > 0) {
    talker_.stop();
    pacer_ = &stage.cast<Pacer>(crowd_, roles.talkers.first, roles.talkers.count, options_.seed);
  }
  if (roles.sleepers.count > 0) {
    const auto span = static_cast<Nanos>(options_.nap_s * 1e9);
    sleeper_ =
        &stage.cast<Sleeper>(crowd_, talker_, roles.sleepers.first, roles.sleepers.count, span);
    assign(crowd_, roles.sleepers, *sleeper_);
    crowd_.traffic().leave_out(roles.sleepers.first, roles.sleepers.count);
  }
  if (roles.churners.count > 0) {
    // Assigned when all are logged in, since their login would already start a session.
    churner_ = &stage.cast<Churner>(crowd_, options_.burst);
    if (options_.scenario == Scenario::Churn) {
      // With protocol 1 they are written to, too; what waits for one who is away is not late.
      crowd_.traffic().leave_out(roles.churners.first, roles.churners.count);
    }
  }
  if (roles.listers.count > 0) {
    lister_ = &stage.cast<Lister>(crowd_);
    assign(crowd_, roles.listers, *lister_);
  }
}

void Company::start() {
  for (User user = roles_.talkers.first; user < roles_.sleepers.end(); ++user) {
    talker_.start(user);
  }
  if (pacer_ != nullptr) {
    pacer_->start(options_.rate, limit_of(options_));
  }
  if (sleeper_ != nullptr) {
    sleeper_->start(monotonic_now());
  }
  if (churner_ != nullptr) {
    assign(crowd_, roles_.churners, *churner_);
  }
  for (User user = roles_.churners.first; user < roles_.churners.end(); ++user) {
    churner_->start(user);
  }
  for (User user = roles_.listers.first; user < roles_.listers.end(); ++user) {
    lister_->start(user);
  }
}

void Company::stop() {
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

bool Company::is_done() const {
  return talker_.is_done() && (pacer_ == nullptr || pacer_->is_done());
}

void Company::mark() {
  sessions_before_ = churner_ == nullptr ? 0 : churner_->sessions();
  broken_before_ = churner_ == nullptr ? 0 : churner_->broken();
  logins_before_ = crowd_.login_times().total();
  handshakes_before_ = crowd_.handshake_times().total();
  resent_before_ = crowd_.traffic().numbered().resent();
  repeats_before_ = crowd_.traffic().numbered().repeats();
  lists_before_ = lister_ == nullptr ? 0 : lister_->lists();
  if (pacer_ != nullptr) {
    pacer_->forget_lateness();
  }
}

void Company::report(Results& results, double span_s) const {
  if (pacer_ != nullptr) {
    report_schedule(results, *pacer_, options_.rate);
  }
  if (sleeper_ != nullptr) {
    results.set("naps", static_cast<double>(sleeper_->naps()));
    if (sleeper_->naps() == 0) {
      results.not_done.emplace_back("No user stopped reading: the run was shorter than --nap.");
    }
  }
  if (churner_ != nullptr) {
    const auto sessions = static_cast<double>(churner_->sessions() - sessions_before_);
    results.set("session_rate", sessions / span_s);
    if (sessions == 0) {
      results.not_done.emplace_back("No session was completed in the measured time.");
    }
    const auto logins = static_cast<double>(crowd_.login_times().total() - logins_before_);
    results.set("login_rate", logins / span_s);
    report_handshakes(results, crowd_, handshakes_before_, span_s);
    if (crowd_.is_numbered()) {
      const std::uint64_t broken = churner_->broken() - broken_before_;
      const Numbered& numbered = crowd_.traffic().numbered();
      results.set("broken", static_cast<double>(broken));
      results.set("resent", static_cast<double>(numbered.resent() - resent_before_));
      results.set("repeats", static_cast<double>(numbered.repeats() - repeats_before_));
      if (broken == 0) {
        results.not_done.emplace_back("No session was broken off in the measured time.");
      }
    }
  }
  if (lister_ != nullptr) {
    const auto lists = static_cast<double>(lister_->lists() - lists_before_);
    results.set("list_rate", lists / span_s);
    if (lists == 0) {
      results.not_done.emplace_back("No list was answered in the measured time.");
    }
    results.set("list_p50", static_cast<double>(lister_->times().percentile(50)) / 1e3);
    results.set("list_p99", static_cast<double>(lister_->times().percentile(99)) / 1e3);
  }
}

}  // namespace tribar::stress
