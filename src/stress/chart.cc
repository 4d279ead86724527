// SPDX-License-Identifier: MIT
//
// See chart.h.
#include "stress/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tribar::stress {
namespace {

// Coordinates of the drawing; the page scales it.
constexpr double kWidth = 480;
constexpr double kHeight = 270;
constexpr double kLeft = 62;
constexpr double kRight = 12;
constexpr double kTop = 34;
constexpr double kBottom = 26;
constexpr double kTicksWanted = 5;
// The largest average width of a character in a tick's label, and the least space between two
// labels.
constexpr double kLabelCharacter = 7;
constexpr double kLabelGap = 4;

/// The largest of 1, 2, 5 times a power of ten that gives about kTicksWanted steps.
double round_step(double span) {
  const double raw = span / kTicksWanted;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  const double lead = raw / power;
  return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string number_text(double number) {
  return std::abs(number) >= 1000 ? fmt::format("{:.0f}", number) : fmt::format("{:.4g}", number);
}

std::string time_text(double micros) {
  if (micros < 999.5) {
    return fmt::format("{:.3g} us", micros);
  }
  return micros < 999'500 ? fmt::format("{:.3g} ms", micros / 1e3)
                          : fmt::format("{:.4g} s", micros / 1e6);
}

std::string short_text(double number) {
  constexpr std::pair<double, const char*> kSteps[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
  for (const auto& [factor, letter] : kSteps) {
    if (std::abs(number) >= factor * 0.9995) {
      return fmt::format("{:.4g}{}", number / factor, letter);
    }
  }
  return fmt::format("{:.4g}", number);
}

Axis::Axis(Scale scale, double least, double most) : scale_(scale), least_(least), most_(most) {
  if (scale == Scale::Log) {
    least_ = std::pow(10, std::floor(std::log10(std::max(least, 1e-3))));
    most_ = std::pow(10, std::ceil(std::log10(std::max(most, least_ * 1.001))));
  } else if (most_ <= least_) {
    most_ = least_ + 1;
  }
}

double Axis::place(double value) const {
  if (scale_ == Scale::Log) {
    return std::log(std::max(value, least_) / least_) / std::log(most_ / least_);
  }
  return (value - least_) / (most_ - least_);
}

std::vector<Tick> Axis::ticks(std::string_view unit) const {
  std::vector<Tick> all;
  const double step = scale_ == Scale::Log ? 0 : round_step(most_ - least_);
  const double first = scale_ == Scale::Log ? least_ : std::ceil(least_ / step) * step;
  for (double at = first; at <= most_ * (1 + 1e-9); at = step > 0 ? at + step : at * 10) {
    all.push_back({at, unit == "us"
                           ? time_text(at)
                           : fmt::format("{}{}{}", short_text(at), unit.empty() ? "" : " ", unit)});
  }
  return all;
}

Chart::Chart(std::string title, Axis x, Axis y, std::vector<Tick> x_ticks,
             std::vector<Tick> y_ticks)
    : title_(std::move(title)),
      x_(x),
      y_(y),
      x_ticks_(std::move(x_ticks)),
      y_ticks_(std::move(y_ticks)) {}

double Chart::x_of(double value) const {
  return kLeft + std::clamp(x_.place(value), 0.0, 1.0) * (kWidth - kLeft - kRight);
}

double Chart::y_of(double value) const {
  return kHeight - kBottom - std::clamp(y_.place(value), 0.0, 1.0) * (kHeight - kTop - kBottom);
}

void Chart::add_line(std::string_view name, const Points& points) {
  legend_.emplace_back(name);
  std::string& line = lines_.emplace_back();
  for (const auto& [x, y] : points) {
    line += fmt::format("{:.1f},{:.1f} ", x_of(x), y_of(y));
  }
}

void Chart::add_cell(std::pair<double, double> low, std::pair<double, double> high, double weight,
                     std::string_view hint) {
  const double left = x_of(low.first);
  const double top = y_of(high.second);
  cells_ += fmt::format(
      "<rect class=\"cell\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
      "fill-opacity=\"{:.2f}\"><title>{}</title></rect>\n",
      left, top, x_of(high.first) - left, y_of(low.second) - top, weight, html_escaped(hint));
}

std::string Chart::svg() const {
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n"
      "<text class=\"title\" x=\"4\" y=\"14\">{}</text>\n",
      kWidth, kHeight, html_escaped(title_), html_escaped(title_));
  for (const Tick& tick : y_ticks_) {
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
        "<text class=\"tick\" x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
        kLeft, kWidth - kRight, y_of(tick.at), kLeft - 6, y_of(tick.at) + 4,
        html_escaped(tick.label));
  }
  // From the right, since the last label matters most: a label that would overlap with the one
  // after it is left out; its grid line stays.
  double free_upto = kWidth;
  for (auto tick = x_ticks_.rbegin(); tick != x_ticks_.rend(); ++tick) {
    const double x = x_of(tick->at);
    out += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>",
                       x, kTop, kHeight - kBottom);
    const double half = static_cast<double>(tick->label.size()) * kLabelCharacter / 2;
    const double middle = std::min(x, kWidth - half);
    if (middle + half <= free_upto) {
      out +=
          fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                      middle, kHeight - 8, html_escaped(tick->label));
      free_upto = middle - half - kLabelGap;
    }
    out += '\n';
  }
  out += cells_;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    out += fmt::format("<polyline class=\"line line{}{}\" points=\"{}\"/>\n", i + 1,
                       i + 1 < lines_.size() ? " under" : "", lines_[i]);
  }
  double x = kWidth - kRight;
  for (std::size_t i = legend_.size(); i > 0; --i) {
    out += fmt::format(
        "<text class=\"legend legend{}\" x=\"{}\" y=\"14\" text-anchor=\"end\">{}"
        "</text>\n",
        i, x, html_escaped(legend_[i - 1]));
    x -= 9 * static_cast<double>(legend_[i - 1].size()) + 12;
  }
  return out + "</svg>\n";
}

}  // namespace tribar::stress
