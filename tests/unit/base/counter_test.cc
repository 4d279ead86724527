// SPDX-License-Identifier: MIT
//
// Counter, Histogram and Pulse.
#include "base/counter.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/pulse.h"

namespace tribar {
namespace {

TEST(Counter, AddsAndSubtracts) {
  Counter counter;
  EXPECT_EQ(counter.read(), 0U);
  counter.add();
  counter.add(5);
  counter.subtract(2);
  EXPECT_EQ(counter.read(), 4U);
  counter.set(7);
  EXPECT_EQ(counter.read(), 7U);
}

TEST(Histogram, CountsUpToEachBound) {
  for (std::size_t bucket = 0; bucket + 1 < Histogram::kBuckets; ++bucket) {
    Histogram histogram;
    histogram.note(Histogram::bound(bucket));
    EXPECT_EQ(histogram.read(bucket), 1U) << bucket;
    histogram.note(Histogram::bound(bucket) + 1);
    EXPECT_EQ(histogram.read(bucket + 1), 1U) << bucket;
    EXPECT_EQ(histogram.sum(), 2 * Histogram::bound(bucket) + 1);
  }
}

TEST(Histogram, TakesTheSmallestAndTheLargest) {
  Histogram histogram;
  histogram.note(std::uint64_t{0});
  EXPECT_EQ(histogram.read(0), 1U);
  histogram.note(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(histogram.read(Histogram::kBuckets - 1), 1U);
}

TEST(Histogram, CountsTimeInMicroseconds) {
  Histogram histogram;
  histogram.note(std::chrono::milliseconds(1));
  histogram.note(std::chrono::nanoseconds(-5));  // a clock that went back counts as no time
  EXPECT_EQ(histogram.sum(), 1000U);
  EXPECT_EQ(histogram.read(0), 1U);
  EXPECT_EQ(histogram.read(10), 1U);
}

TEST(Pulse, TakesOnlyAnswersAfterTheQuestion) {
  Pulse pulse;
  EXPECT_TRUE(pulse.has_answered());
  pulse.answer();
  pulse.ask();
  EXPECT_FALSE(pulse.has_answered());
  pulse.answer();
  EXPECT_TRUE(pulse.has_answered());
  pulse.ask();
  EXPECT_FALSE(pulse.has_answered());
}

}  // namespace
}  // namespace tribar
