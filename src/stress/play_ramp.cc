// SPDX-License-Identifier: MIT
//
// See plays.h.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "stress/pacer.h"
#include "stress/plays.h"

namespace tribar::stress {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
constexpr double kFirstRate = 1000;
constexpr double kHighestRate = 1e8;
// The most messages in flight at the end of a step that was held, as a part of all its messages.
constexpr double kMostUnderWay = 0.01;

/// Why the last step was not held; empty if it was.
std::string why_not_held(const Options& options, const Traffic& traffic, const Pacer& pacer,
                         std::uint64_t under_way_before) {
  const Histogram latency = traffic.timeline().latency();
  const double p99_us = static_cast<double>(latency.percentile(99)) / 1e3;
  if (p99_us > options.bound_p99_us) {
    return fmt::format("p99 was {:.0f} us", p99_us);
  }
  const std::uint64_t under_way = traffic.ledger().undelivered();
  if (under_way > under_way_before && static_cast<double>(under_way - under_way_before) >
                                          kMostUnderWay * static_cast<double>(latency.total())) {
    return fmt::format("{} messages had not arrived at the end of the step", under_way);
  }
  if (latency.total() == 0) {
    return "no message arrived";
  }
  if (traffic.ledger().is_anything_wrong()) {
    return "something went wrong";
  }
  return pacer.skipped() > 0 ? "some messages could not leave" : "";
}

/// Runs one step; returns why it was not held, empty if it was.
std::string play_step(Stage& stage, Pacer& pacer, double rate) {
  const Traffic& traffic = stage.crowd().traffic();
  const double step_s = stage.options().step_s;
  const std::uint64_t under_way = traffic.ledger().undelivered();
  pacer.forget_lateness();
  stage.start_measuring(step_s);
  pacer.start(rate, kNoLimit);
  const bool is_whole = stage.play_for(step_s);
  stage.stop_measuring();
  return is_whole                  ? why_not_held(stage.options(), traffic, pacer, under_way)
         : stage.crowd().is_over() ? stage.crowd().end()
                                   : "the run was cut short";
}

}  // namespace

void play_ramp(Stage& stage, const Roles& roles) {
  const Options& options = stage.options();
  Results& results = stage.results();
  auto& pacer =
      stage.cast<Pacer>(stage.crowd(), roles.talkers.first, roles.talkers.count, options.seed);
  if (!stage.enter(0, roles.present().count)) {
    return;
  }
  double held = 0;
  double rate = options.rate > 0 ? options.rate : kFirstRate;
  for (; rate <= kHighestRate; rate *= options.step_factor) {
    const std::string why = play_step(stage, pacer, rate);
    if (!why.empty()) {
      results.notes.push_back(fmt::format("{:.0f} messages/s were not held: {}.", rate, why));
      break;
    }
    held = rate;
  }
  results.set("highest_rate", held);
  if (stage.may_go_on()) {
    results.set("failed_rate", rate);
  }
  if (held == 0) {
    results.not_done.push_back(fmt::format("Not even {:.0f} messages/s were held.", rate));
  }
  pacer.stop();
  stage.drain();
  if (held > 0 && stage.may_go_on()) {
    // The report's figures are for the rate that was held.
    const std::string why = play_step(stage, pacer, held);
    if (!why.empty()) {
      results.notes.push_back(
          fmt::format("{:.0f} messages/s were not held a second time: {}.", held, why));
    }
    pacer.stop();
    stage.drain();
  }
  report_schedule(results, pacer, held > 0 ? held : rate);
}

}  // namespace tribar::stress
