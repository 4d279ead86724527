// SPDX-License-Identifier: MIT
//
// TokenBucket, at made-up times.
#include "loop/token_bucket.h"

#include <gtest/gtest.h>

#include <limits>

namespace tribar {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

/// How many tokens there are at `now_ms`, up to `most`.
int taken(TokenBucket& bucket, std::uint64_t now_ms, int most = 100) {
  int count = 0;
  while (count < most && bucket.take(now_ms)) {
    ++count;
  }
  return count;
}

TEST(TokenBucket, HoldsOneSecondsWorthAtFirst) {
  TokenBucket bucket(5, 1000);
  EXPECT_EQ(taken(bucket, 1000), 5);
  EXPECT_EQ(bucket.wait_ms(1000), 200U);
}

TEST(TokenBucket, FillsAtItsRate) {
  TokenBucket bucket(5, 0);
  EXPECT_EQ(taken(bucket, 0), 5);
  EXPECT_FALSE(bucket.take(199));
  EXPECT_EQ(bucket.wait_ms(199), 1U);
  EXPECT_TRUE(bucket.take(200));
  EXPECT_FALSE(bucket.take(200));
  EXPECT_EQ(taken(bucket, 800), 3);
}

TEST(TokenBucket, LosesNothingToRounding) {
  // A token each 333 1/3 ms, asked for at every millisecond.
  TokenBucket bucket(3, 0);
  EXPECT_EQ(taken(bucket, 0), 3);
  int count = 0;
  for (std::uint64_t ms = 1; ms <= 10000; ++ms) {
    count += taken(bucket, ms);
  }
  EXPECT_EQ(count, 30);
}

TEST(TokenBucket, IsFullAfterAnyPause) {
  TokenBucket bucket(5, 0);
  EXPECT_EQ(taken(bucket, 0), 5);
  EXPECT_EQ(taken(bucket, 1000), 5);
  EXPECT_EQ(taken(bucket, 1'000'000'000'000), 5);
  EXPECT_EQ(taken(bucket, kMost), 5);
}

TEST(TokenBucket, WaitsNoLongerThanItMust) {
  TokenBucket one(1, 0);
  EXPECT_EQ(one.wait_ms(0), 0U);
  EXPECT_TRUE(one.take(0));
  EXPECT_EQ(one.wait_ms(0), 1000U);
  EXPECT_EQ(one.wait_ms(999), 1U);
  EXPECT_EQ(one.wait_ms(1000), 0U);
  TokenBucket fast(1'000'000, 0);
  EXPECT_EQ(taken(fast, 0, 2'000'000), 1'000'000);
  EXPECT_EQ(fast.wait_ms(0), 1U);
}

TEST(TokenBucket, SetsNoLimitAtZero) {
  TokenBucket bucket(0, 0);
  EXPECT_EQ(taken(bucket, 0), 100);
  EXPECT_EQ(bucket.wait_ms(0), 0U);
  EXPECT_EQ(taken(bucket, kMost), 100);
}

TEST(TokenBucket, KeepsWhatItHoldsWhenTheRateChanges) {
  TokenBucket bucket(10, 0);
  EXPECT_EQ(taken(bucket, 0), 10);
  bucket.set_rate(100, 0);
  EXPECT_EQ(taken(bucket, 0), 0) << "a change gives nothing";
  EXPECT_EQ(taken(bucket, 100), 10);
  bucket.set_rate(100, 2000);
  bucket.set_rate(3, 2000);
  EXPECT_EQ(taken(bucket, 2000), 3) << "no more than fits";
  bucket.set_rate(0, 2000);
  EXPECT_EQ(taken(bucket, 2000), 100);
  bucket.set_rate(5, 2000);
  EXPECT_EQ(taken(bucket, 2000), 5);
}

TEST(TokenBucket, DoesNotOverflow) {
  TokenBucket bucket(kMost, 0);
  EXPECT_EQ(taken(bucket, 0, 1000), 1000);
  EXPECT_EQ(taken(bucket, kMost, 1000), 1000);
  EXPECT_EQ(bucket.wait_ms(kMost), 0U);
}

TEST(TokenBucket, GivesNothingForATimeThatHasPassed) {
  TokenBucket bucket(2, 1000);
  EXPECT_EQ(taken(bucket, 1000), 2);
  EXPECT_EQ(taken(bucket, 0), 0);
  EXPECT_EQ(taken(bucket, 1400), 0);
  EXPECT_EQ(taken(bucket, 1500), 1);
}

}  // namespace
}  // namespace tribar
