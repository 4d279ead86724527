// SPDX-License-Identifier: MIT
//
// LineLimit: which lines are written, and what is counted instead.
#include "loop/line_limit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "loop/account_log.h"
#include "loop/session_log.h"

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

  LineLimit limit_{{1000, 2, 10}};

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

TEST_F(LineLimits, LetOnlySoManyLinesThroughInAll) {
  // Ten lines: two of the first, one of its report, six more, and one of the report of all others.
  EXPECT_TRUE(take(1) && take(1));
  EXPECT_FALSE(take(1));
  for (std::uint64_t network = 2; network <= 7; ++network) {
    EXPECT_TRUE(take(network));
  }
  for (std::uint64_t network = 8; network < 10'000; ++network) {
    EXPECT_FALSE(take(network, network % 2));
  }
  EXPECT_FALSE(take(7));  // there is no line left for a report of its own
  EXPECT_FALSE(take(1, 1));
  EXPECT_EQ(tick(1000), (Reports{"1: 1 1 in 1000", "others: 4997 4996 in 1000"}));
  // There are lines again.
  EXPECT_TRUE(take(9));
  EXPECT_EQ(tick(1000), Reports{});
}

TEST_F(LineLimits, CountEveryLineThatIsWritten) {
  for (const std::uint32_t all : {2U, 3U, 10U, 47U}) {
    limit_ = LineLimit{{1000, 2, all}};  // enough for ten addresses: 30
    for (int period = 0; period < 3; ++period) {
      std::uint64_t lines = 0;
      for (std::uint64_t i = 0; i < 400; ++i) {
        lines += take(i * i % 19) ? 1U : 0U;
      }
      lines += tick(1000).size();
      EXPECT_EQ(lines, std::min(all, 30U)) << all;
    }
  }
}

TEST(LineLimit, IsSharedByAllLoops) {
  EXPECT_EQ(LineLimit::share(1280, 1), 1280U);
  EXPECT_EQ(LineLimit::share(1280, 3), 426U);
  EXPECT_EQ(LineLimit::share(100, 64), 2U);
  // In 30 s: four periods of the one, and 31 of the other, of 64 loops.
  EXPECT_LT(4 * 64 * LineLimit::share(SessionLog::kLines, 64) +
                31 * 64 * LineLimit::share(AccountLog::kLines, 64),
            10'000U);
  EXPECT_LT(4 * SessionLog::kLines + 31 * AccountLog::kLines, 10'000U);
}

TEST_F(LineLimits, ReportAtOnceWhenNothingMoreWillCome) {
  EXPECT_EQ(flush(), Reports{});
  EXPECT_TRUE(take(7) && take(7));
  EXPECT_FALSE(take(7));
  EXPECT_EQ(tick(10), Reports{});
  EXPECT_EQ(flush(), Reports{"7: 1 0 in 0"});
  EXPECT_EQ(flush(), Reports{});
  EXPECT_FALSE(limit_.is_counting());
}

}  // namespace
}  // namespace tribar
