// SPDX-License-Identifier: MIT
//
// Charts as inline SVG. Colours come from the style sheet of the page, so that they follow its
// light and dark mode.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tribar::stress {

/// A value with its position on an axis.
struct Tick {
  double at;
  std::string label;
};

/// Maps values to positions in the drawing, and makes ticks.
class Axis {
 public:
  enum class Scale { Linear, Log };
  /// From `least` to `most`; an empty range is widened. A log scale needs least > 0.
  Axis(Scale scale, double least, double most);

  /// The position of `value`: 0 at the least, 1 at the most.
  [[nodiscard]] double place(double value) const;
  /// Round numbers in the range, followed by `unit`; "us" becomes ms and s for larger numbers.
  [[nodiscard]] std::vector<Tick> ticks(std::string_view unit) const;
  [[nodiscard]] double least() const { return least_; }
  [[nodiscard]] double most() const { return most_; }

 private:
  Scale scale_;
  double least_;
  double most_;
};

class Chart {
 public:
  using Points = std::vector<std::pair<double, double>>;

  Chart(std::string title, Axis x, Axis y, std::vector<Tick> x_ticks, std::vector<Tick> y_ticks);

  /// Adds a line; the legend shows `name`. The `nth` line has the nth colour. If there are several,
  /// all but the last are wider and paler, so that they remain visible under the last one.
  void add_line(std::string_view name, const Points& points);
  /// Adds a cell from `low` to `high` (x and y); `weight` 0..1: its intensity; `hint`: its tooltip.
  void add_cell(std::pair<double, double> low, std::pair<double, double> high, double weight,
                std::string_view hint);
  [[nodiscard]] std::string svg() const;

 private:
  [[nodiscard]] double x_of(double value) const;
  [[nodiscard]] double y_of(double value) const;

  std::string title_;
  Axis x_;
  Axis y_;
  std::vector<Tick> x_ticks_;
  std::vector<Tick> y_ticks_;
  std::string cells_;
  std::vector<std::string> lines_;  // each a list of points
  std::vector<std::string> legend_;
};

/// `text`, escaped for HTML.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// A number with as many digits as a table needs.
[[nodiscard]] std::string number_text(double number);
/// A time in a suitable unit: "870 us", "1.2 ms", "3 s".
[[nodiscard]] std::string time_text(double micros);
/// A number; a large one is shortened with k, M or G.
[[nodiscard]] std::string short_text(double number);

}  // namespace tribar::stress
