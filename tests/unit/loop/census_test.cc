// SPDX-License-Identifier: MIT
//
// Census: room in all and for each network, and room again when one goes.
#include "loop/census.h"

#include <gtest/gtest.h>

namespace tribar {
namespace {

constexpr PeerNetwork kOne{1};
constexpr PeerNetwork kTwo{2};

TEST(Census, RefusesPastTheLimitOnAll) {
  Census census;
  EXPECT_FALSE(census.enter(kOne, 2, 0));
  EXPECT_FALSE(census.enter(kOne, 2, 0));
  EXPECT_EQ(census.enter(kTwo, 2, 0), (Refusal{RefusalCode::TooManyConnections, 0, 2}));
  EXPECT_EQ(census.size(), 2U);
  census.leave(kOne);
  EXPECT_FALSE(census.enter(kTwo, 2, 0));
}

TEST(Census, RefusesPastTheLimitOnANetworkAndNobodyElse) {
  Census census;
  EXPECT_FALSE(census.enter(kOne, 10, 1));
  EXPECT_EQ(census.enter(kOne, 10, 1), (Refusal{RefusalCode::TooManyFromAddress, 0, 1}));
  EXPECT_FALSE(census.enter(kTwo, 10, 1));
  EXPECT_EQ(census.size(), 2U);
  census.leave(kOne);
  EXPECT_FALSE(census.enter(kOne, 10, 1));
}

TEST(Census, LimitsWhoHasNoAddressInAllOnly) {
  Census census;
  EXPECT_FALSE(census.enter({}, 2, 1));
  EXPECT_FALSE(census.enter({}, 2, 1));
  EXPECT_EQ(census.enter({}, 2, 1), (Refusal{RefusalCode::TooManyConnections, 0, 2}));
  census.leave({});
  EXPECT_FALSE(census.enter({}, 2, 1));
}

}  // namespace
}  // namespace tribar
