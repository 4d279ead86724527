// SPDX-License-Identifier: MIT
//
// Registry: the flow towards readers. Credit, backlogs, commands that wait, what comes back from
// connections that end, and the half-close.
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

// Credit.

TEST(RegistryFlow, HandsOverNoMoreThanTheCreditAndOneFrame) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2"});
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "m3")), (Effects{echo(kAnn, "ann", "bob", "m3")}));
  bench.write(kAnn);
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "m4")), (Effects{echo(kAnn, "ann", "bob", "m4")}));
  EXPECT_EQ(bench.write(kBob, 1), (Effects{live(kBob, to_bob(3, "m3"))}));
  EXPECT_EQ(bench.write(kBob), (Effects{live(kBob, to_bob(4, "m4"))}));
  EXPECT_EQ(bench.write(kBob), Effects{});
}

TEST(RegistryFlow, PassesOneFrameHoweverLong) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  const std::string text(5000, 'x');
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", text)),
            (Effects{live(kBob, to_bob(1, text)), echo(kAnn, "ann", "bob", text)}));
  EXPECT_EQ(bench.apply(deliver(kAnn)), Effects{});
  EXPECT_EQ(bench.write(kAnn), (Effects{done(kAnn)}));
}

TEST(RegistryFlow, DoesNotPassABacklog) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2", "m3"});
  const std::string text(200, 'x');
  send_to_bob(bench, {text, "m5", "m6"});
  EXPECT_EQ(bench.write(kBob), (Effects{live(kBob, to_bob(3, "m3")), live(kBob, to_bob(4, text))}));
  EXPECT_EQ(bench.write(kBob), (Effects{live(kBob, to_bob(5, "m5")), live(kBob, to_bob(6, "m6"))}));
}

// A change of the credit.

RegistryLimits credit_of(std::uint64_t bytes) {
  RegistryLimits limits;
  limits.outbox_bytes = bytes;
  return limits;
}

TEST(RegistryFlow, AHigherCreditIsUsedWithoutAReport) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2", "m3", "m4", "m5"});
  const std::uint32_t each = charge_of("ann", "bob", "m1");
  EXPECT_EQ(bench.apply(reconfigured(credit_of(3 * each + 1))), Effects{});
  // What comes meanwhile does not overtake.
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "m6")), (Effects{echo(kAnn, "ann", "bob", "m6")}));
  EXPECT_TRUE(bench.registry().has_more_to_do());
  EXPECT_EQ(bench.apply(event(Continue{})),
            (Effects{live(kBob, to_bob(3, "m3")), live(kBob, to_bob(4, "m4"))}));
  EXPECT_FALSE(bench.registry().has_more_to_do());
  EXPECT_EQ(bench.write(kBob), (Effects{live(kBob, to_bob(5, "m5")), live(kBob, to_bob(6, "m6"))}));
}

TEST(RegistryFlow, AHigherCreditLetsCommandsGoOnThatWaited) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  const std::string text(5000, 'x');
  bench.apply(send(kAnn, "ann", "bob", text));
  EXPECT_EQ(bench.apply(deliver(kAnn)), Effects{});
  EXPECT_EQ(bench.apply(list(kAnn, "x")), Effects{});
  EXPECT_EQ(bench.apply(reconfigured(credit_of(4096))), Effects{});
  EXPECT_EQ(bench.go_on(), Effects{}) << "she owes more than that";
  EXPECT_EQ(bench.apply(reconfigured(credit_of(10'000))), Effects{});
  EXPECT_EQ(bench.go_on(), (Effects{done(kAnn), names(kAnn, {})}));
}

TEST(RegistryFlow, ALowerCreditTakesNothingBackAndGivesNothingMore) {
  RegistryBench bench = with_users({"ann", "bob"});
  send_to_bob(bench, {"m1", "m2", "m3"});
  EXPECT_EQ(bench.apply(reconfigured(short_credit())), Effects{});
  EXPECT_FALSE(bench.registry().has_more_to_do());
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "m4")), (Effects{echo(kAnn, "ann", "bob", "m4")}));
  EXPECT_EQ(bench.apply(list(kBob, "x")), Effects{});
  EXPECT_EQ(bench.write(kBob, 1), Effects{});
  EXPECT_EQ(bench.write(kBob, 1), (Effects{live(kBob, to_bob(4, "m4"))}));
  EXPECT_EQ(bench.write(kBob, 1), (Effects{names(kBob, {})}));
}

TEST(RegistryFlow, AHigherCreditIsGivenOutInSteps) {
  RegistryBench bench = with_users({"ann", "bob", "cat"}, short_credit());
  const std::string text(600'000, 'x');
  for (const char* reader : {"bob", "cat"}) {
    for (int i = 0; i < 4; ++i) {
      bench.apply(send(kAnn, "ann", reader, text));
      bench.write(kAnn);
    }
  }
  EXPECT_EQ(bench.apply(reconfigured(credit_of(10'000'000))), Effects{});
  EXPECT_EQ(bench.apply(event(Continue{})),
            (Effects{live(kCat, {AccountId{3}, 6, "ann", "cat", text}),
                     live(kCat, {AccountId{3}, 7, "ann", "cat", text}),
                     live(kCat, {AccountId{3}, 8, "ann", "cat", text})}));
  EXPECT_TRUE(bench.registry().has_more_to_do());
  // Who is closed meanwhile has nothing to go on with.
  bench.close(kBob);
  EXPECT_EQ(bench.go_on(), Effects{});
  EXPECT_FALSE(bench.registry().has_more_to_do());
}

TEST(RegistryFlow, ConfirmsWhatCameInARowTogether) {
  RegistryBench bench = with_users({"ann", "bob"});
  const auto m = [](std::string_view text) { return send(kAnn, "ann", "bob", text); };
  const std::uint32_t each = charge_of("ann", "bob", "m1");
  EXPECT_EQ(bench.apply_all({m("m1"), next(m("m2")), next(m("m3"))}),
            (Effects{live(kBob, to_bob(1, "m1")), row(echo(kAnn, "ann", "bob", "m1"), 2, 2 * each),
                     live(kBob, to_bob(2, "m2")), live(kBob, to_bob(3, "m3"))}));
  // What is elsewhere in memory begins anew.
  EXPECT_EQ(bench.apply_all({m("m4"), m("m5"), next(m("m6"))}),
            (Effects{live(kBob, to_bob(4, "m4")), echo(kAnn, "ann", "bob", "m4"),
                     live(kBob, to_bob(5, "m5")), row(echo(kAnn, "ann", "bob", "m5"), 1, each),
                     live(kBob, to_bob(6, "m6"))}));
  // Another batch too.
  EXPECT_EQ(bench.apply(next(m("m7"))),
            (Effects{live(kBob, to_bob(7, "m7")), echo(kAnn, "ann", "bob", "m7")}));
}

TEST(RegistryFlow, EndsARowAtWhateverElseTheConnectionGets) {
  RegistryBench bench = with_users({"ann", "bob"});
  const auto m = [](std::string_view text) { return send(kAnn, "ann", "bob", text); };
  EXPECT_EQ(bench.apply_all({m("m1"), next(send(kAnn, "ann", "nobody", "m2")), next(m("m3")),
                             next(deliver(kAnn)), next(m("m4"))}),
            (Effects{live(kBob, to_bob(1, "m1")), echo(kAnn, "ann", "bob", "m1"),
                     refused(kAnn, RefusalCode::NoSuchRecipient), live(kBob, to_bob(2, "m3")),
                     echo(kAnn, "ann", "bob", "m3"), done(kAnn), live(kBob, to_bob(3, "m4")),
                     echo(kAnn, "ann", "bob", "m4")}));
  // To herself, and from another.
  const auto me = [](std::string_view text) { return send(kAnn, "ann", "ann", text); };
  EXPECT_EQ(
      bench.apply_all({me("m5"), next(me("m6"))}),
      (Effects{live(kAnn, {kAnnAccount, 4, "ann", "ann", "m5"}), echo(kAnn, "ann", "ann", "m5"),
               live(kAnn, {kAnnAccount, 5, "ann", "ann", "m6"}), echo(kAnn, "ann", "ann", "m6")}));
  EXPECT_EQ(
      bench.apply_all({m("m7"), send(kBob, "bob", "ann", "m8"), next(m("m9"))}),
      (Effects{live(kBob, to_bob(6, "m7")), echo(kAnn, "ann", "bob", "m7"),
               live(kAnn, {kAnnAccount, 7, "bob", "ann", "m8"}), echo(kBob, "bob", "ann", "m8"),
               live(kBob, to_bob(8, "m9")), echo(kAnn, "ann", "bob", "m9")}));
}

TEST(RegistryFlow, BoundsARow) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.apply(event(kBob, Closed{}));
  const std::string text(2000, 'x');
  const auto m = [&text] { return send(kAnn, "ann", "bob", text); };
  const std::uint32_t each = charge_of("ann", "bob", text);
  EXPECT_EQ(bench.apply_all({m(), next(m()), next(m()), next(m())}),
            (Effects{row(echo(kAnn, "ann", "bob", text), 1, each),
                     row(echo(kAnn, "ann", "bob", text), 1, each)}));
}

TEST(RegistryFlow, EndsARowWhereItsReaderFallsBehind) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  bench.close(kBob);
  const auto m = [](std::string_view text) { return send(kAnn, "ann", "bob", text); };
  const std::uint32_t each = charge_of("ann", "bob", "m1");
  EXPECT_EQ(bench.apply_all({m("m1"), next(m("m2")), next(m("m3")), next(m("m4"))}),
            (Effects{row(echo(kAnn, "ann", "bob", "m1"), 1, each)}));
  // What waited is elsewhere now.
  EXPECT_EQ(bench.write(kAnn),
            (Effects{echo(kAnn, "ann", "bob", "m3"), echo(kAnn, "ann", "bob", "m4")}));
}

TEST(RegistryFlow, LetsCommandsWaitForTheirReader) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2"});
  EXPECT_EQ(bench.apply(list(kBob, "bob")), Effects{});
  EXPECT_EQ(bench.apply(send(kBob, "bob", "ann", "hi")), Effects{});
  EXPECT_EQ(bench.apply(login(kBob, "nobody")), Effects{});
  EXPECT_EQ(bench.write(kBob, 1), (Effects{names(kBob, {"bob"})}));
  EXPECT_EQ(bench.write(kBob),
            (Effects{live(kAnn, {kAnnAccount, 3, "bob", "ann", "hi"}),
                     echo(kBob, "bob", "ann", "hi"), refused(kBob, RefusalCode::NoSuchUsername)}));
}

TEST(RegistryFlow, KeepsTheBytesOfWaitingCommands) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2"});
  bench.apply(command(kBob, List{"bob"}, 101));
  bench.apply(command(kBob, Delete{}, 102));
  bench.apply(command(kBob, Create{"a-name-too-long-for-a-small-string"}, 103));
  const std::string_view created = "a-name-too-long-for-a-small-string";
  EXPECT_EQ(bench.write(kBob), (Effects{{kBob, 101, 46, Names{"bob\n", 1}},
                                        {kBob, 102, 0, LoggedOut{}},
                                        {kBob, 103, 42, LoggedIn{AccountId{3}}}}));
  bench.write(kBob);
  EXPECT_EQ(bench.apply(send(kBob, created, created, "me")),
            (Effects{live(kBob, {AccountId{3}, 3, created, created, "me"}),
                     echo(kBob, created, created, "me")}));
}

TEST(RegistryFlow, DeliversAtTheReadersSpeed) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  bench.close(kBob);
  send_to_bob(bench, {"m1", "m2", "m3", "m4", "m5"});
  bench.apply(login(kDan, "bob"));
  bench.write(kDan);
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(1, "m1")),
                                                 delivered(kDan, to_bob(2, "m2"))}));
  EXPECT_EQ(bench.apply(list(kDan, "bob")), Effects{});
  // A live one joins behind what was asked for.
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "m6")), (Effects{echo(kAnn, "ann", "bob", "m6")}));
  // Done, which has no bytes, and the first message.
  EXPECT_EQ(bench.write(kDan, 2), (Effects{delivered(kDan, to_bob(3, "m3"))}));
  EXPECT_EQ(bench.write(kDan),
            (Effects{delivered(kDan, to_bob(4, "m4")), delivered(kDan, to_bob(5, "m5"))}));
  EXPECT_EQ(bench.write(kDan), (Effects{live(kDan, to_bob(6, "m6")), names(kDan, {"bob"})}));
}

TEST(RegistryFlow, SaysWhichRunIsLiveWhenRunsAlternate) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  bench.close(kBob);
  send_to_bob(bench, {"m1", "m2", "m3"});
  bench.apply(login(kDan, "bob"));
  bench.write(kDan);
  bench.apply(deliver(kDan));
  send_to_bob(bench, {"m4", "m5"});
  EXPECT_EQ(bench.write(kDan),
            (Effects{delivered(kDan, to_bob(3, "m3")), live(kDan, to_bob(4, "m4"))}));
  EXPECT_EQ(bench.write(kDan), (Effects{live(kDan, to_bob(5, "m5"))}));
}

TEST(RegistryFlow, CountsQueuesUntilTheyAreWritten) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2", "m3"});
  const std::uint64_t each = charge_of("ann", "bob", "m1");
  EXPECT_EQ(bench.registry().queued_bytes(), 3 * each);
  bench.write(kBob, 1);
  EXPECT_EQ(bench.registry().queued_bytes(), 2 * each);
  bench.write(kBob);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

// What comes back.

TEST(RegistryFlow, ReturnsUnwrittenMessagesToTheirPlaces) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2", "m3", "m4"});
  bench.write(kBob, 1);
  EXPECT_EQ(bench.close(kBob), Effects{});
  send_to_bob(bench, {"m5"});
  bench.apply(login(kDan, "bob"));
  bench.write(kDan);
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(2, "m2")),
                                                 delivered(kDan, to_bob(3, "m3"))}));
  EXPECT_EQ(bench.write(kDan),
            (Effects{delivered(kDan, to_bob(4, "m4")), delivered(kDan, to_bob(5, "m5"))}));
  bench.write(kDan);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistryFlow, TakesBackAMessageWhoseConnectionIsGone) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.apply(send(kAnn, "ann", "bob", "m1"));
  bench.apply(event(kBob, Closed{}));
  bench.apply(send(kAnn, "ann", "bob", "m2"));
  const Message message{"ann", "bob", "m1"};
  EXPECT_EQ(bench.apply(event(kBob, Returned{kBobAccount, MessageNumber{1}, kNow, message})),
            Effects{});
  bench.apply(login(kDan, "bob"));
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(1, "m1")),
                                                 delivered(kDan, to_bob(2, "m2"))}));
}

TEST(RegistryFlow, TakesAMessageBackWhileTheAccountIsOnlineAgain) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.apply(send(kAnn, "ann", "bob", "m1"));
  bench.apply(event(kBob, Closed{}));
  bench.apply(login(kDan, "bob"));
  bench.apply(send(kAnn, "ann", "bob", "m2"));
  EXPECT_EQ(bench.give_back(kBob, false), Effects{});
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(1, "m1"))}));
  bench.write(kDan);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistryFlow, DropsAReturnedMessageOfADeletedAccount) {
  RegistryBench bench = with_users({"ann", "bob"});
  bench.apply(send(kAnn, "ann", "bob", "m1"));
  bench.apply(event(kBob, Closed{}));
  bench.apply(login(kDan, "bob"));
  bench.apply(delete_account(kDan));
  bench.apply(create(kDan, "bob"));
  EXPECT_EQ(bench.give_back(kBob, false), Effects{});
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan)}));
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistryFlow, TakesBackWhateverTheLimits) {
  RegistryLimits limits;
  limits.undelivered_messages = 1;
  RegistryBench bench = with_users({"ann", "bob"}, limits);
  send_to_bob(bench, {"m1"});
  bench.close(kBob);
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "m2")),
            (Effects{refused(kAnn, RefusalCode::RecipientQueueFull)}));
  bench.apply(login(kDan, "bob"));
  Pushed first = to_bob(1, "m1");
  first.wants_report = true;
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, first)}));
}

TEST(RegistryFlow, ForgetsWhatADeletedAccountWasOwed) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1"});
  bench.apply(delete_account(kBob));
  bench.apply(create(kBob, "bob"));
  EXPECT_EQ(bench.registry().queued_bytes(), charge_of("ann", "bob", "m1"));
  bench.write(kBob, 1);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
  const Pushed again{kCatAccount, 2, "ann", "bob", "m2"};
  EXPECT_EQ(bench.apply(send(kAnn, "ann", "bob", "m2")),
            (Effects{live(kBob, again), echo(kAnn, "ann", "bob", "m2")}));
  const std::uint64_t each = charge_of("ann", "bob", "m2");
  EXPECT_EQ(bench.registry().queued_bytes(), each);
  bench.write(kBob);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistryFlow, TellsOrphansFromMessagesInOneReport) {
  RegistryBench bench = with_users({"ann", "bob"});
  send_to_bob(bench, {"m1", "m2"});
  bench.apply(delete_account(kBob));
  bench.apply(create(kBob, "bob"));
  send_to_bob(bench, {"longer"});
  EXPECT_EQ(bench.registry().queued_bytes(),
            2 * charge_of("ann", "bob", "m1") + charge_of("ann", "bob", "longer"));
  // m1, m2, LoggedOut, LoggedIn; then the message to the new account.
  bench.write(kBob, 5);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistryFlow, DropsOrphansThatComeBack) {
  RegistryBench bench = with_users({"ann", "bob"});
  send_to_bob(bench, {"m1"});
  bench.apply(delete_account(kBob));
  bench.apply(create(kBob, "bob"));
  send_to_bob(bench, {"m2"});
  EXPECT_EQ(bench.close(kBob), Effects{});
  bench.apply(login(kDan, "bob"));
  EXPECT_EQ(bench.apply(deliver(kDan)),
            (Effects{done(kDan), delivered(kDan, {kCatAccount, 2, "ann", "bob", "m2"})}));
  bench.write(kDan);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

// The end of a connection whose commands wait.

TEST(RegistryFlow, ExecutesWaitingCommandsOfAClosedConnection) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2"});
  bench.apply(send(kBob, "bob", "ann", "a1"));
  bench.apply(send(kBob, "bob", "bob", "b1"));
  bench.apply(list(kBob));
  bench.apply(deliver(kBob));
  bench.apply(send(kBob, "bob", "ann", "a2"));
  EXPECT_EQ(bench.close(kBob), (Effects{live(kAnn, {kAnnAccount, 3, "bob", "ann", "a1"}),
                                        live(kAnn, {kAnnAccount, 5, "bob", "ann", "a2"})}));
  bench.apply(login(kDan, "bob"));
  bench.write(kDan);
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(1, "m1")),
                                                 delivered(kDan, to_bob(2, "m2"))}));
  EXPECT_EQ(bench.write(kDan), (Effects{delivered(kDan, {kBobAccount, 4, "bob", "bob", "b1"})}));
}

// The messages behind a CREATE were refused, as if the connection had never logged in.
TEST(RegistryFlow, ExecutesCreateAndSendOfAClosedConnection) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  bench.apply(list(kDan));
  bench.apply(list(kDan));
  bench.apply(create(kDan, "dan"));
  bench.apply(send(kDan, "dan", "ann", "hi"));
  bench.apply(send(kDan, "dan", "dan", "me"));
  EXPECT_EQ(bench.close(kDan), (Effects{live(kAnn, {kAnnAccount, 1, "dan", "ann", "hi"})}));
  EXPECT_EQ(bench.registry().counters().logged_in.read(), 2U);
  EXPECT_EQ(bench.apply(login(kCat, "dan")), (Effects{logged_in(kCat, 3)}));
  EXPECT_EQ(bench.apply(deliver(kCat)),
            (Effects{done(kCat), delivered(kCat, {kCatAccount, 2, "dan", "dan", "me"})}));
}

TEST(RegistryFlow, ExecutesLoginAndDeleteOfAClosedConnection) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  bench.close(kBob);
  send_to_bob(bench, {"m1"});
  bench.apply(list(kDan));
  bench.apply(list(kDan));
  bench.apply(login(kDan, "bob"));
  bench.apply(send(kDan, "bob", "ann", "bye"));
  bench.apply(delete_account(kDan));
  EXPECT_EQ(bench.close(kDan), (Effects{live(kAnn, {kAnnAccount, 2, "bob", "ann", "bye"})}));
  bench.write(kAnn);
  EXPECT_EQ(bench.apply(list(kAnn)), (Effects{names(kAnn, {"ann"})}));
  bench.write(kAnn);
  bench.apply(event(Continue{}));
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistryFlow, CountsNobodyTwiceWhoDeletesTheAccountBehindTheEnd) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  bench.apply(list(kBob));
  bench.apply(list(kBob));
  bench.apply(delete_account(kBob));
  EXPECT_EQ(bench.close(kBob), Effects{});
  EXPECT_EQ(bench.registry().counters().logged_in.read(), 1U);
  EXPECT_EQ(bench.registry().account_count(), 1U);
}

// A frame that ends the stream is the last one; should more follow, it is completed unread.
TEST(RegistryFlow, ExecutesNothingBehindAFatalMistakeThatWaited) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2"});
  const Refusal refusal{RefusalCode::FrameTooLong, 0, 10};
  bench.apply(rejected(kBob, refusal, true));
  bench.apply(create(kBob, "eve"));
  EXPECT_EQ(bench.write(kBob), (Effects{refused(kBob, refusal), close(kBob), done(kBob)}));
  EXPECT_EQ(bench.registry().account_count(), 2U);
}

// LoginExpired.

// The commands that it met waiting were never completed.
TEST(RegistryFlow, AnswersWhatWasAskedBeforeTheLoginExpired) {
  RegistryBench bench = with_users({"ann"}, short_credit());
  bench.apply(list(kDan));
  bench.apply(list(kDan));
  bench.apply(list(kDan));
  bench.apply(list(kDan, "x"));
  const Refusal refusal{RefusalCode::LoginTimeout, 0, 5000};
  EXPECT_EQ(bench.apply(event(kDan, LoginExpired{refusal})), Effects{});
  EXPECT_EQ(bench.write(kDan), (Effects{names(kDan, {}), refused(kDan, refusal, 0), close(kDan)}));
}

TEST(RegistryFlow, HonoursALoginThatWaitedWhenTheTimeWasOver) {
  RegistryBench bench = with_users({"ann"}, short_credit());
  bench.close(kAnn);
  bench.apply(list(kDan));
  bench.apply(list(kDan));
  bench.apply(list(kDan));
  bench.apply(login(kDan, "ann"));
  bench.apply(event(kDan, LoginExpired{Refusal{RefusalCode::LoginTimeout, 0, 5000}}));
  EXPECT_EQ(bench.write(kDan), (Effects{logged_in(kDan, 1)}));
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan)}));
}

// The login and the end of its account were on their way to the loop when the time was over there.
TEST(RegistryFlow, BeginsTheTimeForALoginAnewAfterALogout) {
  RegistryBench bench = with_users({"ann"});
  bench.close(kAnn);
  bench.apply(login(kDan, "ann"));
  bench.apply(delete_account(kDan));
  const Refusal refusal{RefusalCode::LoginTimeout, 0, 5000};
  EXPECT_EQ(bench.apply(event(kDan, LoginExpired{refusal, 0})), Effects{});
  EXPECT_EQ(bench.apply(event(kDan, LoginExpired{refusal, 1})),
            (Effects{refused(kDan, refusal, 0), close(kDan)}));
}

// They had to wait for a reader to be told nothing.
TEST(RegistryFlow, CompletesWhatWaitedBehindTheExpiredLogin) {
  RegistryLimits limits;
  limits.outbox_bytes = 80;  // less than a refusal
  RegistryBench bench = with_users({"ann"}, limits);
  const Refusal refusal{RefusalCode::LoginTimeout, 0, 5000};
  bench.apply(login(kDan, "nobody"));
  bench.apply(login(kDan, "nobody"));
  bench.apply(event(kDan, LoginExpired{refusal}));
  bench.apply(command(kDan, List{}, 101));
  bench.apply(command(kDan, List{}, 102));
  bench.write(kDan);
  EXPECT_EQ(
      bench.write(kDan),
      (Effects{
          refused(kDan, refusal, 0), close(kDan), {kDan, 101, 0, Done{}}, {kDan, 102, 0, Done{}}}));
}

// The half-close.

TEST(RegistryFlow, LogsOutAtTheHalfCloseAndCloses) {
  RegistryBench bench = with_users({"ann", "bob"});
  send_to_bob(bench, {"m1"});
  EXPECT_EQ(bench.apply(event(kBob, Ended{})), (Effects{close(kBob)}));
  EXPECT_EQ(bench.give_back(kBob, true), Effects{});
  EXPECT_EQ(bench.apply(login(kDan, "bob")), (Effects{logged_in(kDan, 2)}));
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(1, "m1"))}));
  EXPECT_EQ(bench.close(kBob), Effects{});
  EXPECT_EQ(bench.apply(login(kCat, "bob")),
            (Effects{refused(kCat, RefusalCode::LoggedInElsewhere)}));
}

TEST(RegistryFlow, WritesTheAnswersOfDeliverPastTheHalfClose) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  bench.close(kBob);
  send_to_bob(bench, {"m1", "m2", "m3", "m4", "m5"});
  bench.apply(login(kBob, "bob"));
  bench.write(kBob);
  bench.apply(deliver(kBob));
  send_to_bob(bench, {"m6"});
  EXPECT_EQ(bench.apply(event(kBob, Ended{})), Effects{});
  // The name is free; what was live is back in the queue.
  bench.apply(login(kDan, "bob"));
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(6, "m6"))}));
  EXPECT_EQ(bench.write(kBob),
            (Effects{delivered(kBob, to_bob(3, "m3")), delivered(kBob, to_bob(4, "m4"))}));
  EXPECT_EQ(bench.write(kBob), (Effects{delivered(kBob, to_bob(5, "m5")), close(kBob)}));
  bench.write(kBob);
  bench.write(kDan);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistryFlow, ReturnsTheAnswersOfDeliverWhenAHalfClosedConnectionBreaks) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  bench.close(kBob);
  send_to_bob(bench, {"m1", "m2", "m3", "m4"});
  bench.apply(login(kBob, "bob"));
  bench.write(kBob);
  bench.apply(deliver(kBob));
  bench.apply(event(kBob, Ended{}));
  bench.apply(login(kDan, "bob"));
  bench.write(kDan);
  bench.write(kBob, 2);
  EXPECT_EQ(bench.close(kBob), Effects{});
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(2, "m2")),
                                                 delivered(kDan, to_bob(3, "m3"))}));
  EXPECT_EQ(bench.write(kDan), (Effects{delivered(kDan, to_bob(4, "m4"))}));
}

TEST(RegistryFlow, DropsTheAnswersOfDeliverWhenTheAccountIsDeletedElsewhere) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  bench.close(kBob);
  send_to_bob(bench, {"m1", "m2", "m3", "m4"});
  bench.apply(login(kBob, "bob"));
  bench.write(kBob);
  bench.apply(deliver(kBob));
  bench.apply(event(kBob, Ended{}));
  bench.apply(login(kDan, "bob"));
  bench.apply(delete_account(kDan));
  // Two are being written, two wait.
  const std::uint64_t each = charge_of("ann", "bob", "m1");
  EXPECT_EQ(bench.registry().queued_bytes(), 4 * each);
  EXPECT_EQ(bench.write(kBob), (Effects{close(kBob)}));
  EXPECT_EQ(bench.registry().queued_bytes(), 2 * each);
  EXPECT_EQ(bench.apply(event(Continue{})), Effects{});
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
  EXPECT_EQ(bench.close(kBob), Effects{});
}

TEST(RegistryFlow, EndsBehindTheCommandsThatWait) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2"});
  bench.apply(send(kBob, "bob", "ann", "hi"));
  bench.apply(deliver(kBob));
  EXPECT_EQ(bench.apply(event(kBob, Ended{})), Effects{});
  EXPECT_EQ(bench.apply(login(kDan, "bob")),
            (Effects{refused(kDan, RefusalCode::LoggedInElsewhere)}));
  EXPECT_EQ(bench.write(kBob), (Effects{live(kAnn, {kAnnAccount, 3, "bob", "ann", "hi"}),
                                        echo(kBob, "bob", "ann", "hi"), done(kBob), close(kBob)}));
  EXPECT_EQ(bench.apply(login(kDan, "bob")), (Effects{logged_in(kDan, 2)}));
}

// The logout waited for the reader although no command was left.
TEST(RegistryFlow, EndsAsSoonAsNoCommandWaits) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2"});
  const std::string text(200, 'x');
  bench.apply(send(kBob, "bob", "ann", text));
  bench.apply(event(kBob, Ended{}));
  EXPECT_EQ(bench.write(kBob), (Effects{live(kAnn, {kAnnAccount, 3, "bob", "ann", text}),
                                        echo(kBob, "bob", "ann", text), close(kBob)}));
  EXPECT_EQ(bench.apply(login(kDan, "bob")), (Effects{logged_in(kDan, 2)}));
}

// With everything returned nothing was left to be reported as written, and nothing went on.
TEST(RegistryFlow, GoesOnAtTheHalfCloseWithWhatWaitedForRoom) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2"});
  bench.apply(send(kBob, "bob", "ann", "bye"));
  bench.apply(deliver(kBob));
  EXPECT_EQ(bench.give_back(kBob, true), Effects{});
  EXPECT_EQ(
      bench.apply(event(kBob, Ended{})),
      (Effects{live(kAnn, {kAnnAccount, 3, "bob", "ann", "bye"}), echo(kBob, "bob", "ann", "bye"),
               done(kBob), delivered(kBob, to_bob(1, "m1"))}));
  EXPECT_EQ(bench.apply(login(kDan, "bob")), (Effects{logged_in(kDan, 2)}));
  EXPECT_EQ(bench.write(kBob), (Effects{delivered(kBob, to_bob(2, "m2")), close(kBob)}));
}

TEST(RegistryFlow, HandsNoLiveMessageOverAtTheHalfClose) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2", "m3"});
  EXPECT_EQ(bench.give_back(kBob, true), Effects{});
  EXPECT_EQ(bench.apply(event(kBob, Ended{})), (Effects{close(kBob)}));
  bench.apply(login(kDan, "bob"));
  bench.write(kDan);
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(1, "m1")),
                                                 delivered(kDan, to_bob(2, "m2"))}));
  EXPECT_EQ(bench.write(kDan), (Effects{delivered(kDan, to_bob(3, "m3"))}));
}

TEST(RegistryFlow, GoesOnWhenMessagesComeBackBehindTheHalfClose) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2"});
  bench.apply(send(kBob, "bob", "ann", "bye"));
  EXPECT_EQ(bench.apply(event(kBob, Ended{})), Effects{});
  EXPECT_EQ(bench.give_back(kBob, true), Effects{});
  EXPECT_EQ(bench.apply(event(kBob, Written{})),
            (Effects{live(kAnn, {kAnnAccount, 3, "bob", "ann", "bye"}),
                     echo(kBob, "bob", "ann", "bye"), close(kBob)}));
  bench.apply(login(kDan, "bob"));
  bench.write(kDan);
  EXPECT_EQ(bench.apply(deliver(kDan)), (Effects{done(kDan), delivered(kDan, to_bob(1, "m1")),
                                                 delivered(kDan, to_bob(2, "m2"))}));
}

TEST(RegistryFlow, DeliversWhatComesBackBehindTheHalfCloseInOrder) {
  RegistryBench bench = with_users({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2"});
  EXPECT_EQ(bench.apply(deliver(kBob)), Effects{});
  EXPECT_EQ(bench.apply(event(kBob, Ended{})), Effects{});
  // The newer one is back first.
  EXPECT_EQ(bench.give_back(kBob, true), Effects{});
  EXPECT_EQ(bench.apply(event(kBob, Written{})),
            (Effects{done(kBob), delivered(kBob, to_bob(1, "m1")), delivered(kBob, to_bob(2, "m2")),
                     close(kBob)}));
}

TEST(RegistryFlow, CompletesWhatComesBehindTheEnd) {
  RegistryBench bench = with_users({"ann"});
  bench.apply(event(kAnn, Ended{}));
  EXPECT_EQ(bench.apply(list(kAnn)), (Effects{done(kAnn)}));
  EXPECT_EQ(bench.apply(event(kAnn, Ended{})), Effects{});
}

}  // namespace
}  // namespace tribar
