// SPDX-License-Identifier: MIT
//
// See stage.h.
#include "stress/stage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace tribar::stress {
namespace {

// Logins or logouts at once: enough to keep a server busy, few enough for any listen backlog.
constexpr User kMovingAtOnce = 128;
constexpr Nanos kLongestTurn = 100 * kMillisecond;
constexpr double kSlicesPerRun = 100;

volatile std::sig_atomic_t g_is_interrupted = 0;

void on_interrupt(int signal) {
  if (g_is_interrupted != 0) {
    _exit(128 + signal);
  }
  g_is_interrupted = 1;
}

bool is_interrupted() { return g_is_interrupted != 0; }

Nanos to_nanos(double span_s) { return static_cast<Nanos>(span_s * 1e9); }

/// Deletes the account of each user who logs in; a user who leaves without that logs in again.
class Leaver final : public Behaviour {
 public:
  explicit Leaver(Crowd& crowd) : crowd_(crowd) {}
  void on_ready(User user) override { crowd_.leave(user, true); }
  void on_left(User user) override {
    if (crowd_.has_account(user) && !crowd_.is_server_gone()) {
      crowd_.enter(user);
    }
  }

 private:
  Crowd& crowd_;
};

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

Stage::Stage(const Options& options, const Server& server, User users, const Pairing& pairing)
    : options_(options),
      names_(prefix_of_run(options.seed), users),
      pairing_(pairing),
      crowd_(server, {options.seed, options.least_bytes, options.most_bytes, options.protocol},
             options.secret, names_, pairing_),
      meter_(crowd_.traffic(),
             options.server_pid ? Process::find(*options.server_pid) : std::nullopt),
      progress_(options.is_quiet) {}

bool Stage::enter(User first, User count) {
  const User end = first + count;
  User next = first;
  const auto is_done = [&] {
    while (next < end && crowd_.entering() + crowd_.leaving() < kMovingAtOnce) {
      crowd_.enter(next++);
    }
    return (next == end && crowd_.entering() + crowd_.leaving() == 0) ||
           crowd_.has_failed_login() || is_interrupted();
  };
  turn_while_moving([&] { return crowd_.login_times().total() + crowd_.leaving(); }, is_done);
  if (crowd_.entering() > 0 && !crowd_.has_failed_login() && !is_interrupted()) {
    crowd_.give_up_entering(fmt::format("no answer within {} s", options_.drain_s));
  }
  return next == end && crowd_.entering() == 0 && !crowd_.has_failed_login();
}

void Stage::turn(Nanos until) {
  Nanos now = crowd_.swarm().refresh_now();
  Nanos next = std::min(until, now + kLongestTurn);
  for (const auto& behaviour : behaviours_) {
    next = std::min(next, behaviour->on_time(now));
  }
  crowd_.turn(next);
  now = crowd_.swarm().now();
  meter_.sample(now);
  if (progress_.is_due(now)) {
    show_progress(now);
  }
}

bool Stage::may_go_on() const { return !is_interrupted() && !crowd_.is_over(); }

bool Stage::play_for(double span_s) {
  phase_start_ = monotonic_now();
  phase_end_ = phase_start_ + to_nanos(span_s);
  while (crowd_.swarm().refresh_now() < phase_end_ && may_go_on()) {
    turn(phase_end_);
  }
  phase_end_ = 0;
  return may_go_on();
}

void Stage::play_until(const std::function<bool()>& is_done) {
  turn_while_moving([this] { return events(); }, [&] { return is_done() || !may_go_on(); });
}

std::uint64_t Stage::events() const {
  const Ledger& ledger = crowd_.traffic().ledger();
  return ledger.delivered() + ledger.confirmed() + ledger.refused() + crowd_.answered_lists();
}

void Stage::turn_while_moving(const std::function<std::uint64_t()>& counter,
                              const std::function<bool()>& is_done) {
  const Nanos patience = to_nanos(options_.drain_s);
  std::uint64_t last = counter();
  Nanos deadline = crowd_.swarm().refresh_now() + patience;
  while (!is_done() && crowd_.swarm().now() < deadline) {
    turn(deadline);
    if (counter() != last) {
      last = counter();
      deadline = crowd_.swarm().now() + patience;
    }
  }
}

double Stage::warmup_s() const {
  const double usual = options_.messages > 0 ? 0 : std::min(1.0, options_.seconds / 10);
  return options_.warmup_s.value_or(usual);
}

void Stage::start_measuring(double expected_s) {
  meter_.start(std::max(to_nanos(expected_s / kSlicesPerRun), kMillisecond));
}

void Stage::drain() {
  const Ledger& ledger = crowd_.traffic().ledger();
  turn_while_moving([this] { return events(); },
                    [&] {
                      return crowd_.is_over() ||
                             (ledger.undelivered() == 0 && ledger.unanswered() == 0 &&
                              crowd_.open_lists() == 0 &&
                              crowd_.entering() + crowd_.leaving() == 0);
                    });
}

void Stage::leave() {
  auto& leaver = cast<Leaver>(crowd_);
  for (User user = 0; user < crowd_.count(); ++user) {
    crowd_.set_behaviour(user, &leaver);
    if (crowd_.is_ready(user)) {
      // If the run is over, the server may have closed this connection without reading its input.
      crowd_.leave(user, !crowd_.is_over());
    }
  }
  User next = 0;
  turn_while_moving(
      [&] { return crowd_.login_times().total() + crowd_.leaving(); },
      [&] {
        while (next < crowd_.count() && crowd_.entering() + crowd_.leaving() < kMovingAtOnce) {
          if (crowd_.is_away(next) && crowd_.has_account(next) && !crowd_.is_server_gone()) {
            crowd_.enter(next);
          }
          ++next;
        }
        return next == crowd_.count() && crowd_.entering() + crowd_.leaving() == 0;
      });
  User left = crowd_.leaving() + crowd_.entering();
  for (User user = 0; user < crowd_.count(); ++user) {
    left += crowd_.is_ready(user) || (crowd_.is_away(user) && crowd_.has_account(user)) ? 1 : 0;
  }
  if (left > 0 && !crowd_.is_server_gone()) {
    results_.not_done.push_back(fmt::format(
        "{} accounts could not be deleted: no reply within {} s.", left, options_.drain_s));
  }
  progress_.clear();
}

void Stage::judge() {
  const Ledger& ledger = crowd_.traffic().ledger();
  std::vector<std::string>& not_done = results_.not_done;
  if (crowd_.is_over()) {
    not_done.insert(not_done.begin(), crowd_.end() + '.');
  }
  const bool is_silent = options_.scenario == Scenario::Idle;
  if (crowd_.login_times().total() == 0) {
    not_done.emplace_back("Nobody logged in.");
  } else if (!is_silent && ledger.sent() == 0) {
    not_done.emplace_back("No message was sent.");
  } else if (!is_silent && ledger.delivered() == 0) {
    not_done.emplace_back("No message was delivered.");
  } else if (!is_silent && ledger.confirmed() == 0) {
    not_done.emplace_back("No message was confirmed.");
  } else if (results_.measured_s == 0) {
    not_done.emplace_back("Nothing was measured.");
  } else if (!is_silent && results_.value_of("delivered") == 0) {
    not_done.emplace_back("No message was delivered in the measured time.");
  }
  if (expected_sent_ > ledger.sent() && !is_interrupted()) {
    not_done.push_back(
        fmt::format("Of {} messages only {} were sent.", expected_sent_, ledger.sent()));
  }
  const std::uint64_t lists = crowd_.open_lists() + crowd_.lost_lists();
  if (lists > 0) {
    not_done.push_back(fmt::format("{} lists were not answered.", lists));
  }
}

Results Stage::finish() {
  results_.was_cut_short = is_interrupted();
  results_.findings = crowd_.traffic().ledger().findings();
  results_.failed_logins = crowd_.failed_logins();
  meter_.report(results_);
  if (crowd_.returns() > 0) {
    results_.notes.push_back(
        fmt::format("{} connections were lost and made again, with the next server; for {:.2f} s "
                    "nobody was logged in.",
                    crowd_.returns(), seconds(crowd_.longest_absence())));
  }
  judge();
  return std::move(results_);
}

void Stage::show_progress(Nanos now) {
  const Ledger& ledger = crowd_.traffic().ledger();
  const double span = std::max(seconds(difference(now, shown_at_)), 1e-3);
  const double rate = static_cast<double>(difference(ledger.delivered(), shown_delivered_)) / span;
  shown_at_ = now;
  shown_delivered_ = ledger.delivered();
  const std::vector<Slice>& slices = crowd_.traffic().timeline().slices();
  const Nanos p99 = slices.empty() ? 0 : slices.back().latency.percentile(99);
  const std::string elapsed = phase_end_ > 0
                                  ? fmt::format(", {:.1f} of {:.1f} s", seconds(now - phase_start_),
                                                seconds(phase_end_ - phase_start_))
                                  : std::string();
  progress_.show(now, fmt::format("{} users, {:.0f} messages/s, p99 {:.0f} us{}", crowd_.ready(),
                                  rate, static_cast<double>(p99) / 1e3, elapsed));
}

}  // namespace tribar::stress
