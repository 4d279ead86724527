// SPDX-License-Identifier: MIT
//
// Accounts against a list of names, under keys that make collisions likely and unlikely.
#include "registry/accounts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "support/printers.h"

namespace tribar {
namespace {

using Strings = std::vector<std::string>;

Strings in_order(Accounts& accounts) {
  Strings names;
  for (std::uint32_t at = accounts.oldest(); at != Accounts::kNoPlace; at = accounts.at(at).newer) {
    names.push_back(accounts.at(at).name);
  }
  return names;
}

TEST(Accounts, AreEmptyAtFirst) {
  Accounts accounts(HashKey{});
  EXPECT_EQ(accounts.size(), 0U);
  EXPECT_EQ(accounts.find("ann"), nullptr);
  EXPECT_EQ(accounts.oldest(), Accounts::kNoPlace);
}

TEST(Accounts, FindByNameAndByReference) {
  Accounts accounts(HashKey{});
  Account& ann = accounts.add(AccountId{1}, "ann");
  Account& bob = accounts.add(AccountId{2}, "bob");
  EXPECT_EQ(accounts.find("ann"), &ann);
  EXPECT_EQ(accounts.find("bob"), &bob);
  EXPECT_EQ(accounts.find("an"), nullptr);
  EXPECT_EQ(accounts.find(""), nullptr);
  EXPECT_EQ(accounts.get({bob.place, bob.id}), &bob);
  EXPECT_EQ(accounts.get({bob.place, ann.id}), nullptr);
}

TEST(Accounts, KeepTheOrderOfCreationPastRemovals) {
  Accounts accounts(HashKey{});
  std::uint64_t id = 0;
  for (const char* name : {"d", "a", "c", "b"}) {
    accounts.add(AccountId{++id}, name);
  }
  accounts.remove(*accounts.find("d"));
  EXPECT_EQ(in_order(accounts), (Strings{"a", "c", "b"}));
  accounts.remove(*accounts.find("c"));
  EXPECT_EQ(in_order(accounts), (Strings{"a", "b"}));
  accounts.remove(*accounts.find("b"));
  accounts.add(AccountId{++id}, "d");
  EXPECT_EQ(in_order(accounts), (Strings{"a", "d"}));
}

TEST(Accounts, DoNotTakeAnAccountForTheOneThatHadItsPlace) {
  Accounts accounts(HashKey{});
  Account& ann = accounts.add(AccountId{1}, "ann");
  const AccountRef old{ann.place, ann.id};
  accounts.remove(ann);
  EXPECT_EQ(accounts.get(old), nullptr);
  Account& again = accounts.add(AccountId{2}, "ann");
  EXPECT_EQ(again.place, old.place);
  EXPECT_EQ(accounts.get(old), nullptr);
  EXPECT_EQ(accounts.get({again.place, again.id}), &again);
}

TEST(Accounts, LeaveNothingOfARemovedAccountBehind) {
  Accounts accounts(HashKey{});
  Account& ann = accounts.add(AccountId{1}, "ann");
  ann.session = ConnectionId::make(3, 1);
  ann.held_messages = 5;
  ann.kept().push_back(KeptMessage::make(MessageNumber{5}, UnixMs{}, "bob", "hi"));
  accounts.remove(ann);
  Account& again = accounts.add(AccountId{2}, "ann");
  EXPECT_TRUE(again.session.is_none());
  EXPECT_EQ(again.held_messages, 0U);
  EXPECT_EQ(again.undelivered, nullptr);
}

TEST(Accounts, DoNotMoveWhenTheTableGrows) {
  Accounts accounts(HashKey{});
  const Account* first = &accounts.add(AccountId{1}, "first");
  for (std::uint64_t i = 2; i < 2000; ++i) {
    accounts.add(AccountId{i}, std::to_string(i));
  }
  EXPECT_EQ(accounts.find("first"), first);
  EXPECT_EQ(accounts.size(), 1999U);
}

TEST(Accounts, AgreeWithAListThroughEveryMixOfCalls) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    std::mt19937_64 random(seed);
    Accounts accounts(HashKey{seed, ~seed});
    Strings model;
    std::uint64_t id = 0;
    for (int step = 0; step < 20000; ++step) {
      const std::string name = std::to_string(random() % 300);
      const auto at = std::find(model.begin(), model.end(), name);
      Account* account = accounts.find(name);
      ASSERT_EQ(account != nullptr, at != model.end()) << "seed " << seed << " step " << step;
      if (account == nullptr) {
        accounts.add(AccountId{++id}, name);
        model.push_back(name);
      } else if (random() % 2 == 0) {
        ASSERT_EQ(account->name, name);
        accounts.remove(*account);
        model.erase(at);
      }
    }
    EXPECT_EQ(in_order(accounts), model) << "seed " << seed;
    EXPECT_EQ(accounts.size(), model.size());
  }
}

}  // namespace
}  // namespace tribar
