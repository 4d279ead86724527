// SPDX-License-Identifier: MIT
//
// See compare.h. The only file here that reads JSON.
#include "stress/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <utility>

#include "base/log.h"
#include "stress/chart.h"
#include "stress/page.h"
#include "stress/report.h"

namespace tribar::stress {
namespace {

using nlohmann::json;

// A difference of more standard errors than this is not chance, given that some 20 figures are
// compared.
constexpr double kErrors = 3;

/// Mean and error of a figure, from the parts of a run.
struct Spread {
  double mean;
  double error;  // standard error of the mean
};
/// None if there are too few parts.
std::optional<Spread> spread_of(const std::vector<double>& parts) {
  if (parts.size() < 3) {
    return std::nullopt;
  }
  const auto count = static_cast<double>(parts.size());
  const double mean = std::accumulate(parts.begin(), parts.end(), 0.0) / count;
  double squares = 0;
  for (const double part : parts) {
    squares += (part - mean) * (part - mean);
  }
  return Spread{mean, std::sqrt(squares / (count - 1) / count)};
}

Comparison::Verdict judge(const Figure& first, const Figure& second) {
  using Verdict = Comparison::Verdict;
  const auto one = spread_of(first.parts);
  const auto two = spread_of(second.parts);
  if (!one || !two) {
    return Verdict::Unknown;
  }
  const double difference = two->mean - one->mean;
  if (std::abs(difference) <= kErrors * std::hypot(one->error, two->error)) {
    return Verdict::Same;
  }
  switch (first.kind->better) {
    case Better::Higher:
      return difference > 0 ? Verdict::Better : Verdict::Worse;
    case Better::Lower:
      return difference < 0 ? Verdict::Better : Verdict::Worse;
    case Better::Neither:
      break;
  }
  return Verdict::Differs;
}

const char* text_of(Comparison::Verdict verdict) {
  switch (verdict) {
    case Comparison::Verdict::Same:
      return "same";
    case Comparison::Verdict::Better:
      return "better";
    case Comparison::Verdict::Worse:
      return "worse";
    case Comparison::Verdict::Differs:
      return "differs";
    case Comparison::Verdict::Unknown:
      break;
  }
  return "";
}

std::string ratio_text(const Comparison& row) {
  return row.first == 0 ? std::string("-") : fmt::format("{:.3f}", row.second / row.first);
}

/// The settings that differ: name, first, second.
std::vector<std::array<std::string, 3>> different_settings(const Report& first,
                                                           const Report& second) {
  std::vector<std::array<std::string, 3>> rows;
  for (const auto& [name, value] : first.settings) {
    const auto at =
        std::find_if(second.settings.begin(), second.settings.end(),
                     [&wanted = name](const auto& other) { return other.first == wanted; });
    if (at != second.settings.end() && at->second != value) {
      rows.push_back({name, value, at->second});
    }
  }
  return rows;
}

constexpr std::string_view kSchema = "tribar-stress/1";

/// What is wrong with a report, as text.
struct Broken {
  std::string why;
};

/// The member `key` of `object`, which is at `path` in the report and must satisfy `is_right`;
/// `wanted` names that type in the error. Throws Broken.
const json& member_of(const json& object, std::string_view path, std::string_view key,
                      bool (json::*is_right)() const, std::string_view wanted) {
  const std::string where = path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
  const auto at = object.find(key);
  if (at == object.end()) {
    throw Broken{fmt::format("{} is missing", where)};
  }
  if (!((*at).*is_right)()) {
    throw Broken{fmt::format("{} is not {}", where, wanted)};
  }
  return *at;
}

Figure take_figure(const json& figures, const FigureKind& kind) {
  const json& figure = member_of(figures, "figures", kind.name, &json::is_object, "an object");
  const std::string path = fmt::format("figures.{}", kind.name);
  Figure taken{&kind, 0, {}};
  taken.value = member_of(figure, path, "value", &json::is_number, "a number").get<double>();
  for (const json& part : member_of(figure, path, "parts", &json::is_array, "a list")) {
    if (!part.is_number()) {
      throw Broken{fmt::format("{}.parts contains something other than numbers", path)};
    }
    taken.parts.push_back(part.get<double>());
  }
  return taken;
}

/// Throws Broken if `document` is not a report.
Report take_report(const json& document) {
  Report report;
  if (!document.is_object()) {
    throw Broken{"it is JSON, but not an object"};
  }
  const auto schema =
      member_of(document, "", "schema", &json::is_string, "a text").get<std::string>();
  if (schema != kSchema) {
    throw Broken{
        fmt::format("its schema is '{}', this program reads '{}'", log::escaped(schema), kSchema)};
  }
  const json& settings = member_of(document, "", "settings", &json::is_object, "an object");
  for (const auto& [name, value] : settings.items()) {
    report.settings.emplace_back(name, value.dump(-1, ' ', true, json::error_handler_t::replace));
  }
  const json& figures = member_of(document, "", "figures", &json::is_object, "an object");
  for (const FigureKind& kind : figure_kinds()) {
    if (figures.contains(kind.name)) {
      report.figures.push_back(take_figure(figures, kind));
    }
  }
  for (const json& bucket : member_of(document, "", "histogram_ns", &json::is_array, "a list")) {
    if (!bucket.is_array() || bucket.size() != 2 || !bucket[0].is_number_unsigned() ||
        !bucket[1].is_number_unsigned()) {
      throw Broken{"histogram_ns contains something other than pairs of latency and count"};
    }
    report.latency.push_back({bucket[0].get<Nanos>(), bucket[1].get<std::uint64_t>()});
  }
  const json& verdict = member_of(document, "", "verdict", &json::is_object, "an object");
  report.is_right = member_of(verdict, "verdict", "right", &json::is_boolean, "true or false");
  return report;
}

/// Where and why `text` is not JSON, as text. `at`: the byte at which the parser stopped, counted
/// from 1.
std::string syntax_error(std::string_view text, std::size_t at) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return "it is empty";
  }
  if (at > text.size()) {
    return "it is incomplete";
  }
  const std::string_view before = text.substr(0, at > 0 ? at - 1 : 0);
  const std::size_t line = before.rfind('\n');
  return fmt::format("it is not JSON (line {}, column {})",
                     std::count(before.begin(), before.end(), '\n') + 1,
                     line == std::string_view::npos ? before.size() + 1 : before.size() - line);
}

}  // namespace

Result<Report, std::string> read_report(std::string name, const std::string& text) {
  try {
    Report report = take_report(json::parse(text));
    report.name = std::move(name);
    return report;
  } catch (const Broken& broken) {
    return fmt::format("{}: not a report of tribar-stress: {}", name, broken.why);
  } catch (const json::parse_error& error) {
    return fmt::format("{}: not a report of tribar-stress: {}", name,
                       syntax_error(text, error.byte));
  } catch (const json::out_of_range&) {
    return fmt::format("{}: not a report of tribar-stress: it contains a number that is too large",
                       name);
  }
}

std::vector<Comparison> compare(const Report& first, const Report& second) {
  std::vector<Comparison> rows;
  for (const Figure& one : first.figures) {
    for (const Figure& two : second.figures) {
      if (one.kind == two.kind) {
        rows.push_back({one.kind, one.value, two.value, judge(one, two)});
      }
    }
  }
  return rows;
}

std::string comparison_as_text(const Report& first, const Report& second) {
  std::string text = fmt::format("A {}{}\nB {}{}\n", first.name, first.is_right ? "" : " (WRONG)",
                                 second.name, second.is_right ? "" : " (WRONG)");
  for (const auto& [name, one, two] : different_settings(first, second)) {
    text += fmt::format("  {} is {} in A, {} in B\n", name, one, two);
  }
  text += fmt::format("\n  {:<16} {:>14} {:>14} {:>8}\n", "", "A", "B", "B/A");
  for (const Comparison& row : compare(first, second)) {
    text += fmt::format("  {:<16} {:>14} {:>14} {:>8} {:<11} {}\n", row.kind->name,
                        number_text(row.first), number_text(row.second), ratio_text(row),
                        row.kind->unit, text_of(row.verdict));
  }
  return text +
         "\nbetter, worse, differs: further apart than the runs vary by themselves; same: not "
         "so.\n";
}

std::string comparison_as_html(const Report& first, const Report& second) {
  std::string body =
      fmt::format("<h1>tribar-stress: two runs</h1>\n<p>A: {}{}</p>\n<p>B: {}{}</p>\n",
                  html_escaped(first.name), first.is_right ? "" : " (wrong)",
                  html_escaped(second.name), second.is_right ? "" : " (wrong)");
  for (const auto& [name, one, two] : different_settings(first, second)) {
    body += fmt::format("<p class=\"faint\">{} is {} in A, {} in B</p>\n", html_escaped(name),
                        html_escaped(one), html_escaped(two));
  }
  if (!first.latency.empty() && !second.latency.empty()) {
    body += fmt::format("<div class=\"charts\"><div class=\"chart\">{}</div></div>\n",
                        percentile_chart({{"A", first.latency}, {"B", second.latency}}));
  }
  body +=
      "<div class=\"scroll\"><table>\n<tr><th></th><th class=\"number\">A</th>"
      "<th class=\"number\">B</th><th class=\"number\">B/A</th><th></th><th></th></tr>\n";
  for (const Comparison& row : compare(first, second)) {
    body += fmt::format(
        "<tr><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>"
        "<td class=\"number\">{}</td><td>{}</td><td{}>{}</td></tr>\n",
        row.kind->name, number_text(row.first), number_text(row.second), ratio_text(row),
        row.kind->unit, row.verdict == Comparison::Verdict::Worse ? " class=\"marked\"" : "",
        text_of(row.verdict));
  }
  body +=
      "</table></div>\n<p class=\"faint\">better, worse, differs: further apart than the runs vary "
      "by themselves; same: not so.</p>\n";
  return page_around("tribar-stress: two runs", body);
}

}  // namespace tribar::stress
