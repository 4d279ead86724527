// SPDX-License-Identifier: MIT
//
// Charts that can be read: no label runs into another or out of the drawing, no line hides another.
#include "stress/chart.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "stress/report.h"

namespace tribar::stress {
namespace {

struct Label {
  double middle;
  double half;
};

/// The labels below a chart, from left to right, by their widest: 7 units a character.
std::vector<Label> labels_below(const std::string& svg) {
  const std::string mark = "text-anchor=\"middle\">";
  std::vector<Label> labels;
  for (std::size_t at = svg.find(mark); at != std::string::npos; at = svg.find(mark, at + 1)) {
    const std::size_t x = svg.rfind("x=\"", at) + 3;
    const std::size_t text = at + mark.size();
    labels.insert(labels.begin(), {std::stod(svg.substr(x)),
                                   static_cast<double>(svg.find('<', text) - text) * 7 / 2});
  }
  return labels;
}

// "99.99 %" and "99.999 %" stood one on the other.
TEST(PercentileChart, HasLabelsThatDoNotOverlap) {
  for (std::uint64_t total = 10; total < 10'000'000; total = total * 5 / 4 + 1) {
    const auto labels = labels_below(percentile_chart({{"run", {{1000, total - 1}, {2000, 1}}}}));
    ASSERT_GE(labels.size(), 2U) << total;
    for (std::size_t i = 1; i < labels.size(); ++i) {
      EXPECT_GT(labels[i].middle - labels[i].half, labels[i - 1].middle + labels[i - 1].half)
          << total << ": " << i;
    }
    EXPECT_LE(labels.back().middle + labels.back().half, 480) << total;
  }
}

TEST(Chart, ShowsALineThatRunsUnderAnother) {
  const Axis axis(Axis::Scale::Linear, 0, 1);
  Chart chart("", axis, axis, {}, {});
  chart.add_line("sent", {{0, 0}, {1, 1}});
  EXPECT_EQ(chart.svg().find("under"), std::string::npos) << "there is no other";
  chart.add_line("delivered", {{0, 0}, {1, 1}});
  const std::string svg = chart.svg();
  EXPECT_NE(svg.find("<polyline class=\"line line1 under\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("<polyline class=\"line line2\""), std::string::npos) << svg;
}

}  // namespace
}  // namespace tribar::stress
