// SPDX-License-Identifier: MIT
//
// The report as one page.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "stress/chart.h"
#include "stress/page.h"
#include "stress/report.h"

namespace tribar::stress {
namespace {

constexpr std::size_t kHeatColumns = 64;
constexpr double kHeatRowsPerDecade = 12;
using Scale = Axis::Scale;

std::string tiles_of(const Results& results) {
  constexpr std::pair<const char*, const char*> kTiles[] = {{"rate", "delivered"},
                                                            {"highest_rate", "held"},
                                                            {"login_rate", "logins"},
                                                            {"store_rate", "stored"},
                                                            {"drain_rate", "drained"},
                                                            {"session_rate", "sessions"},
                                                            {"list_rate", "lists"},
                                                            {"p50", "p50"},
                                                            {"p99", "p99"},
                                                            {"p99.9", "p99.9"},
                                                            {"max", "max"},
                                                            {"server_cpu", "server's processor"},
                                                            {"server_per_user", "memory a user"}};
  std::string html;
  for (const auto& [name, label] : kTiles) {
    for (const Figure& figure : results.figures) {
      if (figure.kind->name == name) {
        const bool is_time = figure.kind->unit == "us";
        html += fmt::format(
            "<div class=\"tile\"><span class=\"faint\">{}</span><b>{}</b>"
            "<span class=\"faint\">{}</span></div>\n",
            label, is_time ? time_text(figure.value) : short_text(figure.value),
            is_time ? "" : figure.kind->unit);
      }
    }
  }
  return html;
}

std::string rate_chart(const Timeline& timeline) {
  const double length_s = seconds(timeline.slice_length());
  Chart::Points sent;
  Chart::Points delivered;
  double most = 0;
  // The last slice is incomplete.
  for (std::size_t i = 0; i + 1 < timeline.slices().size(); ++i) {
    const Slice& slice = timeline.slices()[i];
    const double at = (static_cast<double>(i) + 0.5) * length_s;
    sent.emplace_back(at, static_cast<double>(slice.sent) / length_s);
    delivered.emplace_back(at, static_cast<double>(slice.delivered) / length_s);
    most = std::max({most, sent.back().second, delivered.back().second});
  }
  const Axis x(Scale::Linear, 0, length_s * static_cast<double>(timeline.slices().size()));
  const Axis y(Scale::Linear, 0, most * 1.05);
  Chart chart("Messages a second over time", x, y, x.ticks("s"), y.ticks(""));
  chart.add_line("sent", sent);
  chart.add_line("delivered", delivered);
  return chart.svg();
}

std::string heat_chart(const Results& results) {
  const auto& slices = results.timeline.slices();
  const std::size_t each = (slices.size() + kHeatColumns - 1) / kHeatColumns;
  const double column_s = seconds(results.timeline.slice_length()) * static_cast<double>(each);
  std::map<std::pair<std::size_t, int>, std::uint64_t> cells;
  std::uint64_t most = 1;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    for (const auto& [value, count] : slices[i].latency.buckets()) {
      const double micros = std::max(static_cast<double>(value) / 1e3, 0.001);
      const int row = static_cast<int>(std::floor(std::log10(micros) * kHeatRowsPerDecade));
      most = std::max(most, cells[{i / each, row}] += count);
    }
  }
  const Axis x(Scale::Linear, 0,
               seconds(results.timeline.slice_length()) * static_cast<double>(slices.size()));
  const Axis y(Scale::Log, static_cast<double>(results.latency.min()) / 1e3,
               static_cast<double>(results.latency.max()) / 1e3);
  Chart chart("Latency over time (stronger: more messages)", x, y, x.ticks("s"), y.ticks("us"));
  for (const auto& [place, count] : cells) {
    const double from_s = static_cast<double>(place.first) * column_s;
    const double low = std::pow(10, place.second / kHeatRowsPerDecade);
    const double high = std::pow(10, (place.second + 1) / kHeatRowsPerDecade);
    const double weight = 0.12 + 0.88 * std::log1p(static_cast<double>(count)) /
                                     std::log1p(static_cast<double>(most));
    chart.add_cell({from_s, low}, {from_s + column_s, high}, weight,
                   fmt::format("{} messages of {} to {} at {:.2f} s", count, time_text(low),
                               time_text(high), from_s));
  }
  return chart.svg();
}

/// Processor and memory of the server, from the slices that have a sample.
std::string server_charts(const Timeline& timeline) {
  const double length_s = seconds(timeline.slice_length());
  Chart::Points busy;
  Chart::Points memory;
  double last_s = 0;
  Nanos last_cpu = 0;
  double most_busy = 100;
  double most_memory = 1;
  for (const Slice& slice : timeline.slices()) {
    if (slice.server_seen == 0) {
      continue;
    }
    const double at = seconds(slice.server_seen);
    memory.emplace_back(at, static_cast<double>(slice.server_memory_bytes) / (1 << 20));
    most_memory = std::max(most_memory, memory.back().second);
    if (memory.size() > 1) {
      busy.emplace_back(at, 100 * seconds(difference(slice.server_cpu, last_cpu)) / (at - last_s));
      most_busy = std::max(most_busy, busy.back().second);
    }
    last_s = at;
    last_cpu = slice.server_cpu;
  }
  if (memory.empty()) {
    return "";
  }
  const Axis x(Scale::Linear, 0, length_s * static_cast<double>(timeline.slices().size()));
  const Axis busy_axis(Scale::Linear, 0, most_busy * 1.05);
  const Axis memory_axis(Scale::Linear, 0, most_memory * 1.1);
  Chart first("The server's processor over time", x, busy_axis, x.ticks("s"), busy_axis.ticks("%"));
  first.add_line("of one processor", busy);
  Chart second("The server's memory over time", x, memory_axis, x.ticks("s"),
               memory_axis.ticks("MiB"));
  second.add_line("resident", memory);
  return fmt::format("<div class=\"chart\">{}</div>\n<div class=\"chart\">{}</div>\n", first.svg(),
                     second.svg());
}

std::string tables_of(const Results& results) {
  std::string html =
      "<h2>What was found</h2>\n<div class=\"scroll\"><table>\n"
      "<tr><th></th><th class=\"number\">count</th><th>the first</th></tr>\n";
  for (const auto& [name, finding] : results.all_findings()) {
    html += fmt::format("<tr><td>{}</td><td class=\"number{}\">{}</td><td>{}</td></tr>\n", name,
                        finding->count > 0 ? " marked" : "", finding->count,
                        html_escaped(finding->first));
  }
  html +=
      "</table></div>\n<h2>All figures</h2>\n<div class=\"scroll\"><table>\n"
      "<tr><th></th><th class=\"number\">value</th><th></th><th></th></tr>\n";
  for (const Figure& figure : results.figures) {
    html += fmt::format(
        "<tr><td>{}</td><td class=\"number\">{}</td><td>{}</td><td "
        "class=\"faint\">{}</td></tr>\n",
        figure.kind->name, number_text(figure.value), figure.kind->unit, figure.kind->meaning);
  }
  return html + "</table></div>\n";
}

}  // namespace

std::string percentile_chart(const std::vector<NamedLatency>& runs) {
  double least = 1e12;
  double most = 1;
  double nines = 1;
  for (const auto& [name, buckets] : runs) {
    std::uint64_t total = 0;
    for (const auto& [value, count] : buckets) {
      total += count;
      least = std::min(least, static_cast<double>(value) / 1e3);
      most = std::max(most, static_cast<double>(value) / 1e3);
    }
    nines = std::max(nines, std::log10(static_cast<double>(std::max<std::uint64_t>(total, 10))));
  }
  nines = std::min(nines, 5.3);  // larger values are drawn at the edge
  const Axis x(Scale::Linear, 0, nines);
  const Axis y(Scale::Log, least, most);
  std::vector<Tick> ticks{{std::log10(2), "50 %"}};
  constexpr const char* kNames[] = {"90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"};
  for (int i = 1; i <= static_cast<int>(nines); ++i) {
    ticks.push_back({static_cast<double>(i), kNames[i - 1]});
  }
  Chart chart("Latency by percentile", x, y, ticks, y.ticks("us"));
  for (const auto& [name, buckets] : runs) {
    std::uint64_t total = 0;
    for (const auto& bucket : buckets) {
      total += bucket.count;
    }
    Chart::Points points;
    std::uint64_t seen = 0;
    for (const auto& [value, count] : buckets) {
      seen += count;
      // The share of values that are at least as slow, as a power of ten.
      const double slower = static_cast<double>(total - seen + 1) / static_cast<double>(total);
      points.emplace_back(-std::log10(slower), static_cast<double>(value) / 1e3);
    }
    chart.add_line(name, points);
  }
  return chart.svg();
}

std::string report_as_html(const Options& options, const Results& results) {
  std::string body = fmt::format(
      "<h1>tribar-stress: {}</h1>\n"
      "<p><span class=\"verdict {}\">{}</span></p>\n"
      "<p class=\"faint\">{} Server {}.</p>\n",
      name_of(options.scenario), results.is_wrong() ? "bad" : "good",
      results.is_wrong() ? "wrong" : "all right", run_in_words(options, results),
      html_escaped(to_text(options.servers)));
  for (const std::string& what : results.not_done) {
    body += fmt::format("<p class=\"marked\">{}</p>\n", html_escaped(what));
  }
  for (const std::string& note : results.notes) {
    body += fmt::format("<p>{}</p>\n", html_escaped(note));
  }
  body +=
      fmt::format("<div class=\"tiles\">\n{}</div>\n<div class=\"charts\">\n", tiles_of(results));
  if (results.latency.total() > 0) {
    body += fmt::format(
        "<div class=\"chart\">{}</div>\n<div class=\"chart\">{}</div>\n",
        percentile_chart({{std::string(name_of(options.scenario)), results.latency.buckets()}}),
        heat_chart(results));
  }
  if (results.value_of("sent").value_or(0) > 0) {
    body += fmt::format("<div class=\"chart\">{}</div>\n", rate_chart(results.timeline));
  }
  body += server_charts(results.timeline);
  body += fmt::format("</div>\n{}", tables_of(results));
  return page_around(fmt::format("tribar-stress: {}", name_of(options.scenario)), body);
}

}  // namespace tribar::stress
