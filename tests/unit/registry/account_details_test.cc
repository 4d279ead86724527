// SPDX-License-Identifier: MIT
#include "registry/account_details.h"

#include <gtest/gtest.h>

#include <string>

namespace tribar {
namespace {

TEST(AccountDetails, RememberTheHighestNumberOfAClient) {
  AccountDetails details;
  EXPECT_EQ(details.highest_of("c1"), 0U);
  EXPECT_EQ(details.note_sent("c1", 1, MessageNumber{10}), "");
  EXPECT_EQ(details.note_sent("c1", 2, MessageNumber{11}), "");
  EXPECT_EQ(details.note_sent("c2", 7, MessageNumber{12}), "");
  EXPECT_EQ(details.highest_of("c1"), 2U);
  EXPECT_EQ(details.highest_of("c2"), 7U);
  EXPECT_EQ(details.highest_of("c"), 0U);
  EXPECT_EQ(details.clients.size(), 2U);
}

TEST(AccountDetails, ForgetTheClientThatSentLongestAgo) {
  AccountDetails details;
  for (std::uint64_t i = 1; i <= AccountDetails::kMostClients; ++i) {
    EXPECT_EQ(details.note_sent("c" + std::to_string(i), 1, MessageNumber{i}), "");
  }
  EXPECT_EQ(details.note_sent("c1", 2, MessageNumber{20}), "");
  EXPECT_EQ(details.note_sent("new", 1, MessageNumber{21}), "c2");
  EXPECT_EQ(details.note_sent("c2", 1, MessageNumber{22}), "c3");
  EXPECT_EQ(details.highest_of("c1"), 2U);
  EXPECT_EQ(details.highest_of("new"), 1U);
  EXPECT_EQ(details.highest_of("c2"), 1U);
  EXPECT_EQ(details.highest_of("c3"), 0U);
  EXPECT_EQ(details.clients.size(), AccountDetails::kMostClients);
}

}  // namespace
}  // namespace tribar
