// SPDX-License-Identifier: MIT
//
// See pacer.h.
#include "stress/pacer.h"

#include <fmt/format.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <limits>

namespace tribar::stress {
namespace {

constexpr Nanos kNever = std::numeric_limits<Nanos>::max();
// How many messages are made before they are written together; the later ones wait for the first.
constexpr std::uint64_t kAtOnce = 16;
// Even while late messages are sent, sockets must be read.
constexpr std::uint64_t kMostPerTurn = 1024;
constexpr std::size_t kEventsPerTurn = 16;
constexpr Nanos kKeptWithin = 100 * kMicrosecond;
// Above this lateness, the tool itself is what limits the results.
constexpr Nanos kLimitWithin = kMillisecond;
// The most unwritten bytes in all connections together, while the server does not read.
constexpr std::size_t kMostUnwritten = std::size_t{1} << 30;

}  // namespace

Pacer::Pacer(Crowd& crowd, User first, User count, std::uint64_t seed)
    : crowd_(crowd),
      first_(first),
      count_(count),
      seed_(mixed(seed)),
      most_unwritten_(std::max(kMostUnwritten / count, std::size_t{64} * 1024)) {
#ifdef __linux__
  // By default the system may wake us 50 us late.
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
#endif
  crowd.swarm().set_events_per_turn(kEventsPerTurn);
}

void Pacer::start(double rate, std::uint64_t messages) {
  start_ = monotonic_now();
  interval_ = 1e9 / rate;
  seed_ = mixed(seed_);
  next_ = 0;
  left_ = messages;
}

Nanos Pacer::on_time(Nanos now) {
  Swarm& swarm = crowd_.swarm();
  for (std::uint64_t done = 0; left_ > 0 && done < kMostPerTurn && due_of(next_) <= now;) {
    const std::uint64_t from = next_;
    for (; left_ > 0 && next_ - from < kAtOnce && due_of(next_) <= now; ++next_, --left_) {
      const User sender = first_ + below(count_, mixed(seed_ + next_));
      if (!crowd_.is_ready(sender) || swarm.unwritten(sender) > most_unwritten_) {
        ++skipped_;
        continue;
      }
      crowd_.send(sender, due_of(next_));
    }
    swarm.flush();
    now = swarm.refresh_now();
    for (std::uint64_t message = from; message != next_; ++message) {
      lateness_.record(difference(now, due_of(message)));
    }
    done += next_ - from;
  }
  return left_ > 0 ? due_of(next_) : kNever;
}

void report_schedule(Results& results, const Pacer& pacer, double rate) {
  const auto micros = [](Nanos span) { return static_cast<double>(span) / 1e3; };
  const Histogram& lateness = pacer.lateness();
  results.set("offered", rate);
  results.set("late_p50", micros(lateness.percentile(50)));
  results.set("late_p99", micros(lateness.percentile(99)));
  results.set("late_max", micros(lateness.max()));
  results.set("skipped", static_cast<double>(pacer.skipped()));
  if (lateness.percentile(99) > kKeptWithin) {
    results.was_generator_the_limit = lateness.percentile(99) > kLimitWithin;
    results.notes.push_back(fmt::format(
        "The schedule was not kept: 1 % of the messages left more than {:.0f} us late{}.",
        micros(lateness.percentile(99)),
        results.was_generator_the_limit ? "; the load generator was the limit" : ""));
  }
}

}  // namespace tribar::stress
