// SPDX-License-Identifier: MIT
//
// LineLimit: which lines are written, and what is counted instead.
#include "loop/line_limit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tribar {
namespace {

using Reports = std::vector<std::string>;

/// A limit, and what it reported, as text.
class LineLimits : public testing::Test {
 protected:
  bool take(std::uint64_t network, std::size_t kind = 0) { return limit_.take({network}, kind); }
  Reports tick(std::uint64_t elapsed_ms) {
    Reports reports;
    limit_.tick(elapsed_ms, reporter(reports));
    return reports;
  }
  Reports flush() {
    Reports reports;
    limit_.flush(reporter(reports));
    return reports;
  }

  LineLimit limit_{{1000, 2, 3}};

 private:
  static LineLimit::Report reporter(Reports& reports) {
    return [&reports](const LineLimit::Omitted& omitted) {
      reports.push_back(fmt::format(
          "{}: {} {} in {}", omitted.network ? std::to_string(omitted.network->value) : "others",
          omitted.of_kind[0], omitted.of_kind[1], omitted.elapsed_ms));
    };
  }
};

TEST_F(LineLimits, LetAFewOfEachAddressThroughAndCountTheRest) {
  EXPECT_FALSE(limit_.is_counting());
  EXPECT_TRUE(take(7, 0));
  EXPECT_TRUE(limit_.is_counting());
  EXPECT_TRUE(take(7, 1));
  EXPECT_FALSE(take(7, 0));
  EXPECT_FALSE(take(7, 1));
  EXPECT_FALSE(take(7, 1));
  EXPECT_TRUE(take(0, 1));
  EXPECT_EQ(tick(999), Reports{});
  EXPECT_FALSE(take(7, 0));
  EXPECT_EQ(tick(1), Reports{"7: 2 2 in 1000"});
  EXPECT_FALSE(limit_.is_counting());
}

TEST_F(LineLimits, BeginAnewInEachPeriod) {
  EXPECT_TRUE(take(7) && take(7));
  EXPECT_FALSE(take(7));
  EXPECT_EQ(tick(1234), Reports{"7: 1 0 in 1234"});
  EXPECT_TRUE(take(7) && take(7));
  EXPECT_EQ(tick(1000), Reports{});
  // What passes while there is nothing to count does not count.
  EXPECT_EQ(tick(5000), Reports{});
  EXPECT_TRUE(take(7) && take(7));
  EXPECT_FALSE(take(7));
  EXPECT_EQ(tick(500), Reports{});
  EXPECT_EQ(tick(500), Reports{"7: 1 0 in 1000"});
}

TEST_F(LineLimits, KnowOnlySoManyAddresses) {
  for (std::uint64_t network = 1; network <= 3; ++network) {
    EXPECT_TRUE(take(network));
  }
  for (std::uint64_t network = 4; network < 10'000; ++network) {
    EXPECT_FALSE(take(network, network % 2));
  }
  EXPECT_TRUE(take(3));
  EXPECT_FALSE(take(3));
  EXPECT_FALSE(take(1) && take(1));
  EXPECT_EQ(tick(1000), (Reports{"1: 1 0 in 1000", "3: 1 0 in 1000", "others: 4998 4998 in 1000"}));
  // There is room again.
  EXPECT_TRUE(take(9));
  EXPECT_EQ(tick(1000), Reports{});
}

TEST_F(LineLimits, ReportAtOnceWhenNothingMoreWillCome) {
  EXPECT_EQ(flush(), Reports{});
  EXPECT_TRUE(take(7) && take(7));
  EXPECT_FALSE(take(7));
  EXPECT_EQ(tick(10), Reports{});
  EXPECT_EQ(flush(), Reports{"7: 1 0 in 10"});
  EXPECT_EQ(flush(), Reports{});
  EXPECT_FALSE(limit_.is_counting());
}

}  // namespace
}  // namespace tribar
