// SPDX-License-Identifier: MIT
//
// Registry: what a journal is told to store, and what a registry is that starts from it.
#include <gtest/gtest.h>

#include "support/registry_bench.h"

namespace tribar {
namespace {

constexpr std::uint64_t kReserved = 16384;

RegistryBench with_records(std::initializer_list<std::string_view> usernames,
                           const RegistryLimits& limits = {}) {
  return with_users(usernames, limits, true);
}

Pushed to_bob(std::uint64_t number, std::string_view text) {
  return {kBobAccount, number, "ann", "bob", text, true};
}

Record kept(std::uint64_t number, AccountId account, std::string_view sender,
            std::string_view text) {
  return MessageKept{MessageNumber{number}, account, kNow, sender, text};
}
Record handed_over(std::uint64_t number) { return HandedOver{MessageNumber{number}}; }
Record reserved(std::uint64_t below) { return NumbersReserved{MessageNumber{below}}; }

TEST(RegistryRecords, AreNotMadeWhenNobodyKeepsThem) {
  RegistryBench bench;
  bench.apply(create(kAnn, "ann"));
  EXPECT_EQ(bench.records(), Records{});
  bench.apply(send(kAnn, "ann", "ann", "hi"));
  EXPECT_EQ(bench.records(), Records{});
  bench.write(kAnn);
  EXPECT_EQ(bench.records(), Records{});
  bench.apply(delete_account(kAnn));
  EXPECT_EQ(bench.records(), Records{});
}

TEST(RegistryRecords, TellOfAccounts) {
  RegistryBench bench({}, true);
  bench.apply(create(kAnn, "ann"));
  EXPECT_EQ(bench.records(), (Records{AccountCreated{kAnnAccount, kNow, "ann"}}));
  bench.apply(create(kBob, "ann"));
  EXPECT_EQ(bench.records(), Records{});
  bench.apply(login(kBob, "ann"));
  EXPECT_EQ(bench.records(), Records{});
  bench.apply(delete_account(kAnn));
  EXPECT_EQ(bench.records(), (Records{AccountDeleted{kAnnAccount}}));
  bench.apply(create(kAnn, "ann"));
  EXPECT_EQ(bench.records(), (Records{AccountCreated{kBobAccount, kNow, "ann"}}));
}

TEST(RegistryRecords, ReserveNumbersInBlocksBeforeTheyAreUsed) {
  RegistryBench bench = with_records({"ann", "bob"});
  bench.apply(send(kAnn, "ann", "bob", "m1"));
  EXPECT_EQ(bench.records(), (Records{reserved(1 + kReserved), kept(1, kBobAccount, "ann", "m1")}));
  for (std::uint64_t number = 2; number <= kReserved; ++number) {
    bench.apply(send(kAnn, "ann", "bob", "m"));
    ASSERT_EQ(bench.records(), (Records{kept(number, kBobAccount, "ann", "m")}));
    bench.write(kAnn);
    bench.write(kBob);
  }
  bench.apply(send(kAnn, "ann", "bob", "m"));
  EXPECT_EQ(bench.records(),
            (Records{reserved(1 + 2 * kReserved), kept(kReserved + 1, kBobAccount, "ann", "m")}));
}

TEST(RegistryRecords, KeepAMessageUntilItIsWritten) {
  RegistryBench bench = with_records({"ann", "bob"});
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "m1")),
            (Effects{live(kBob, to_bob(1, "m1")), echo(kAnn, "ann", "bob", "m1")}));
  bench.apply(send(kAnn, "ann", "bob", "m2"));
  bench.apply(send(kAnn, "ann", "bob", "m3"));
  bench.write(kBob, 2);
  EXPECT_EQ(bench.records(), (Records{handed_over(1), handed_over(2)}));
  bench.write(kAnn);
  EXPECT_EQ(bench.records(), Records{});
  bench.close(kBob);
  EXPECT_EQ(bench.records(), Records{});
  bench.apply(login(kDan, "bob"));
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(3, "m3"))}));
  EXPECT_EQ(bench.records(), Records{});
  bench.write(kDan);
  EXPECT_EQ(bench.records(), (Records{handed_over(3)}));
}

TEST(RegistryRecords, NameWhatIsLeftWhenAHalfClosedConnectionGivesBack) {
  RegistryBench bench = with_records({"ann", "bob"});
  bench.close(kBob);
  bench.apply(send(kAnn, "ann", "bob", "m1"));
  bench.apply(login(kBob, "bob"));
  bench.apply(send(kAnn, "ann", "bob", "m2"));
  bench.apply(deliver(kBob));
  bench.apply(send(kAnn, "ann", "bob", "m3"));
  bench.give_back(kBob, true);
  bench.apply(event(kBob, Ended{}));
  bench.write(kBob);
  EXPECT_EQ(bench.records(), (Records{handed_over(1)}));
}

TEST(RegistryRecords, KeepWhatWaitedForAConnectionThatIsGone) {
  RegistryLimits limits;
  limits.outbox_bytes = 60;
  RegistryBench bench = with_records({"ann"}, limits);
  bench.apply(list(kDan));
  bench.apply(list(kDan));
  bench.apply(create(kDan, "a-name-that-is-long-enough-to-be-on-the-heap"));
  bench.apply(send(kDan, "a-name-that-is-long-enough-to-be-on-the-heap", "ann", "hi"));
  bench.apply(event(kDan, Closed{}));
  EXPECT_EQ(
      bench.records(),
      (Records{AccountCreated{kBobAccount, kNow, "a-name-that-is-long-enough-to-be-on-the-heap"},
               reserved(1 + kReserved),
               kept(1, kAnnAccount, "a-name-that-is-long-enough-to-be-on-the-heap", "hi")}));
}

// The messages of a deleted account.

TEST(RegistryRecords, LetGoOfTheQueueOfADeletedAccount) {
  RegistryBench bench = with_records({"ann", "bob"});
  bench.close(kBob);
  bench.apply(send(kAnn, "ann", "bob", "m1"));
  bench.apply(send(kAnn, "ann", "bob", "m2"));
  bench.apply(login(kBob, "bob"));
  bench.apply(send(kAnn, "ann", "bob", "m3"));
  bench.apply(delete_account(kBob));
  EXPECT_EQ(bench.records(), (Records{AccountDeleted{kBobAccount}, handed_over(3)}));
  bench.apply(event(Continue{}));
  EXPECT_EQ(bench.records(), (Records{handed_over(1), handed_over(2)}));
  EXPECT_FALSE(bench.registry().has_more_to_do());
  bench.write(kBob);
  EXPECT_EQ(bench.records(), Records{});
}

TEST(RegistryRecords, LetGoOfABacklogWhoseAccountIsDeletedElsewhere) {
  RegistryLimits limits;
  limits.outbox_bytes = 60;
  RegistryBench bench = with_records({"ann", "bob"}, limits);
  bench.close(kBob);
  for (int i = 0; i < 4; ++i) {
    bench.apply(send(kAnn, "ann", "bob", "m"));
    bench.write(kAnn);
  }
  bench.apply(login(kBob, "bob"));
  bench.apply(deliver(kBob));
  bench.apply(event(kBob, Ended{}));
  bench.apply(login(kDan, "bob"));
  bench.apply(delete_account(kDan));
  EXPECT_EQ(bench.records(), (Records{AccountDeleted{kBobAccount}}));
  bench.write(kBob, 3);
  EXPECT_EQ(bench.records(), (Records{handed_over(1)}));
  bench.go_on();
  EXPECT_EQ(bench.records(), (Records{handed_over(2), handed_over(3), handed_over(4)}));
}

// Such a message stayed in the store for ever.
TEST(RegistryRecords, LetGoOfAMessageThatComesBackToADeletedAccount) {
  RegistryBench bench = with_records({"ann", "bob"});
  bench.apply(send(kAnn, "ann", "bob", "m1"));
  bench.apply(event(kBob, Closed{}));
  bench.apply(login(kDan, "bob"));
  bench.apply(delete_account(kDan));
  EXPECT_EQ(bench.records(), (Records{AccountDeleted{kBobAccount}}));
  bench.give_back(kBob, false);
  EXPECT_EQ(bench.records(), (Records{handed_over(1)}));
}

// Starting from what was stored.

KeptMessage::Ptr stored(std::uint64_t number, std::string_view text) {
  return KeptMessage::make(MessageNumber{number}, kNow, "ann", text);
}

TEST(RegistryRestore, TakesUpWhereTheStoreLeftOff) {
  RegistryBench bench({}, true);
  Registry& registry = bench.registry();
  EXPECT_TRUE(registry.restore_account(AccountId{3}, "cat"));
  EXPECT_TRUE(registry.restore_account(AccountId{7}, "bob"));
  EXPECT_TRUE(registry.restore_message(AccountId{7}, stored(5, "m5")));
  EXPECT_TRUE(registry.restore_message(AccountId{7}, stored(9, "m9")));
  registry.restore_counters(AccountId{8}, MessageNumber{1000});
  EXPECT_EQ(registry.account_count(), 2U);
  EXPECT_EQ(registry.queued_bytes(), 2U * charge_of("ann", "bob", "m5"));
  EXPECT_EQ(bench.apply(list(kAnn)), (Effects{names(kAnn, {"cat", "bob"})}));
  bench.apply(create(kAnn, "ann"));
  EXPECT_EQ(bench.records(), (Records{AccountCreated{AccountId{9}, kNow, "ann"}}));
  bench.apply(send(kAnn, "ann", "bob", "m1000"));
  EXPECT_EQ(bench.records(),
            (Records{reserved(1000 + kReserved), kept(1000, AccountId{7}, "ann", "m1000")}));
  bench.apply(login(kBob, "bob"));
  EXPECT_EQ(bench.apply(deliver(kBob)),
            (Effects{done(kBob), delivered(kBob, {AccountId{7}, 5, "ann", "bob", "m5", true}),
                     delivered(kBob, {AccountId{7}, 9, "ann", "bob", "m9", true}),
                     delivered(kBob, {AccountId{7}, 1000, "ann", "bob", "m1000", true})}));
  bench.write(kBob);
  EXPECT_EQ(registry.queued_bytes(), 0U);
}

TEST(RegistryRestore, TakesBackWhatIsGone) {
  Registry registry(RegistryLimits{}, HashKey{1, 2}, true);
  EXPECT_TRUE(registry.restore_account(AccountId{3}, "ann"));
  EXPECT_TRUE(registry.restore_account(AccountId{7}, "bob"));
  EXPECT_TRUE(registry.restore_message(AccountId{3}, stored(1, "m1")));
  const std::uint64_t bytes = registry.queued_bytes();
  for (const std::uint64_t number : {5U, 6U, 9U}) {
    EXPECT_TRUE(registry.restore_message(AccountId{7}, stored(number, "m")));
  }
  EXPECT_TRUE(registry.forget_restored_message(AccountId{7}, MessageNumber{6}));
  EXPECT_FALSE(registry.forget_restored_message(AccountId{7}, MessageNumber{6}));
  EXPECT_FALSE(registry.forget_restored_message(AccountId{8}, MessageNumber{5}));
  EXPECT_FALSE(registry.forget_restored_message(AccountId{3}, MessageNumber{5}));
  EXPECT_EQ(registry.forget_restored_account(AccountId{7}),
            (std::vector<MessageNumber>{MessageNumber{5}, MessageNumber{9}}));
  EXPECT_EQ(registry.forget_restored_account(AccountId{7}), std::vector<MessageNumber>{});
  EXPECT_EQ(registry.queued_bytes(), bytes);
  EXPECT_EQ(registry.account_count(), 1U);
  EXPECT_FALSE(registry.restore_message(AccountId{7}, stored(10, "m10")));
  EXPECT_TRUE(registry.restore_account(AccountId{8}, "bob"));
}

TEST(RegistryRestore, CountsWhatItTookUpAgainstTheLimits) {
  RegistryLimits limits;
  limits.undelivered_messages = 1;
  limits.accounts = 2;
  RegistryBench bench(limits, true);
  Registry& registry = bench.registry();
  EXPECT_TRUE(registry.restore_account(kAnnAccount, "ann"));
  EXPECT_TRUE(registry.restore_account(kBobAccount, "bob"));
  EXPECT_TRUE(registry.restore_message(kBobAccount, stored(1, "m1")));
  registry.restore_counters(kBobAccount, MessageNumber{2});
  EXPECT_EQ(bench.apply(create(kCat, "cat")),
            (Effects{refused(kCat, {RefusalCode::TooManyAccounts, 2, 2})}));
  bench.apply(login(kAnn, "ann"));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "m2")),
            (Effects{refused(kAnn, RefusalCode::RecipientQueueFull)}));
}

TEST(RegistryRestore, RefusesWhatCannotBe) {
  RegistryBench bench({}, true);
  Registry& registry = bench.registry();
  EXPECT_TRUE(registry.restore_account(kAnnAccount, "ann"));
  EXPECT_FALSE(registry.restore_account(kBobAccount, "ann"));
  EXPECT_FALSE(registry.restore_account(kAnnAccount, "bob"));
  EXPECT_FALSE(registry.restore_message(kBobAccount, stored(1, "m1")));
  EXPECT_EQ(registry.account_count(), 1U);
  EXPECT_EQ(registry.queued_bytes(), 0U);
}

TEST(RegistryRestore, StartsFromAnEmptyStore) {
  RegistryBench bench({}, true);
  bench.registry().restore_counters(AccountId{}, MessageNumber{});
  bench.apply(create(kAnn, "ann"));
  EXPECT_EQ(bench.records(), (Records{AccountCreated{kAnnAccount, kNow, "ann"}}));
  bench.apply(send(kAnn, "ann", "ann", "m1"));
  EXPECT_EQ(bench.records(), (Records{reserved(1 + kReserved), kept(1, kAnnAccount, "ann", "m1")}));
}

}  // namespace
}  // namespace tribar
