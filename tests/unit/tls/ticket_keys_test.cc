// SPDX-License-Identifier: MIT
//
// How long keys of tickets live.
#include "tls/ticket_keys.h"

#include <gtest/gtest.h>

namespace tribar::tls {
namespace {

constexpr std::int64_t kLife = TicketKeys::kKeySeconds;

TEST(TicketKeys, OneSealsForEightHoursAndOpensForEightMore) {
  TicketKeys keys;
  const auto first = keys.current(1000);
  ASSERT_TRUE(first);
  EXPECT_EQ(keys.current(1000 + kLife - 1)->name, first->name);
  const auto second = keys.current(1000 + kLife);
  EXPECT_NE(second->name, first->name);
  EXPECT_NE(second->cipher, first->cipher);
  EXPECT_NE(second->mac, first->mac);
  auto found = keys.find(first->name.data(), 1000 + 2 * kLife - 1);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->is_current);
  EXPECT_EQ(found->key.cipher, first->cipher);
  found = keys.find(second->name.data(), 1000 + 2 * kLife - 1);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->is_current);
  EXPECT_FALSE(keys.find(first->name.data(), 1000 + 2 * kLife));
  EXPECT_TRUE(keys.find(second->name.data(), 1000 + 2 * kLife));
}

TEST(TicketKeys, AfterALongPauseNothingOldOpens) {
  TicketKeys keys;
  const auto first = keys.current(0);
  EXPECT_FALSE(keys.find(first->name.data(), 2 * kLife));
}

TEST(TicketKeys, OthersKeysAreNotFound) {
  TicketKeys keys;
  TicketKeys others;
  EXPECT_FALSE(keys.find(others.current(0)->name.data(), 0));
}

}  // namespace
}  // namespace tribar::tls
