// SPDX-License-Identifier: MIT
//
// Throttle: how long the next attempt at a secret must wait.
#include "registry/throttle.h"

#include <gtest/gtest.h>

#include <vector>

namespace tribar {
namespace {

constexpr AccountId kAnn{1};
constexpr AccountId kBob{2};
constexpr std::uint64_t kHere = 10;
constexpr std::uint64_t kThere = 11;
constexpr UnixMs kStart{1700000000000};

UnixMs after(std::uint64_t ms) { return {kStart.value + ms}; }

/// Makes all free attempts of `account` from `network` at `now`.
void use_up(Throttle& throttle, AccountId account, std::uint64_t network, UnixMs now = kStart) {
  for (std::uint32_t i = 0; i < Throttle::kFree; ++i) {
    EXPECT_EQ(throttle.begin(account, network, now), 0U);
  }
}

TEST(Throttle, MakesEachAttemptAfterTheFreeOnesWaitTwiceAsLong) {
  Throttle throttle;
  use_up(throttle, kAnn, kHere);
  std::uint64_t now_ms = 0;
  std::vector<std::uint64_t> waits;
  for (int i = 0; i < 9; ++i) {
    const std::uint64_t wait_ms = throttle.begin(kAnn, kHere, after(now_ms));
    waits.push_back(wait_ms);
    // Not a millisecond too early, and refused ones do not count.
    EXPECT_EQ(throttle.begin(kAnn, kHere, after(now_ms + wait_ms - 1)), 1U);
    now_ms += wait_ms;
    EXPECT_EQ(throttle.begin(kAnn, kHere, after(now_ms)), 0U);
  }
  EXPECT_EQ(waits, (std::vector<std::uint64_t>{1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000,
                                               60000}));
}

TEST(Throttle, CountsNoAttemptThatIsTakenBack) {
  Throttle throttle;
  throttle.take_back(kAnn, kHere);  // none has begun
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(throttle.begin(kAnn, kHere, kStart), 0U);
    throttle.take_back(kAnn, kHere);
  }
  use_up(throttle, kAnn, kHere);
  EXPECT_EQ(throttle.begin(kAnn, kHere, kStart), 1000U);
  throttle.take_back(kAnn, kHere);
  EXPECT_EQ(throttle.begin(kAnn, kHere, kStart), 0U);
}

TEST(Throttle, CountsForAccountAndNetworkTogether) {
  Throttle throttle;
  use_up(throttle, kAnn, kHere);
  EXPECT_EQ(throttle.begin(kAnn, kHere, kStart), 1000U);
  use_up(throttle, kAnn, kThere);
  use_up(throttle, kBob, kHere);
}

TEST(Throttle, FreesAttemptsAfterSuccess) {
  Throttle throttle;
  use_up(throttle, kAnn, kHere);
  use_up(throttle, kAnn, kThere);
  throttle.succeed(kAnn, kHere);
  EXPECT_EQ(throttle.size(), 1U);
  use_up(throttle, kAnn, kHere);
  EXPECT_EQ(throttle.begin(kAnn, kHere, kStart), 1000U);
  EXPECT_EQ(throttle.begin(kAnn, kThere, kStart), 1000U);
}

TEST(Throttle, MakesNobodyWaitLongerWhenTheClockIsSetBack) {
  Throttle throttle;
  use_up(throttle, kAnn, kHere, after(1000000));
  EXPECT_EQ(throttle.begin(kAnn, kHere, kStart), 1000U);
  EXPECT_EQ(throttle.begin(kAnn, kHere, after(1000)), 0U);
}

TEST(Throttle, ForgetsAnEntryWithoutAttempts) {
  Throttle throttle;
  use_up(throttle, kAnn, kHere);
  EXPECT_EQ(throttle.begin(kBob, kHere, after(Throttle::kForgottenMs - 1)), 0U);
  EXPECT_EQ(throttle.size(), 2U);
  EXPECT_EQ(throttle.begin(kBob, kHere, after(Throttle::kForgottenMs)), 0U);
  EXPECT_EQ(throttle.size(), 1U);
  use_up(throttle, kAnn, kHere, after(Throttle::kForgottenMs));
}

TEST(Throttle, RemembersAnEntryFromItsLastAttempt) {
  Throttle throttle;
  use_up(throttle, kAnn, kHere);
  EXPECT_EQ(throttle.begin(kAnn, kHere, after(5000)), 0U);
  EXPECT_EQ(throttle.begin(kBob, kHere, after(Throttle::kForgottenMs)), 0U);
  EXPECT_EQ(throttle.size(), 2U);
  EXPECT_EQ(throttle.begin(kBob, kHere, after(5000 + Throttle::kForgottenMs)), 0U);
  EXPECT_EQ(throttle.size(), 1U);
}

TEST(Throttle, ForgetsTheOldestEntryWhenThereAreMany) {
  Throttle throttle;
  use_up(throttle, kAnn, kHere);
  for (std::uint64_t network = 0; network < 2 * Throttle::kMostEntries; ++network) {
    EXPECT_EQ(throttle.begin(kBob, network, kStart), 0U);
    ASSERT_LE(throttle.size(), Throttle::kMostEntries);
  }
  use_up(throttle, kAnn, kHere);  // forgotten
}

TEST(Throttle, HoldsNoMoreThanItsEntriesWhenAttemptsSucceed) {
  Throttle throttle;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(throttle.begin(kAnn, kHere, after(i)), 0U);
    throttle.succeed(kAnn, kHere);
  }
  EXPECT_EQ(throttle.size(), 0U);
}

}  // namespace
}  // namespace tribar
