// SPDX-License-Identifier: MIT
//
// From a store into a registry: with a store that fails where a test says so.
#include "journal/restore.h"

#include <gtest/gtest.h>

#include <string>

#include "support/fake_store.h"

namespace tribar::test {
namespace {

constexpr UnixMs kTime{1700000000000};

class RestoreTest : public testing::Test {
 protected:
  RestoreTest() {
    store_.accounts = {{1, {"ann", kTime}}, {3, {"bob", kTime}}};
    store_.messages = {{5, {AccountId{3}, kTime, "ann", "hi"}},
                       {6, {AccountId{2}, kTime, "ann", "to nobody"}},
                       {7, {AccountId{3}, kTime, "ann", "there"}}};
    store_.last_account = AccountId{3};
    store_.below = MessageNumber{100};
  }

  FakeStore store_;
  Registry registry_{RegistryLimits{}, HashKey{1, 2}, true};
};

TEST_F(RestoreTest, TakesAllAndRemovesWhatIsNobodys) {
  const auto restored = restore(store_, registry_);
  ASSERT_TRUE(restored) << restored.error().text;
  EXPECT_EQ(restored.value().messages, 2U);
  EXPECT_EQ(restored.value().removed, 1U);
  EXPECT_EQ(registry_.account_count(), 2U);
  EXPECT_FALSE(store_.messages.contains(6));
  EXPECT_EQ(store_.messages.size(), 2U);
  EXPECT_TRUE(store_.is_open);
}

// By whatever error they are there: nobody could use them, and nobody would remove them.
TEST_F(RestoreTest, RemovesSecretsAndClientsThatAreNobodys) {
  store_.secrets = {{1, "ann's"}, {2, "nobody's"}, {4, "nobody's"}};
  store_.clients = {{{1, "home"}, {7, MessageNumber{5}}},
                    {{2, "home"}, {7, MessageNumber{5}}},
                    {{2, "work"}, {8, MessageNumber{6}}}};
  const auto restored = restore(store_, registry_);
  ASSERT_TRUE(restored) << restored.error().text;
  EXPECT_EQ(restored.value().removed, 1U);
  EXPECT_EQ(restored.value().removed_secrets, 2U);
  EXPECT_EQ(restored.value().removed_clients, 2U);
  EXPECT_EQ(store_.secrets.size(), 1U);
  EXPECT_EQ(store_.secrets.at(1), "ann's");
  EXPECT_EQ(store_.clients.size(), 1U);
  EXPECT_EQ(store_.clients.at({1, "home"}), (FakeStore::Sent{7, MessageNumber{5}}));
  EXPECT_EQ(store_.commits, 1U);
  EXPECT_EQ(store_.accounts.size(), 2U);
}

TEST_F(RestoreTest, WritesNothingWhereNothingIsToBeRemoved) {
  store_.messages.erase(6);
  ASSERT_TRUE(restore(store_, registry_));
  EXPECT_EQ(store_.tries, 0U);
}

TEST_F(RestoreTest, PassesOnWhyAStoreCannotBeOpened) {
  store_.is_open = true;
  const auto restored = restore(store_, registry_);
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().text, "the fake store: is in use");
  EXPECT_FALSE(restored.error().is_io);
}

TEST_F(RestoreTest, RefusesAStoreThatContradictsItself) {
  store_.accounts.at(3).name = "ann";
  const auto restored = restore(store_, registry_);
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().text, "the fake store: contradicts itself");
  EXPECT_FALSE(store_.is_open);
}

TEST_F(RestoreTest, FailsWhenWhatIsNobodysCannotBeRemoved) {
  store_.before_commit = [] { return "no room"; };
  const auto restored = restore(store_, registry_);
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().text, "the fake store: cannot be written: no room");
  EXPECT_TRUE(restored.error().is_io);
}

}  // namespace
}  // namespace tribar::test
