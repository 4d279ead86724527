// SPDX-License-Identifier: MIT
//
// Drawings as inline SVG. Colours come from the style sheet of the page around them, so that they
// follow its light and dark.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tribar::stress {

/// A figure with its place on an axis.
struct Tick {
  double at;
  std::string label;
};

/// A scale from values to places in the drawing, with its ticks.
class Axis {
 public:
  enum class Scale { Linear, Log };
  /// From `least` to `most`; a range that is empty is widened. A log scale wants least > 0.
  Axis(Scale scale, double least, double most);

  /// 0 at the least value, 1 at the most.
  [[nodiscard]] double place(double value) const;
  /// Round figures in the range, with `unit` behind each; "us" turns into ms and s as it grows.
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

  /// A line; `name` shows in the legend. The `nth` line has the nth colour. With several, all but
  /// the last are broader and pale, so that they show where the last one runs over them.
  void add_line(std::string_view name, const Points& points);
  /// A cell from `low` to `high` (x and y each), `weight` 0..1 deep; `hint` shows under a pointer.
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
  std::vector<std::string> lines_;  // by number; each a list of points
  std::vector<std::string> legend_;
};

/// `text` with what HTML would take for its own escaped.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// A number with as many digits as a table needs.
[[nodiscard]] std::string number_text(double number);
/// A time in the unit that suits it: "870 us", "1.2 ms", "3 s".
[[nodiscard]] std::string time_text(double micros);
/// A number with k, M or G behind it when it is large.
[[nodiscard]] std::string short_text(double number);

}  // namespace tribar::stress
