// SPDX-License-Identifier: MIT
//
// Backoff: the bounds of every wait, and that all of what is between them is used.
#include "client/backoff.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>

namespace tribar {
namespace {

using std::chrono::milliseconds;

/// The longest wait of a limit comes of the number of its choices less one.
milliseconds longest(Backoff& backoff, milliseconds limit) {
  return backoff.next(static_cast<std::uint64_t>((limit - Backoff::kLeast).count()));
}

TEST(Backoff, DoublesItsLimitUpToThirtySeconds) {
  Backoff backoff;
  for (const int limit_ms : {1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000}) {
    EXPECT_EQ(longest(backoff, milliseconds(limit_ms)), milliseconds(limit_ms));
  }
}

TEST(Backoff, NeverWaitsLessThanHalfASecond) {
  Backoff backoff;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(backoff.next(0), Backoff::kLeast);
  }
}

TEST(Backoff, StaysWithinItsLimitWhateverTheNumberIs) {
  std::uint64_t random = 1;
  Backoff backoff;
  for (int i = 0; i < 1000; ++i) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    const milliseconds wait = backoff.next(random);
    EXPECT_GE(wait, Backoff::kLeast);
    EXPECT_LE(wait, Backoff::kMost);
  }
  EXPECT_LE(backoff.next(std::numeric_limits<std::uint64_t>::max()), Backoff::kMost);
}

TEST(Backoff, BeginsAgainAfterAConnectionThatWorked) {
  Backoff backoff;
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(backoff.next(0));
  }
  backoff.reset();
  EXPECT_EQ(longest(backoff, milliseconds(1000)), milliseconds(1000));
}

TEST(Backoff, TriesEveryServerBeforeItWaits) {
  Backoff backoff(3);
  for (const int limit_ms : {1000, 2000}) {
    EXPECT_EQ(backoff.next(7), milliseconds(0));
    EXPECT_EQ(backoff.next(7), milliseconds(0));
    EXPECT_EQ(longest(backoff, milliseconds(limit_ms)), milliseconds(limit_ms));
  }
  EXPECT_EQ(backoff.next(7), milliseconds(0));
  backoff.reset();  // the second one works, and is lost later
  EXPECT_EQ(backoff.next(7), milliseconds(0));
  EXPECT_EQ(backoff.next(7), milliseconds(0));
  EXPECT_EQ(longest(backoff, milliseconds(1000)), milliseconds(1000));
}

}  // namespace
}  // namespace tribar
