// SPDX-License-Identifier: MIT
//
// Registry: every command and every "no", as the whole list of effects; limits, storage, and the
// lives of connections. Flow control, long LISTs and records have files of their own.
#include "registry/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <variant>

#include "support/registry_bench.h"

namespace tribar {
namespace {

// CREATE and LOGIN.

TEST(Registry, CreatesAnAccountAndLogsIn) {
  RegistryBench bench;
  EXPECT_EQ(bench.apply(create(kAnn, "ann")), (Effects{logged_in(kAnn, 1)}));
  EXPECT_EQ(bench.registry().account_count(), 1U);
  EXPECT_EQ(
      bench.apply(send(kAnn, "ann", "ann", "me")),
      (Effects{live(kAnn, {kAnnAccount, 1, "ann", "ann", "me"}), echo(kAnn, "ann", "ann", "me")}));
}

TEST(Registry, RefusesToCreateATakenName) {
  RegistryBench bench = with_users({"ann", "bob"});
  const Effects taken{refused(kCat, RefusalCode::UsernameTaken)};
  EXPECT_EQ(bench.apply(create(kCat, "ann")), taken);
  bench.close(kAnn);
  EXPECT_EQ(bench.apply(create(kCat, "ann")), taken);
  EXPECT_EQ(bench.apply(create(kBob, "ann")), (Effects{refused(kBob, RefusalCode::UsernameTaken)}));
  EXPECT_EQ(bench.apply(create(kBob, "bob")), (Effects{refused(kBob, RefusalCode::UsernameTaken)}));
}

TEST(Registry, KeepsTheLoginWhenALoggedInConnectionAsksForAnother) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  EXPECT_EQ(bench.apply(create(kAnn, "cat")),
            (Effects{refused(kAnn, RefusalCode::AlreadyLoggedIn)}));
  EXPECT_EQ(bench.apply(login(kAnn, "bob")),
            (Effects{refused(kAnn, RefusalCode::AlreadyLoggedIn)}));
  EXPECT_EQ(bench.registry().account_count(), 2U);
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi")), (Effects{echo(kAnn, "ann", "bob", "hi")}));
  EXPECT_EQ(bench.apply(login(kBob, "bob")), (Effects{logged_in(kBob, 2)}));
}

TEST(Registry, RefusesToLogInToANameThatNoAccountHas) {
  RegistryBench bench = with_users({"ann", "bob"});
  for (const std::string_view name :
       {"", "cat", "an", "ann ", "Ann", "a|||b", "*", "a\nb", "ann\x7f"}) {
    EXPECT_EQ(bench.apply(login(kCat, name)), (Effects{refused(kCat, RefusalCode::NoSuchUsername)}))
        << name;
  }
  EXPECT_EQ(bench.apply(login(kAnn, "cat")), (Effects{refused(kAnn, RefusalCode::NoSuchUsername)}));
}

TEST(Registry, RefusesToLogInToALiveName) {
  RegistryBench bench = with_users({"ann", "bob"});
  EXPECT_EQ(bench.apply(login(kCat, "ann")),
            (Effects{refused(kCat, RefusalCode::LoggedInElsewhere)}));
  EXPECT_EQ(bench.apply(login(kBob, "ann")),
            (Effects{refused(kBob, RefusalCode::LoggedInElsewhere)}));
  EXPECT_EQ(bench.apply(login(kAnn, "ann")),
            (Effects{refused(kAnn, RefusalCode::LoggedInElsewhere)}));
}

TEST(Registry, CountsAllMessagesInOneSequence) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.apply(send(kAnn, "ann", "bob", "one"));
  EXPECT_EQ(bench.apply(send(kBob, "bob", "ann", "two")),
            (Effects{live(kAnn, {kAnnAccount, 2, "bob", "ann", "two"}),
                     echo(kBob, "bob", "ann", "two")}));
}

TEST(Registry, PushesNothingAtLogin) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  bench.apply(send(kAnn, "ann", "bob", "hi"));
  EXPECT_EQ(bench.apply(login(kDan, "bob")), (Effects{logged_in(kDan, 2)}));
  EXPECT_EQ(bench.apply(deliver(kDan)),
            (Effects{done(kDan), delivered(kDan, {kBobAccount, 1, "ann", "bob", "hi"})}));
}

// LIST.

TEST(Registry, ListsAccountsInTheOrderOfTheirCreation) {
  RegistryBench bench = with_users({"cat", "ann", "bob"});
  bench.close(kAnn);
  const struct {
    std::string_view pattern;
    std::initializer_list<std::string_view> usernames;
  } cases[] = {
      {"", {"cat", "ann", "bob"}},
      {"*", {"cat", "ann", "bob"}},
      {"?a?", {"cat"}},
      {"[a-b]*", {"ann", "bob"}},
      {"[!a]*", {"cat", "bob"}},
      {"bob", {"bob"}},
      {"bo", {}},
      {"BOB", {}},
      {"[bob", {}},
      {"bob|||ann", {}},
      {"*|||*", {}},
      {"x*", {}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(bench.apply(list(kDan, c.pattern)), (Effects{names(kDan, c.usernames)})) << c.pattern;
  }
}

TEST(Registry, ListsNobodyWhenThereIsNobody) {
  RegistryBench bench;
  EXPECT_EQ(bench.apply(list(kAnn)), (Effects{names(kAnn, {})}));
  EXPECT_EQ(bench.apply(list(kAnn, "ann")), (Effects{names(kAnn, {})}));
}

TEST(Registry, ListsAnAccountCreatedAgainAsTheNewest) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.apply(delete_account(kAnn));
  bench.apply(create(kAnn, "ann"));
  EXPECT_EQ(bench.apply(list(kBob)), (Effects{names(kBob, {"bob", "ann"})}));
}

// SEND and DELIVER.

TEST(Registry, RefusesToSendWithoutItsPreconditions) {
  RegistryBench bench = with_users({"ann", "bob"});
  const struct {
    Input input;
    RefusalCode code;
  } cases[] = {
      {send(kCat, "ann", "bob", "hi"), RefusalCode::SendBeforeLogin},
      {send(kCat, "cat", "cat", "hi"), RefusalCode::SendBeforeLogin},
      {send(kAnn, "bob", "ann", "hi"), RefusalCode::SenderIsNotYou},
      {send(kAnn, "", "bob", "hi"), RefusalCode::SenderIsNotYou},
      {send(kAnn, "ann ", "bob", "hi"), RefusalCode::SenderIsNotYou},
      {send(kAnn, "cat", "nobody", "hi"), RefusalCode::SenderIsNotYou},
      {send(kAnn, "ann", "cat", "hi"), RefusalCode::NoSuchRecipient},
      {send(kAnn, "ann", "", "hi"), RefusalCode::NoSuchRecipient},
      {send(kAnn, "ann", "|bob", "hi"), RefusalCode::NoSuchRecipient},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(bench.apply(c.input), (Effects{refused(c.input.from, c.code)}));
  }
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(Registry, PushesToAPresentReaderAndEchoes) {
  RegistryBench bench = with_users({"ann", "bob"});
  EXPECT_EQ(
      bench.apply(send(kAnn, "ann", "bob", "hi")),
      (Effects{live(kBob, {kBobAccount, 1, "ann", "bob", "hi"}), echo(kAnn, "ann", "bob", "hi")}));
  bench.now = UnixMs{kNow.value + 5};
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "")),
            (Effects{live(kBob, {kBobAccount, 2, "ann", "bob", "", false, bench.now}),
                     echo(kAnn, "ann", "bob", "")}));
}

TEST(Registry, KeepsMessagesForAnAbsentReader) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "one")),
            (Effects{echo(kAnn, "ann", "bob", "one")}));
  bench.now = UnixMs{kNow.value + 5};
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "two")),
            (Effects{echo(kAnn, "ann", "bob", "two")}));
  bench.apply(login(kDan, "bob"));
  bench.now = UnixMs{kNow.value + 10};
  EXPECT_EQ(bench.apply(deliver(kDan)),
            (Effects{done(kDan), delivered(kDan, {kBobAccount, 1, "ann", "bob", "one"}),
                     delivered(kDan, {kBobAccount, 2, "ann", "bob", "two", false,
                                      UnixMs{kNow.value + 5}})}));
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan)}));
}

TEST(Registry, PushesLiveMessagesBesideWaitingOnes) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  bench.apply(send(kAnn, "ann", "bob", "early"));
  bench.apply(login(kDan, "bob"));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "late")),
            (Effects{live(kDan, {kBobAccount, 2, "ann", "bob", "late"}),
                     echo(kAnn, "ann", "bob", "late")}));
  EXPECT_EQ(bench.apply(deliver(kDan)),
            (Effects{done(kDan), delivered(kDan, {kBobAccount, 1, "ann", "bob", "early"})}));
}

TEST(Registry, DeliversNothingWithoutLogin) {
  RegistryBench bench;
  EXPECT_EQ(bench.apply(deliver(kAnn)), (Effects{refused(kAnn, RefusalCode::DeliverBeforeLogin)}));
}

TEST(Registry, DeliversMessagesOfADeletedSender) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  bench.apply(send(kAnn, "ann", "bob", "hi"));
  bench.apply(delete_account(kAnn));
  bench.apply(login(kDan, "bob"));
  EXPECT_EQ(bench.apply(deliver(kDan)),
            (Effects{done(kDan), delivered(kDan, {kBobAccount, 1, "ann", "bob", "hi"})}));
}

// DELETE.

TEST(Registry, DeletesTheAccountAndItsQueueAndLogsOut) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  bench.apply(send(kAnn, "ann", "bob", "hi"));
  bench.apply(login(kDan, "bob"));
  EXPECT_EQ(bench.apply(delete_account(kDan)), (Effects{logged_out(kDan)}));
  EXPECT_EQ(bench.apply(list(kDan, "bob")), (Effects{names(kDan, {})}));
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{refused(kDan, RefusalCode::DeliverBeforeLogin)}));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi")),
            (Effects{refused(kAnn, RefusalCode::NoSuchRecipient)}));
  EXPECT_EQ(bench.apply(create(kDan, "bob")), (Effects{logged_in(kDan, 3)}));
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan)}));
  EXPECT_EQ(bench.registry().queued_bytes(), charge_of("ann", "bob", "hi"));
  EXPECT_EQ(bench.apply(event(Continue{})), Effects{});
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(Registry, LogsInAnywhereAfterDelete) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  bench.apply(delete_account(kAnn));
  EXPECT_EQ(bench.apply(login(kAnn, "ann")), (Effects{refused(kAnn, RefusalCode::NoSuchUsername)}));
  EXPECT_EQ(bench.apply(login(kAnn, "bob")), (Effects{logged_in(kAnn, 2)}));
}

TEST(Registry, RefusesToDeleteWithoutLogin) {
  RegistryBench bench;
  EXPECT_EQ(bench.apply(delete_account(kAnn)),
            (Effects{refused(kAnn, RefusalCode::DeleteBeforeLogin)}));
}

TEST(Registry, FreesALargeQueueALittleAtATime) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  for (int i = 0; i < 5000; ++i) {
    bench.apply(send(kAnn, "ann", "bob", "hi"));
    bench.write(kAnn);
  }
  bench.apply(login(kDan, "bob"));
  bench.apply(delete_account(kDan));
  // It counts until it is freed: who fills queues and deletes them gets no more than others.
  std::uint64_t left = 5000;
  EXPECT_EQ(bench.registry().queued_bytes(), left * charge_of("ann", "bob", "hi"));
  int steps = 0;
  while (bench.registry().has_more_to_do()) {
    EXPECT_EQ(bench.apply(event(Continue{})), Effects{});
    left -= std::min<std::uint64_t>(left, 2000);
    EXPECT_EQ(bench.registry().queued_bytes(), left * charge_of("ann", "bob", "hi"));
    ++steps;
  }
  EXPECT_EQ(steps, 3);
}

// Frames that are no commands.

TEST(Registry, AnswersAMalformedFrameAndGoesOn) {
  RegistryBench bench = with_users({"ann", "bob"});
  const Refusal refusal{RefusalCode::WrongFieldCount, 2, 3};
  EXPECT_EQ(bench.apply(rejected(kAnn, refusal)), (Effects{refused(kAnn, refusal)}));
  EXPECT_EQ(bench.apply(rejected(kDan, refusal)), (Effects{refused(kDan, refusal)}));
  EXPECT_EQ(
      bench.apply(send(kAnn, "ann", "bob", "hi")),
      (Effects{live(kBob, {kBobAccount, 1, "ann", "bob", "hi"}), echo(kAnn, "ann", "bob", "hi")}));
}

TEST(Registry, ClosesAfterAFatalMistake) {
  RegistryBench bench = with_users({"ann", "bob"});
  const Refusal refusal{RefusalCode::BadVersion, 7, 0};
  EXPECT_EQ(bench.apply(rejected(kBob, refusal, true)),
            (Effects{refused(kBob, refusal), close(kBob)}));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi")), (Effects{echo(kAnn, "ann", "bob", "hi")}));
  EXPECT_EQ(bench.apply(login(kDan, "bob")), (Effects{logged_in(kDan, 2)}));
  // What comes nevertheless is completed, and that is all.
  EXPECT_EQ(bench.apply(send(kBob, "bob", "ann", "hi")), (Effects{done(kBob)}));
  EXPECT_EQ(bench.apply(event(kBob, Ended{})), Effects{});
  EXPECT_EQ(bench.close(kBob), Effects{});
  EXPECT_EQ(bench.apply(login(kCat, "bob")),
            (Effects{refused(kCat, RefusalCode::LoggedInElsewhere)}));
}

TEST(Registry, CompletesACommandWithItsBytes) {
  RegistryBench bench = with_users({"ann"});
  EXPECT_EQ(bench.apply(command(kAnn, Send{{"ann", "ann", "x"}}, 777)),
            (Effects{live(kAnn, {kAnnAccount, 1, "ann", "ann", "x"}),
                     {kAnn, 777, charge_of("ann", "ann", "x"),
                      Echo{lasting(Message{"ann", "ann", "x"})}}}));
  EXPECT_EQ(bench.apply(command(kAnn, Deliver{}, 42)), (Effects{{kAnn, 42, 0, Done{}}}));
  EXPECT_EQ(bench.apply(command(kAnn, Login{"x"}, 43)),
            (Effects{refused(kAnn, {RefusalCode::NoSuchUsername}, 43)}));
}

// The lives of connections.

TEST(Registry, LogsOutWhenTheConnectionCloses) {
  RegistryBench bench = with_users({"ann", "bob"});
  EXPECT_EQ(bench.close(kBob), Effects{});
  EXPECT_EQ(bench.apply(login(kDan, "bob")), (Effects{logged_in(kDan, 2)}));
}

TEST(Registry, IgnoresTheEndOfAConnectionThatNeverAsked) {
  RegistryBench bench = with_users({"ann"});
  EXPECT_EQ(bench.apply(event(kDan, Closed{})), Effects{});
  EXPECT_EQ(bench.apply(event(kDan, Written{})), Effects{});
  EXPECT_EQ(bench.apply(event(kBob, Ended{})), (Effects{close(kBob)}));
}

TEST(Registry, TellsConnectionsApartThatHadTheSameSlot) {
  constexpr ConnectionId kFirst = ConnectionId::make(5, 1);
  constexpr ConnectionId kSecond = ConnectionId::make(5, 2);
  RegistryBench bench;
  bench.apply(create(kFirst, "ann"));
  bench.close(kFirst);
  EXPECT_EQ(bench.apply(deliver(kSecond)),
            (Effects{refused(kSecond, RefusalCode::DeliverBeforeLogin)}));
  EXPECT_EQ(bench.apply(login(kSecond, "ann")), (Effects{logged_in(kSecond, 1)}));
  // Late news of the first one.
  EXPECT_EQ(bench.apply(event(kFirst, Closed{})), Effects{});
  EXPECT_EQ(bench.apply(event(kFirst, Written{42, 0, 0})), Effects{});
  EXPECT_EQ(bench.apply(send(kSecond, "ann", "ann", "me")),
            (Effects{live(kSecond, {kAnnAccount, 1, "ann", "ann", "me"}),
                     echo(kSecond, "ann", "ann", "me")}));
}

TEST(Registry, ClosesAConnectionThatDoesNotLogIn) {
  RegistryBench bench = with_users({"ann"});
  const Refusal refusal{RefusalCode::LoginTimeout, 0, 5000};
  EXPECT_EQ(bench.apply(event(kBob, LoginExpired{refusal})),
            (Effects{refused(kBob, refusal, 0), close(kBob)}));
  EXPECT_EQ(bench.apply(login(kBob, "ann")), (Effects{done(kBob)}));
  EXPECT_EQ(bench.apply(event(kBob, LoginExpired{refusal})), Effects{});
  EXPECT_EQ(bench.apply(event(kAnn, LoginExpired{refusal})), Effects{});
  EXPECT_EQ(bench.apply(delete_account(kAnn)), (Effects{logged_out(kAnn)}));
  // Sent before the loop knew of the login; and after.
  EXPECT_EQ(bench.apply(event(kAnn, LoginExpired{refusal, 0})), Effects{});
  EXPECT_EQ(bench.apply(event(kAnn, LoginExpired{refusal, 1})),
            (Effects{refused(kAnn, refusal, 0), close(kAnn)}));
}

// Limits, at the value and one past.

TEST(Registry, BoundsTheNumberOfAccounts) {
  RegistryLimits limits;
  limits.accounts = 2;
  RegistryBench bench = with_users({"ann", "bob"}, limits);
  EXPECT_EQ(bench.apply(create(kCat, "cat")),
            (Effects{refused(kCat, {RefusalCode::TooManyAccounts, 2, 2})}));
  bench.apply(delete_account(kBob));
  EXPECT_EQ(bench.apply(create(kCat, "cat")), (Effects{logged_in(kCat, 3)}));
}

TEST(Registry, BoundsTheMessagesOfAQueue) {
  RegistryLimits limits;
  limits.undelivered_messages = 2;
  RegistryBench bench = with_users({"ann", "bob"}, limits);
  bench.close(kBob);
  const Effects echoed{echo(kAnn, "ann", "bob", "hi")};
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi")), echoed);
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi")), echoed);
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi")),
            (Effects{refused(kAnn, RefusalCode::RecipientQueueFull)}));
  // Room comes with what was written, not with what was asked for.
  bench.apply(login(kDan, "bob"));
  bench.apply(deliver(kDan));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi")),
            (Effects{refused(kAnn, RefusalCode::RecipientQueueFull)}));
  bench.write(kDan);
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi")),
            (Effects{live(kDan, {kBobAccount, 3, "ann", "bob", "hi", true}),
                     echo(kAnn, "ann", "bob", "hi")}));
}

TEST(Registry, BoundsTheBytesOfAQueue) {
  RegistryLimits limits;
  limits.undelivered_bytes = 2 * charge_of("ann", "bob", "hi");
  RegistryBench bench = with_users({"ann", "bob"}, limits);
  bench.close(kBob);
  bench.apply(send(kAnn, "ann", "bob", "hi"));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi!")),
            (Effects{refused(kAnn, RefusalCode::RecipientQueueFull)}));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi")), (Effects{echo(kAnn, "ann", "bob", "hi")}));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "")),
            (Effects{refused(kAnn, RefusalCode::RecipientQueueFull)}));
}

TEST(Registry, BoundsTheBytesOfAllQueues) {
  RegistryLimits limits;
  limits.queued_bytes = 2 * charge_of("ann", "bob", "hi");
  RegistryBench bench = with_users({"ann", "bob", "cat"}, limits);
  bench.close(kBob);
  bench.apply(send(kAnn, "ann", "bob", "hi"));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "cat", "hi!")),
            (Effects{refused(kAnn, RefusalCode::ServerQueuesFull)}));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "cat", "hi")),
            (Effects{live(kCat, {kCatAccount, 2, "ann", "cat", "hi", true}),
                     echo(kAnn, "ann", "cat", "hi")}));
  EXPECT_EQ(bench.apply(send(kCat, "cat", "ann", "")),
            (Effects{refused(kCat, RefusalCode::ServerQueuesFull)}));
  bench.write(kCat);
  EXPECT_EQ(bench.apply(send(kCat, "cat", "ann", "")),
            (Effects{live(kAnn, {kAnnAccount, 3, "cat", "ann", "", true}),
                     echo(kCat, "cat", "ann", "")}));
}

TEST(Registry, AsksForPromptReportsFromHalfOfALimitOn) {
  RegistryLimits limits;
  limits.undelivered_messages = 6;
  RegistryBench bench = with_users({"ann", "bob"}, limits);
  for (std::uint64_t number = 1; number <= 6; ++number) {
    EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi")),
              (Effects{live(kBob, {kBobAccount, number, "ann", "bob", "hi", number >= 3}),
                       echo(kAnn, "ann", "bob", "hi")}));
  }
}

// Storage.

TEST(Registry, RefusesWhatNeedsARecordWhileStorageIsDown) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  bench.apply(send(kAnn, "ann", "bob", "hi"));
  EXPECT_EQ(bench.apply(event(StorageDown{})), Effects{});
  EXPECT_EQ(bench.apply(create(kCat, "cat")),
            (Effects{refused(kCat, RefusalCode::StorageUnavailable)}));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi")),
            (Effects{refused(kAnn, RefusalCode::StorageUnavailable)}));
  EXPECT_EQ(bench.apply(delete_account(kAnn)),
            (Effects{refused(kAnn, RefusalCode::StorageUnavailable)}));
  // The rest goes on, and says first what is wrong anyway.
  EXPECT_EQ(bench.apply(create(kCat, "ann")), (Effects{refused(kCat, RefusalCode::UsernameTaken)}));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "cat", "hi")),
            (Effects{refused(kAnn, RefusalCode::NoSuchRecipient)}));
  EXPECT_EQ(bench.apply(list(kCat, "b*")), (Effects{names(kCat, {"bob"})}));
  EXPECT_EQ(bench.apply(login(kDan, "bob")), (Effects{logged_in(kDan, 2)}));
  EXPECT_EQ(bench.apply(deliver(kDan)),
            (Effects{done(kDan), delivered(kDan, {kBobAccount, 1, "ann", "bob", "hi"})}));
  EXPECT_EQ(bench.apply(event(StorageUp{})), Effects{});
  EXPECT_EQ(bench.apply(create(kCat, "cat")), (Effects{logged_in(kCat, 3)}));
  EXPECT_EQ(
      bench.apply(send(kAnn, "ann", "bob", "hi")),
      (Effects{live(kDan, {kBobAccount, 2, "ann", "bob", "hi"}), echo(kAnn, "ann", "bob", "hi")}));
}

TEST(Registry, RefusesByNewLimitsAndTakesNothingAway) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.apply(event(kBob, Closed{}));
  bench.apply(send(kAnn, "ann", "bob", "1"));
  bench.apply(send(kAnn, "ann", "bob", "2"));
  RegistryLimits limits;
  limits.accounts = 1;
  limits.undelivered_messages = 1;
  limits.list_names = 1;
  EXPECT_EQ(bench.apply(reconfigured(limits)), Effects{});
  EXPECT_EQ(bench.apply(create(kCat, "cat")),
            (Effects{{kCat, kCommandBytes, 84, Refuse{{RefusalCode::TooManyAccounts, 2, 1}}}}));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "3")),
            (Effects{refused(kAnn, RefusalCode::RecipientQueueFull)}));
  EXPECT_EQ(bench.apply(list(kCat)),
            (Effects{{kCat, kCommandBytes, 84, Refuse{{RefusalCode::ListTooLong, 0, 1}}}}));
  // What was there is.
  EXPECT_EQ(bench.apply(login(kBob, "bob")), (Effects{logged_in(kBob, 2)}));
  EXPECT_EQ(bench.apply(deliver(kBob)),
            (Effects{done(kBob), delivered(kBob, {kBobAccount, 1, "ann", "bob", "1", true}),
                     delivered(kBob, {kBobAccount, 2, "ann", "bob", "2", true})}));
  EXPECT_EQ(bench.apply(reconfigured({})), Effects{});
  EXPECT_EQ(bench.apply(create(kCat, "cat")), (Effects{logged_in(kCat, 3)}));
}

TEST(Registry, ClosesAccountsWithoutASecretToNewLoginsOnly) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.apply(event(kBob, Closed{}));
  RegistryLimits limits;
  limits.needs_secrets = true;
  EXPECT_EQ(bench.apply(reconfigured(limits)), Effects{});
  EXPECT_EQ(
      bench.apply(send(kAnn, "ann", "ann", "hi")),
      (Effects{live(kAnn, {kAnnAccount, 1, "ann", "ann", "hi"}), echo(kAnn, "ann", "ann", "hi")}));
  const Effects refusal = bench.apply(login(kCat, "bob"));
  ASSERT_EQ(refusal.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Refuse>(refusal.front().body));
  EXPECT_EQ(bench.apply(reconfigured({})), Effects{});
  EXPECT_EQ(bench.apply(login(kCat, "bob")), (Effects{logged_in(kCat, 2)}));
}

TEST(Registry, GoesOnWithListsForWhichThereIsRoomNow) {
  RegistryLimits limits;
  limits.listing_bytes = 0;
  RegistryBench bench = with_users({"ann"}, limits);
  EXPECT_EQ(bench.apply(list(kAnn, "*n")), Effects{});
  EXPECT_FALSE(bench.registry().has_more_to_do());
  EXPECT_EQ(bench.apply(reconfigured({})), Effects{});
  EXPECT_TRUE(bench.registry().has_more_to_do());
  EXPECT_EQ(bench.apply(event(Continue{})), (Effects{names(kAnn, {"ann"})}));
}

TEST(Registry, CountsNoRefusedMessage) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.apply(event(StorageDown{}));
  bench.apply(send(kAnn, "ann", "bob", "lost"));
  bench.apply(event(StorageUp{}));
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
  EXPECT_EQ(
      bench.apply(send(kAnn, "ann", "bob", "hi")),
      (Effects{live(kBob, {kBobAccount, 1, "ann", "bob", "hi"}), echo(kAnn, "ann", "bob", "hi")}));
}

}  // namespace
}  // namespace tribar
