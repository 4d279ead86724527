// SPDX-License-Identifier: MIT
//
// Histogram and Timeline: the error of a percentile, and that parts add up to the whole.
#include "stress/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "stress/timeline.h"

namespace tribar::stress {
namespace {

TEST(Histogram, KnowsNothingWhenEmpty) {
  const Histogram empty;
  EXPECT_EQ(empty.total(), 0U);
  EXPECT_EQ(empty.percentile(50), 0U);
  EXPECT_EQ(empty.min(), 0U);
  EXPECT_EQ(empty.max(), 0U);
  EXPECT_EQ(empty.mean(), 0);
  EXPECT_TRUE(empty.buckets().empty());
}

TEST(Histogram, KeepsEveryValueWithinOnePercent) {
  for (Nanos value = 1; value < 100 * kSecond; value += value / 97 + 1) {
    Histogram histogram;
    histogram.record(1);
    histogram.record(value);
    histogram.record(100 * kSecond);
    const auto found = static_cast<double>(histogram.percentile(50));
    ASSERT_LE(std::abs(found - static_cast<double>(value)), 0.01 * static_cast<double>(value));
  }
}

TEST(Histogram, TakesValuesBeyondItsRangeForTheLargest) {
  Histogram histogram;
  histogram.record(~Nanos{0});
  EXPECT_EQ(histogram.total(), 1U);
  EXPECT_GT(histogram.percentile(50), 100 * kSecond);
}

TEST(Histogram, GivesTheRankThatWasAskedFor) {
  // The seed is the loop's own formula.
  std::vector<Nanos> values;
  Histogram histogram;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    values.push_back(mixed(i) % kSecond);
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * 100'000));
    const auto exact = static_cast<double>(values[std::max(rank, std::size_t{1}) - 1]);
    EXPECT_NEAR(static_cast<double>(histogram.percentile(percent)), exact, 0.01 * exact);
  }
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
}

TEST(Histogram, IsTheSumOfItsParts) {
  Histogram all;
  Histogram sum;
  for (std::uint64_t part = 0; part < 4; ++part) {
    Histogram one;
    for (std::uint64_t i = 0; i < 1000; ++i) {
      const Nanos value = mixed(part * 1000 + i) % kSecond;
      one.record(value);
      all.record(value);
    }
    sum.add(one);
  }
  EXPECT_EQ(sum.buckets(), all.buckets());
  EXPECT_EQ(sum.max(), all.max());
  EXPECT_EQ(sum.min(), all.min());
  EXPECT_EQ(sum.mean(), all.mean());
}

TEST(Timeline, DoublesItsSlicesRatherThanHaveTooMany) {
  Timeline timeline(1000, 10);
  for (Nanos at = 1000; at < 1000 + 10 * 1000; ++at) {
    ++timeline.at(at).delivered;
    timeline.at(at).latency.record(at);
  }
  EXPECT_EQ(timeline.slice_length(), 80U);
  ASSERT_EQ(timeline.slices().size(), 125U);
  for (const Slice& slice : timeline.slices()) {
    EXPECT_EQ(slice.delivered, 80U);
  }
  EXPECT_EQ(timeline.latency().total(), 10'000U);
  EXPECT_EQ(timeline.latency().min(), 1000U);
}

TEST(Timeline, TakesAPauseOfAnyLength) {
  Timeline timeline(0, 1);
  ++timeline.at(0).sent;
  ++timeline.at(1000 * kSecond).sent;
  EXPECT_LE(timeline.slices().size(), Timeline::kMostSlices);
  EXPECT_EQ(timeline.slices().front().sent, 1U);
  EXPECT_EQ(timeline.slices().back().sent, 1U);
}

}  // namespace
}  // namespace tribar::stress
