// SPDX-License-Identifier: MIT
//
// See meter.h.
#include "stress/meter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tribar::stress {
namespace {

constexpr Nanos kSampleEvery = 100 * kMillisecond;
constexpr std::size_t kParts = 10;
// Above this share of a processor, no time was left.
constexpr double kBusyPercent = 95;
constexpr double kDisturbedPercent = 5;

constexpr std::array<std::pair<std::string_view, double>, 6> kPercentiles{
    {{"p50", 50}, {"p75", 75}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}}};

double micros(Nanos span) { return static_cast<double>(span) / 1e3; }

/// The slices, summed up to kParts parts of equal length; an incomplete rest at the end is left
/// out.
std::vector<Slice> parts_of(const std::vector<Slice>& slices) {
  std::vector<Slice> parts;
  const std::size_t each = slices.empty() ? 0 : (slices.size() - 1) / kParts;
  for (std::size_t i = 0; each > 0 && i < kParts * each; ++i) {
    if (i % each == 0) {
      parts.emplace_back();
    }
    parts.back().add(slices[i]);
  }
  return parts;
}

/// The length of each of parts_of().
double part_seconds(const Timeline& timeline) {
  const std::size_t slices = timeline.slices().size();
  return seconds(timeline.slice_length()) *
         static_cast<double>(slices > 0 ? (slices - 1) / kParts : 0);
}

template <typename Function>
std::vector<double> of_each(const std::vector<Slice>& parts, Function function) {
  std::vector<double> values(parts.size());
  std::transform(parts.begin(), parts.end(), values.begin(), function);
  return values;
}

/// Processor seconds per million messages of each part. The times are those of the last samples of
/// the server, which nearly match the ends of the parts.
std::vector<double> server_cpu_of_each(const std::vector<Slice>& parts, double part_s) {
  std::vector<double> values;
  Nanos cpu = 0;
  Nanos seen = 0;
  for (const Slice& part : parts) {
    const double rate = static_cast<double>(part.delivered) / part_s;
    if (part.server_seen <= seen || rate == 0) {
      return {};  // a part without a sample, or without messages: nothing to compare
    }
    const double busy =
        seconds(difference(part.server_cpu, cpu)) / seconds(part.server_seen - seen);
    values.push_back(busy / rate * 1e6);
    cpu = part.server_cpu;
    seen = part.server_seen;
  }
  return values;
}

}  // namespace

Meter::Meter(Traffic& traffic, std::optional<Process> server)
    : traffic_(traffic), server_(std::move(server)) {}

Meter::Reading Meter::read() const {
  Reading reading{.own = own_usage()};
  if (server_) {
    reading.server_cpu = server_->cpu();
    reading.server_switches = server_->context_switches();
  }
  return reading;
}

void Meter::start(Nanos slice) {
  before_ = read();
  traffic_.start_measuring(slice);
  next_sample_ = server_ ? 0 : ~Nanos{0};
}

void Meter::stop() {
  traffic_.stop_measuring();
  after_ = read();
  next_sample_ = ~Nanos{0};
}

void Meter::take_sample(Nanos now) {
  Timeline& timeline = traffic_.timeline();
  next_sample_ = now + kSampleEvery;
  const Nanos cpu = server_->cpu();
  if (cpu < before_.server_cpu) {
    return;  // the server has ended
  }
  now = std::max(now, timeline.from() + 1);
  Slice& slice = timeline.at(now);
  slice.server_seen = now - timeline.from();
  slice.server_cpu = cpu - before_.server_cpu;
  slice.server_memory_bytes = server_->resident_bytes();
}

void Meter::report(Results& results) const {
  results.timeline = traffic_.timeline();
  results.latency = results.timeline.latency();
  results.measured_s = seconds(traffic_.measured());
  report_messages(results);
  report_usage(results);
}

void Meter::report_messages(Results& results) const {
  const std::vector<Slice> parts = parts_of(results.timeline.slices());
  Slice all;
  for (const Slice& slice : results.timeline.slices()) {
    all.sent += slice.sent;
    all.delivered += slice.delivered;
  }
  results.set("sent", static_cast<double>(all.sent));
  results.set("delivered", static_cast<double>(all.delivered));
  if (all.sent + all.delivered == 0) {
    return;
  }
  const double span = std::max(results.measured_s, 1e-9);
  const double part_s = part_seconds(results.timeline);
  results.set("rate", static_cast<double>(all.delivered) / span,
              of_each(parts, [part_s](const Slice& part) {
                return static_cast<double>(part.delivered) / part_s;
              }));
  if (results.latency.total() == 0) {
    return;
  }
  for (const auto& [name, percent] : kPercentiles) {
    const double wanted = percent;
    results.set(name, micros(results.latency.percentile(wanted)),
                of_each(parts, [wanted](const Slice& part) {
                  return micros(part.latency.percentile(wanted));
                }));
  }
  results.set("max", micros(results.latency.max()));
}

void Meter::report_usage(Results& results) const {
  if (results.measured_s == 0) {
    return;
  }
  const double span = std::max(results.measured_s, 1e-9);
  const double messages = results.value_of("delivered").value_or(0);
  const double own_s = seconds(difference(after_.own.cpu, before_.own.cpu));
  const double own_busy = 100 * own_s / span;
  const double own_waited = 100 * seconds(difference(after_.own.waited, before_.own.waited)) / span;
  results.set("own_busy", own_busy);
  results.set("own_waited", own_waited);
  if (messages > 0) {
    results.set("own_cpu", own_s / messages * 1e6);
  }
  double server_busy = 0;
  if (server_ && after_.server_cpu < before_.server_cpu) {
    results.notes.emplace_back("The server's process ended: what it used is not known.");
  } else if (server_) {
    const double server_s = seconds(difference(after_.server_cpu, before_.server_cpu));
    server_busy = 100 * server_s / span;
    results.set("server_busy", server_busy);
    if (const std::uint64_t bytes = server_->resident_bytes(); bytes > 0) {
      results.set("server_memory", static_cast<double>(bytes) / (1 << 20));
    }
    if (messages > 0) {
      results.set(
          "server_cpu", server_s / messages * 1e6,
          server_cpu_of_each(parts_of(results.timeline.slices()), part_seconds(results.timeline)));
      // The switches of threads that ended meanwhile are not included.
      const std::uint64_t switches = difference(after_.server_switches, before_.server_switches);
      results.set("server_switches", static_cast<double>(switches) / messages);
    }
  }
  if (own_waited > kDisturbedPercent) {
    results.notes.push_back(
        fmt::format("This tool was ready to run but had no processor {:.0f} % of the time: this is "
                    "part of the latencies, "
                    "too.",
                    own_waited));
  }
  // A schedule polls the clock all the time; its lateness shows whether it can keep up.
  const bool has_schedule = results.value_of("offered").has_value();
  if (own_busy + own_waited > kBusyPercent && !has_schedule) {
    results.was_generator_the_limit = server_busy < kBusyPercent;
    results.notes.emplace_back(
        results.was_generator_the_limit
            ? "The load generator was the limit: its processor had no time left."
            : "The load generator and the server were both busy all the time.");
  }
}

}  // namespace tribar::stress
