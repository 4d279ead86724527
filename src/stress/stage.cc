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

// Enough to keep a server busy, few enough for any listen backlog.
constexpr User kEnteringAtOnce = 128;
constexpr Nanos kLongestTurn = 100 * kMillisecond;
constexpr double kSlicesPerRun = 100;
constexpr double kBusy = 0.95;

volatile std::sig_atomic_t g_interrupts = 0;

void on_interrupt(int signal) {
  if (g_interrupts > 0) {
    _exit(128 + signal);
  }
  g_interrupts = 1;
}

Nanos to_nanos(double span_s) { return static_cast<Nanos>(span_s * 1e9); }

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

Stage::Stage(const Options& options, const Address& server, const Pairing& pairing)
    : options_(options),
      names_(prefix_of_run(options.seed), options.users),
      pairing_(pairing),
      crowd_(server, {options.seed, options.least_bytes, options.most_bytes}, names_, pairing_),
      progress_(options.is_quiet) {}

bool Stage::is_interrupted() const { return g_interrupts > 0; }

bool Stage::enter(User first, User count) {
  const User end = first + count;
  User next = first;
  const auto feed = [&] {
    while (next < end && crowd_.entering() < kEnteringAtOnce) {
      if (crowd_.is_away(next)) {
        crowd_.enter(next);
      }
      ++next;
    }
    return (next == end && crowd_.entering() == 0) || crowd_.failed_logins().count > 0;
  };
  pump_while_moving([&] { return crowd_.login_times().total() + crowd_.failed_logins().count; },
                    feed);
  return next == end && crowd_.entering() == 0 && crowd_.failed_logins().count == 0;
}

void Stage::pump(Nanos until, const std::function<bool()>& is_done) {
  Nanos now = monotonic_now();
  while (now < until && !is_interrupted() && !is_done()) {
    Nanos next = std::min(until, now + kLongestTurn);
    for (const auto& behaviour : behaviours_) {
      next = std::min(next, behaviour->on_time(now));
    }
    crowd_.turn(next);
    now = crowd_.swarm().now();
    if (progress_.is_due(now)) {
      const Ledger& ledger = crowd_.traffic().ledger();
      progress_.show(now, fmt::format("{} users, {} messages sent, {} delivered", crowd_.ready(),
                                      ledger.sent(), ledger.delivered()));
    }
  }
}

void Stage::pump_seconds(double span) {
  pump(monotonic_now() + to_nanos(span), [] { return false; });
}

void Stage::pump_while_moving(const std::function<std::uint64_t()>& counter,
                              const std::function<bool()>& is_done) {
  const Nanos patience = to_nanos(options_.drain_s);
  std::uint64_t last = counter();
  Nanos deadline = monotonic_now() + patience;
  const auto is_over = [&] {
    if (counter() != last) {
      last = counter();
      deadline = crowd_.swarm().now() + patience;
    }
    return is_done() || crowd_.swarm().now() >= deadline;
  };
  pump(~Nanos{0}, is_over);
}

double Stage::warmup_s() const {
  const double usual = options_.messages > 0 ? 0 : std::min(1.0, options_.seconds / 10);
  return options_.warmup_s.value_or(usual);
}

void Stage::warm_up() {
  results_.warmup_s = warmup_s();
  pump_seconds(results_.warmup_s);
}

void Stage::start_measuring() {
  const double span = options_.messages > 0 ? 1 : options_.seconds;
  crowd_.traffic().start_measuring(std::max(to_nanos(span / kSlicesPerRun), kMillisecond));
  own_before_ = own_usage();
}

void Stage::stop_measuring() {
  crowd_.traffic().stop_measuring();
  own_after_ = own_usage();
}

void Stage::drain() {
  const Ledger& ledger = crowd_.traffic().ledger();
  pump_while_moving([&] { return ledger.delivered() + ledger.confirmed(); },
                    [&] { return ledger.undelivered() == 0 && ledger.unanswered() == 0; });
}

void Stage::leave() {
  User next = 0;
  const auto feed = [&] {
    for (User user = 0; user < crowd_.count(); ++user) {
      if (crowd_.is_ready(user)) {
        crowd_.leave(user, true);
      }
    }
    while (next < crowd_.count() && crowd_.entering() < kEnteringAtOnce) {
      if (crowd_.is_away(next) && crowd_.has_account(next)) {
        crowd_.enter(next);
      }
      ++next;
    }
    return next == crowd_.count() && crowd_.entering() + crowd_.ready() + crowd_.leaving() == 0;
  };
  pump_while_moving([&] { return crowd_.leaving() + crowd_.entering(); }, feed);
  progress_.clear();
}

Results Stage::finish() {
  results_.was_cut_short = is_interrupted();
  results_.findings = crowd_.traffic().ledger().findings();
  results_.failed_logins = crowd_.failed_logins();
  results_.timeline = crowd_.traffic().timeline();
  results_.latency = results_.timeline.latency();
  results_.measured_s = seconds(crowd_.traffic().measured());
  add_figures();
  return std::move(results_);
}

void Stage::add_figures() {
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  for (const Slice& slice : results_.timeline.slices()) {
    sent += slice.sent;
    delivered += slice.delivered;
  }
  const double span = std::max(results_.measured_s, 1e-9);
  const auto add = [this](std::string name, std::string unit, double value, Better better) {
    results_.figures.push_back({std::move(name), std::move(unit), value, better, {}});
  };
  add("sent", "messages", static_cast<double>(sent), Better::Neither);
  add("delivered", "messages", static_cast<double>(delivered), Better::Neither);
  add("rate", "messages/s", static_cast<double>(delivered) / span, Better::Higher);
  for (const auto& [name, percent] : {std::pair{"p50", 50.0},
                                      {"p75", 75.0},
                                      {"p90", 90.0},
                                      {"p99", 99.0},
                                      {"p99.9", 99.9},
                                      {"p99.99", 99.99}}) {
    add(name, "us", static_cast<double>(results_.latency.percentile(percent)) / 1e3, Better::Lower);
  }
  add("max", "us", static_cast<double>(results_.latency.max()) / 1e3, Better::Lower);
  const double cpu_s = seconds(own_after_.cpu - own_before_.cpu);
  const double waited_s = seconds(own_after_.waited - own_before_.waited);
  const double millions = std::max(static_cast<double>(delivered), 1.0) / 1e6;
  add("own_busy", "%", 100 * cpu_s / span, Better::Neither);
  add("own_waited", "%", 100 * waited_s / span, Better::Neither);
  add("own_cpu", "s/million", cpu_s / millions, Better::Neither);
  results_.was_generator_the_limit = (cpu_s + waited_s) / span > kBusy;
}

}  // namespace tribar::stress
