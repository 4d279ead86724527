// SPDX-License-Identifier: MIT
//
// Registry: sessions that are told to go, and commands that are answered by a later input.
#include <gtest/gtest.h>

#include "support/registry_bench.h"

namespace tribar {
namespace {

/// Room for two short messages or answers: the second goes over it, as one frame always passes.
RegistryLimits short_credit() {
  RegistryLimits limits;
  limits.outbox_bytes = 100;
  return limits;
}

/// Ann's message `number` to bob, as bob gets it.
Pushed to_bob(std::uint64_t number, std::string_view text) {
  return {kBobAccount, number, "ann", "bob", text};
}

/// Ann sends `texts` to bob and reads her echoes.
void send_to_bob(RegistryBench& bench, std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    bench.apply(send(kAnn, "ann", "bob", text));
    bench.write(kAnn);
  }
}

const Refusal kReplaced{RefusalCode::LoggedInElsewhere};
const Refusal kWrong{RefusalCode::SenderIsNotYou};

Input dismiss(ConnectionId id) { return event(id, Dismiss{kReplaced}); }
Effect dismissed(ConnectionId id) { return refused(id, kReplaced, 0); }

Input checked(Input input) {
  input.needs_check = true;
  return input;
}
Input right(ConnectionId id) { return event(id, Answered{}); }
Input wrong(ConnectionId id) { return event(id, Answered{kWrong}); }
Effect check(ConnectionId to, AccountId account = {}) { return {to, 0, 0, Check{account}}; }

// Dismiss.

TEST(RegistrySession, IsRefusedAndClosedWhenItIsDismissed) {
  RegistryBench bench = with_users({"ann", "bob"});
  EXPECT_EQ(bench.apply(dismiss(kBob)), (Effects{dismissed(kBob), close(kBob)}));
  EXPECT_EQ(bench.apply(send(kBob, "bob", "ann", "hi")), (Effects{done(kBob)}));
  EXPECT_EQ(bench.apply(create(kBob, "eve")), (Effects{done(kBob)}));
  EXPECT_EQ(bench.apply(checked(login(kBob, "bob"))), (Effects{done(kBob)}));
  EXPECT_EQ(bench.apply(event(kBob, Ended{})), Effects{});
  EXPECT_EQ(bench.apply(event(kBob, LoginExpired{kReplaced, 1})), Effects{});
  EXPECT_EQ(bench.registry().account_count(), 2U);
}

TEST(RegistrySession, FreesItsNameWhenItIsDismissed) {
  RegistryBench bench = with_users({"ann", "bob"});
  EXPECT_EQ(bench.apply_all({dismiss(kBob), login(kDan, "bob")}),
            (Effects{dismissed(kBob), close(kBob), logged_in(kDan, 2)}));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "hi")),
            (Effects{live(kDan, to_bob(1, "hi")), echo(kAnn, "ann", "bob", "hi")}));
  // The end of the old one is not the new one's.
  EXPECT_EQ(bench.close(kBob), Effects{});
  EXPECT_EQ(bench.apply(login(kCat, "bob")),
            (Effects{refused(kCat, RefusalCode::LoggedInElsewhere)}));
}

TEST(RegistrySession, GivesBackWhatADismissedReaderDidNotGet) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2", "m3", "m4"});
  EXPECT_EQ(bench.apply(dismiss(kBob)), (Effects{dismissed(kBob), close(kBob)}));
  bench.apply(login(kDan, "bob"));
  bench.write(kDan);
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(3, "m3")),
                                                 delivered(kDan, to_bob(4, "m4"))}));
  // The first one is with its peer, the second one comes back from the loop.
  EXPECT_EQ(bench.write(kBob, 1), Effects{});
  EXPECT_EQ(bench.close(kBob), Effects{});
  bench.write(kDan);
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(2, "m2"))}));
  bench.write(kDan);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistrySession, GivesBackWhatADismissedReaderAskedFor) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  bench.close(kBob);
  send_to_bob(bench, {"m1", "m2", "m3", "m4"});
  bench.apply(login(kBob, "bob"));
  bench.write(kBob);
  bench.apply(deliver(kBob));
  // It has half-closed, and its answers to DELIVER are still written.
  EXPECT_EQ(bench.apply(event(kBob, Ended{})), Effects{});
  EXPECT_EQ(bench.apply(dismiss(kBob)), (Effects{dismissed(kBob), close(kBob)}));
  bench.close(kBob);
  bench.apply(login(kDan, "bob"));
  bench.write(kDan);
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(1, "m1")),
                                                 delivered(kDan, to_bob(2, "m2"))}));
}

TEST(RegistrySession, CompletesWhatWaitedAndExecutesNoneOfItWhenItIsDismissed) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2"});
  bench.apply(send(kBob, "bob", "ann", "hi"));
  bench.apply(command(kBob, Delete{}, 101));
  EXPECT_EQ(bench.apply(dismiss(kBob)),
            (Effects{done(kBob), {kBob, 101, 0, Done{}}, dismissed(kBob), close(kBob)}));
  EXPECT_EQ(bench.apply(deliver(kAnn)), (Effects{done(kAnn)}));
  EXPECT_EQ(bench.registry().account_count(), 2U);
}

TEST(RegistrySession, CompletesTheLongListThatItGivesUpWhenItIsDismissed) {
  RegistryLimits limits;
  limits.listing_bytes = 0;  // every LIST waits
  RegistryBench bench = with_users({"ann", "bob"}, limits);
  EXPECT_EQ(bench.apply(command(kBob, List{}, 101)), Effects{});
  EXPECT_EQ(bench.apply(send(kBob, "bob", "ann", "hi")), Effects{});
  EXPECT_EQ(bench.apply(dismiss(kBob)),
            (Effects{{kBob, 101, 0, Done{}}, done(kBob), dismissed(kBob), close(kBob)}));
  EXPECT_FALSE(bench.registry().has_more_to_do());
  EXPECT_EQ(bench.close(kBob), Effects{});
}

TEST(RegistrySession, IsDismissedOnce) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.apply(dismiss(kBob));
  EXPECT_EQ(bench.apply(dismiss(kBob)), Effects{});
  bench.apply(event(kAnn, Ended{}));  // it has had its Close
  EXPECT_EQ(bench.apply(dismiss(kAnn)), Effects{});
}

// Whoever dismisses does not see connections come and go.
TEST(RegistrySession, IsNotDismissedInPlaceOfTheOneBefore) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  EXPECT_EQ(bench.apply(dismiss(kBob)), Effects{});
  const ConnectionId later = ConnectionId::make(kBob.slot(), kBob.generation() + 1);
  bench.apply(login(later, "bob"));
  EXPECT_EQ(bench.apply(dismiss(kBob)), Effects{});
  EXPECT_EQ(bench.apply(deliver(later)), (Effects{done(later)}));
  EXPECT_EQ(bench.apply(dismiss(ConnectionId::make(99, 1))), Effects{});
}

TEST(RegistrySession, ReportsWhatWasWrittenBehindTheDismissal) {
  RegistryBench bench = with_users({"ann", "bob"}, {}, true);
  send_to_bob(bench, {"m1", "m2"});
  bench.apply(dismiss(kBob));
  EXPECT_EQ(bench.write(kBob), Effects{});
  EXPECT_EQ(bench.records(), (Records{HandedOver{MessageNumber{1}}, HandedOver{MessageNumber{2}}}));
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

// Check and Answered.

TEST(RegistrySession, ExecutesACheckedCommandAtTheResult) {
  RegistryBench bench = with_users({"ann"});
  bench.close(kAnn);
  EXPECT_EQ(bench.apply(checked(login(kDan, "ann"))), (Effects{check(kDan, kAnnAccount)}));
  EXPECT_EQ(bench.apply(right(kDan)), (Effects{logged_in(kDan, 1)}));
  EXPECT_EQ(bench.apply(checked(create(kCat, "cat"))), (Effects{check(kCat)}));
  EXPECT_EQ(bench.apply(right(kCat)), (Effects{logged_in(kCat, 2)}));
}

TEST(RegistrySession, RefusesACheckedCommandAtTheResult) {
  RegistryBench bench = with_users({"ann"});
  bench.close(kAnn);
  bench.apply(checked(command(kDan, Login{"ann"}, 101)));
  EXPECT_EQ(bench.apply(wrong(kDan)), (Effects{refused(kDan, kWrong, 101)}));
  // It may try again.
  EXPECT_EQ(bench.apply(checked(login(kDan, "ann"))), (Effects{check(kDan, kAnnAccount)}));
  EXPECT_EQ(bench.apply(right(kDan)), (Effects{logged_in(kDan, 1)}));
}

TEST(RegistrySession, LetsCommandsWaitForTheResult) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  bench.apply(checked(login(kDan, "bob")));
  EXPECT_EQ(bench.apply(send(kDan, "bob", "ann", "hi")), Effects{});
  EXPECT_EQ(bench.apply(checked(list(kDan, "ann"))), Effects{});
  EXPECT_EQ(bench.apply(list(kDan, "bob")), Effects{});
  // Nobody else waits.
  EXPECT_EQ(bench.apply(list(kAnn, "bob")), (Effects{names(kAnn, {"bob"})}));
  EXPECT_EQ(bench.apply(right(kDan)),
            (Effects{logged_in(kDan, 2), live(kAnn, {kAnnAccount, 1, "bob", "ann", "hi"}),
                     echo(kDan, "bob", "ann", "hi"), check(kDan)}));
  EXPECT_EQ(bench.apply(right(kDan)), (Effects{names(kDan, {"ann"}), names(kDan, {"bob"})}));
}

TEST(RegistrySession, ChecksACommandWhenItsTurnComes) {
  RegistryBench bench = with_users({"ann"}, short_credit());
  bench.apply(list(kDan));
  bench.apply(list(kDan));
  bench.apply(list(kDan));
  EXPECT_EQ(bench.apply(checked(login(kDan, "ann"))), Effects{});
  EXPECT_EQ(bench.write(kDan), (Effects{check(kDan, kAnnAccount)}));
  EXPECT_EQ(bench.apply(right(kDan)), (Effects{refused(kDan, RefusalCode::LoggedInElsewhere)}));
}

// What happened meanwhile counts.
TEST(RegistrySession, LetsNobodyInWhoseNameIsTakenDuringTheCheck) {
  RegistryBench bench = with_users({"ann"});
  bench.close(kAnn);
  bench.apply(checked(login(kDan, "ann")));
  bench.apply(checked(create(kCat, "cat")));
  bench.apply(login(kAnn, "ann"));
  bench.apply(create(kBob, "cat"));
  EXPECT_EQ(bench.apply(right(kDan)), (Effects{refused(kDan, RefusalCode::LoggedInElsewhere)}));
  EXPECT_EQ(bench.apply(right(kCat)), (Effects{refused(kCat, RefusalCode::UsernameTaken)}));
}

TEST(RegistrySession, LetsNobodyInWhoseAccountIsDeletedDuringTheCheck) {
  RegistryBench bench = with_users({"ann"});
  bench.close(kAnn);
  bench.apply(login(kBob, "ann"));
  bench.apply(checked(login(kDan, "ann")));
  bench.apply(delete_account(kBob));
  EXPECT_EQ(bench.apply(right(kDan)), (Effects{refused(kDan, RefusalCode::NoSuchUsername)}));
}

// The secret that was right was the old account's.
TEST(RegistrySession, LetsNobodyIntoALaterAccountOfTheSameName) {
  RegistryBench bench = with_users({"ann"});
  bench.apply(checked(login(kDan, "ann")));
  EXPECT_EQ(bench.apply(checked(login(kCat, "bob"))), (Effects{check(kCat)}));
  bench.apply(delete_account(kAnn));
  bench.apply(create(kAnn, "ann"));
  bench.close(kAnn);
  bench.apply(create(kBob, "bob"));
  bench.close(kBob);
  EXPECT_EQ(bench.apply(right(kDan)), (Effects{refused(kDan, RefusalCode::NoSuchUsername)}));
  EXPECT_EQ(bench.apply(right(kCat)), (Effects{refused(kCat, RefusalCode::NoSuchUsername)}));
}

TEST(RegistrySession, CreatesNobodyWhenStorageWentDownDuringTheCheck) {
  RegistryBench bench = with_users({"ann"});
  bench.close(kAnn);
  bench.apply(checked(login(kDan, "ann")));
  bench.apply(checked(create(kCat, "cat")));
  bench.apply(event(StorageDown{}));
  EXPECT_EQ(bench.apply(right(kDan)), (Effects{logged_in(kDan, 1)}));
  EXPECT_EQ(bench.apply(right(kCat)), (Effects{refused(kCat, RefusalCode::StorageUnavailable)}));
}

TEST(RegistrySession, LogsOutAtTheHalfCloseBehindTheCheck) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  bench.apply(checked(login(kDan, "bob")));
  EXPECT_EQ(bench.apply(event(kDan, Ended{})), Effects{});
  EXPECT_EQ(bench.apply(right(kDan)), (Effects{logged_in(kDan, 2), close(kDan)}));
  EXPECT_EQ(bench.apply(login(kBob, "bob")), (Effects{logged_in(kBob, 2)}));
  bench.apply(checked(login(kCat, "bob")));
  bench.apply(send(kCat, "bob", "ann", "hi"));
  EXPECT_EQ(bench.apply(event(kCat, Ended{})), Effects{});
  EXPECT_EQ(
      bench.apply(wrong(kCat)),
      (Effects{refused(kCat, kWrong), refused(kCat, RefusalCode::SendBeforeLogin), close(kCat)}));
}

TEST(RegistrySession, GivesTheCheckUpWhenTheConnectionCloses) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  bench.apply(checked(login(kDan, "bob")));
  bench.apply(checked(create(kDan, "dan")));
  bench.apply(send(kDan, "bob", "ann", "hi"));
  EXPECT_EQ(bench.close(kDan), Effects{});
  EXPECT_EQ(bench.apply(right(kDan)), Effects{});
  EXPECT_EQ(bench.registry().account_count(), 2U);
  // Nor does the result reach the connection that has the place now.
  const ConnectionId later = ConnectionId::make(kDan.slot(), kDan.generation() + 1);
  bench.apply(checked(login(later, "bob")));
  EXPECT_EQ(bench.apply(right(kDan)), Effects{});
  EXPECT_EQ(bench.apply(right(later)), (Effects{logged_in(later, 2)}));
}

TEST(RegistrySession, GivesTheCheckUpWhenItIsDismissed) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kBob);
  bench.apply(checked(command(kDan, Login{"bob"}, 101)));
  bench.apply(deliver(kDan));
  EXPECT_EQ(bench.apply(dismiss(kDan)),
            (Effects{{kDan, 101, 0, Done{}}, done(kDan), dismissed(kDan), close(kDan)}));
  EXPECT_EQ(bench.apply(right(kDan)), Effects{});
  EXPECT_EQ(bench.apply(login(kCat, "bob")), (Effects{logged_in(kCat, 2)}));
}

TEST(RegistrySession, ExpiresNoLoginThatIsBeingChecked) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.close(kAnn);
  bench.close(kBob);
  const Refusal late{RefusalCode::LoginTimeout, 0, 5000};
  bench.apply(checked(login(kDan, "ann")));
  bench.apply(checked(login(kCat, "bob")));
  EXPECT_EQ(bench.apply(event(kDan, LoginExpired{late})), Effects{});
  EXPECT_EQ(bench.apply(event(kCat, LoginExpired{late})), Effects{});
  EXPECT_EQ(bench.apply(right(kDan)), (Effects{logged_in(kDan, 1)}));
  EXPECT_EQ(bench.apply(wrong(kCat)),
            (Effects{refused(kCat, kWrong), refused(kCat, late, 0), close(kCat)}));
}

TEST(RegistrySession, PushesWhileACommandIsChecked) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  bench.apply(checked(delete_account(kBob)));
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "m1")),
            (Effects{live(kBob, to_bob(1, "m1")), echo(kAnn, "ann", "bob", "m1")}));
  bench.write(kAnn);
  send_to_bob(bench, {"m2", "m3"});
  // The third one is in its backlog, and goes with the account.
  EXPECT_EQ(bench.apply(right(kBob)), (Effects{logged_out(kBob)}));
  bench.write(kBob);
  bench.go_on();
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistrySession, ChecksNeitherMessagesNorWhatIsNoCommand) {
  RegistryBench bench = with_users({"ann", "bob"});
  EXPECT_EQ(bench.apply(checked(send(kAnn, "ann", "bob", "m1"))),
            (Effects{live(kBob, to_bob(1, "m1")), echo(kAnn, "ann", "bob", "m1")}));
  EXPECT_EQ(bench.apply(checked(rejected(kAnn, kWrong, true))),
            (Effects{refused(kAnn, kWrong), close(kAnn)}));
}

TEST(RegistrySession, IgnoresAResultThatNobodyWaitsFor) {
  RegistryBench bench = with_users({"ann"});
  EXPECT_EQ(bench.apply(right(kAnn)), Effects{});
  EXPECT_EQ(bench.apply(wrong(kAnn)), Effects{});
  EXPECT_EQ(bench.apply(right(ConnectionId::make(99, 1))), Effects{});
  EXPECT_EQ(bench.apply(deliver(kAnn)), (Effects{done(kAnn)}));
}

}  // namespace
}  // namespace tribar
