// SPDX-License-Identifier: MIT
//
// Registry: what protocol 1 adds to messages: senders number theirs, readers acknowledge theirs.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "support/registry_bench.h"

namespace tribar {
namespace {

/// Room for two short messages: the second goes over it, as one frame always passes.
RegistryLimits short_credit() {
  RegistryLimits limits;
  limits.outbox_bytes = 100;
  return limits;
}

/// Ann's message `number` to bob, as bob gets it.
Pushed to_bob(std::uint64_t number, std::string_view text) {
  return {kBobAccount, number, "ann", "bob", text};
}

/// Ann, of protocol 1, sends `texts` to bob, numbered from `n`, and reads the answers.
void send_to_bob(RegistryBench& bench, std::initializer_list<std::string_view> texts,
                 std::uint64_t n = 1) {
  for (const std::string_view text : texts) {
    bench.apply(send1(kAnn, n++, "bob", text));
    bench.write(kAnn);
  }
}

/// Connection `id` logs in to `name` in protocol 1, and reads the answer.
Effects log_in1(RegistryBench& bench, ConnectionId id, std::string_view name,
                std::string_view client = {}) {
  bench.apply(introduced(id));
  Effects effects = bench.apply(login1(id, name, client));
  bench.write(id);
  return effects;
}

Effect ahead(ConnectionId to, std::uint64_t n, std::uint64_t highest) {
  return refused_n(to, {RefusalCode::NumberAhead, highest}, n);
}

MessageKept kept_record(std::uint64_t number, std::string_view text) {
  return {MessageNumber{number}, kBobAccount, kNow, "ann", text};
}
HandedOver handed_over(std::uint64_t number) { return {MessageNumber{number}}; }

// Numbers of sent messages.

TEST(RegistryNumbered, IntroducesAConnectionBeforeItsFirstCommand) {
  RegistryBench bench;
  EXPECT_EQ(bench.apply(introduced(kAnn)), Effects{});
  EXPECT_EQ(bench.apply(create1(kAnn, "ann", "c1")), (Effects{created1(kAnn, 1)}));
  bench.close(kAnn);
  EXPECT_EQ(log_in1(bench, kBob, "ann", "c1"), (Effects{logged_in1(kBob, 1)}));
}

TEST(RegistryNumbered, AcceptsTheNextNumberOfAClient) {
  RegistryBench bench = with_users1({"ann", "bob"});
  EXPECT_EQ(bench.apply(send1(kAnn, 1, "bob", "m1")),
            (Effects{kept(kBob, to_bob(1, "m1")), accepted(kAnn, 1, 1)}));
  EXPECT_EQ(bench.apply(send1(kAnn, 2, "bob", "m2")),
            (Effects{kept(kBob, to_bob(2, "m2")), accepted(kAnn, 2, 2)}));
}

TEST(RegistryNumbered, AcceptsARepeatedNumberAgainAndSendsNothing) {
  RegistryBench bench = with_users1({"ann", "bob"});
  send_to_bob(bench, {"m1", "m2"});
  EXPECT_EQ(bench.apply(send1(kAnn, 1, "bob", "m1")), (Effects{accepted(kAnn, 1, 0)}));
  EXPECT_EQ(bench.apply(send1(kAnn, 2, "bob", "m2")), (Effects{accepted(kAnn, 2, 0)}));
  // Whatever it says now, and to whom.
  EXPECT_EQ(bench.apply(send1(kAnn, 2, "nobody", "else")), (Effects{accepted(kAnn, 2, 0)}));
  EXPECT_EQ(bench.registry().queued_bytes(), 2 * charge_of("ann", "bob", "m1"));
}

TEST(RegistryNumbered, RefusesANumberThatIsAhead) {
  RegistryBench bench = with_users1({"ann", "bob"});
  EXPECT_EQ(bench.apply(send1(kAnn, 2, "bob", "m")), (Effects{ahead(kAnn, 2, 0)}));
  send_to_bob(bench, {"m1"});
  EXPECT_EQ(bench.apply(send1(kAnn, 3, "bob", "m")), (Effects{ahead(kAnn, 3, 1)}));
  EXPECT_EQ(bench.apply(send1(kAnn, ~std::uint64_t{0}, "bob", "m")),
            (Effects{ahead(kAnn, ~std::uint64_t{0}, 1)}));
}

TEST(RegistryNumbered, RefusesTheNumberZero) {
  RegistryBench bench = with_users1({"ann", "bob"});
  EXPECT_EQ(bench.apply(send1(kAnn, 0, "bob", "m")), (Effects{ahead(kAnn, 0, 0)}));
  send_to_bob(bench, {"m1"});
  EXPECT_EQ(bench.apply(send1(kAnn, 0, "bob", "m")), (Effects{ahead(kAnn, 0, 1)}));
}

TEST(RegistryNumbered, UsesTheNumberOfARefusedMessageForTheNext) {
  RegistryBench bench = with_users1({"ann", "bob"});
  EXPECT_EQ(bench.apply_all({send1(kAnn, 1, "nobody", "m1"), send1(kAnn, 2, "bob", "m2"),
                             send1(kAnn, 1, "bob", "m2")}),
            (Effects{refused_n(kAnn, {RefusalCode::NoSuchRecipient}, 1), ahead(kAnn, 2, 0),
                     kept(kBob, to_bob(1, "m2")), accepted(kAnn, 1, 1)}));
}

TEST(RegistryNumbered, EchoesTheNumbersOfAClientWithoutAName) {
  RegistryBench bench;
  bench.apply(introduced(kAnn));
  bench.apply(create1(kAnn, "ann"));
  bench.apply(create(kBob, "bob"));
  bench.close(kBob);
  EXPECT_EQ(bench.apply_all({send1(kAnn, 7, "bob", "a"), send1(kAnn, 7, "bob", "b"),
                             send1(kAnn, 0, "bob", "c"), send1(kAnn, 1, "nobody", "d")}),
            (Effects{accepted(kAnn, 7, 1), accepted(kAnn, 7, 2), accepted(kAnn, 0, 3),
                     refused_n(kAnn, {RefusalCode::NoSuchRecipient}, 1)}));
  bench.close(kAnn);
  EXPECT_EQ(log_in1(bench, kAnn, "ann"), (Effects{logged_in1(kAnn, 1)}));
}

TEST(RegistryNumbered, RefusesAMessageBeforeLoginWithItsNumber) {
  RegistryBench bench;
  bench.apply(introduced(kAnn));
  EXPECT_EQ(bench.apply(send1(kAnn, 5, "bob", "m")),
            (Effects{refused_n(kAnn, {RefusalCode::SendBeforeLogin}, 5)}));
}

TEST(RegistryNumbered, RefusesAMessageForAFullQueueWithItsNumber) {
  RegistryLimits limits;
  limits.undelivered_messages = 1;
  RegistryBench bench = with_users1({"ann", "bob"}, limits);
  send_to_bob(bench, {"m1"});
  EXPECT_EQ(bench.apply(send1(kAnn, 2, "bob", "m2")),
            (Effects{refused_n(kAnn, {RefusalCode::RecipientQueueFull}, 2)}));
  bench.apply(acknowledge(kBob, 1));
  EXPECT_EQ(bench.apply(send1(kAnn, 2, "bob", "m2")),
            (Effects{kept(kBob, to_bob(2, "m2")), accepted(kAnn, 2, 2)}));
}

TEST(RegistryNumbered, TellsTheHighestNumberAtLogin) {
  RegistryBench bench = with_users1({"ann", "bob"});
  send_to_bob(bench, {"m1", "m2", "m3"});
  bench.close(kAnn);
  EXPECT_EQ(log_in1(bench, kAnn, "ann", "c1"), (Effects{logged_in1(kAnn, 1, 0, 3)}));
  EXPECT_EQ(bench.apply(send1(kAnn, 3, "bob", "m3")), (Effects{accepted(kAnn, 3, 0)}));
  bench.close(kAnn);
  // Another client counts by itself.
  EXPECT_EQ(log_in1(bench, kAnn, "ann", "other"), (Effects{logged_in1(kAnn, 1)}));
  EXPECT_EQ(bench.apply(send1(kAnn, 1, "bob", "m4")),
            (Effects{kept(kBob, to_bob(4, "m4")), accepted(kAnn, 1, 4)}));
}

TEST(RegistryNumbered, ForgetsTheClientThatSentLongestAgoForTheNinth) {
  RegistryBench bench = with_users1({"ann", "bob"}, {}, true);
  const auto sends_as = [&](std::string_view client, std::uint64_t n) {
    bench.close(kAnn);
    log_in1(bench, kAnn, "ann", client);
    return bench.apply(send1(kAnn, n, "bob", "m"));
  };
  for (std::uint64_t i = 1; i <= 8; ++i) {
    sends_as("c" + std::to_string(i), 1);
  }
  sends_as("c1", 2);  // so c2 is the one that sent longest ago
  sends_as("c9", 1);
  EXPECT_EQ(bench.records(), (Records{kept_record(10, "m"), ClientForgotten{kAnnAccount, "c2"},
                                      ClientSent{kAnnAccount, "c9", 1, MessageNumber{10}}}));
  bench.close(kAnn);
  EXPECT_EQ(log_in1(bench, kAnn, "ann", "c2"), (Effects{logged_in1(kAnn, 1)}));
  bench.close(kAnn);
  EXPECT_EQ(log_in1(bench, kAnn, "ann", "c1"), (Effects{logged_in1(kAnn, 1, 0, 2)}));
  bench.close(kAnn);
  EXPECT_EQ(log_in1(bench, kAnn, "ann", "c3"), (Effects{logged_in1(kAnn, 1, 0, 1)}));
}

TEST(RegistryNumbered, RecordsTheMessageAndItsNumberTogether) {
  RegistryBench bench = with_users1({"ann", "bob"}, {}, true);
  bench.apply(send1(kAnn, 1, "bob", "m1"));
  EXPECT_EQ(bench.records(), (Records{NumbersReserved{MessageNumber{16385}}, kept_record(1, "m1"),
                                      ClientSent{kAnnAccount, "c1", 1, MessageNumber{1}}}));
  bench.apply(send1(kAnn, 1, "bob", "m1"));
  EXPECT_EQ(bench.records(), Records{});
  bench.apply(send1(kAnn, 3, "bob", "m3"));
  EXPECT_EQ(bench.records(), Records{});
}

TEST(RegistryNumbered, GoesOnFromTheNumbersThatWereStored) {
  RegistryBench bench;
  EXPECT_TRUE(bench.registry().restore_account(kAnnAccount, "ann"));
  EXPECT_TRUE(bench.registry().restore_account(kBobAccount, "bob"));
  // A standby reads what changed again.
  EXPECT_TRUE(bench.registry().restore_client(kAnnAccount, "c1", 40, MessageNumber{4}));
  EXPECT_TRUE(bench.registry().restore_client(kAnnAccount, "c1", 41, MessageNumber{5}));
  EXPECT_FALSE(bench.registry().restore_client(kCatAccount, "c1", 41, MessageNumber{5}));
  EXPECT_TRUE(bench.registry().restore_message(
      kBobAccount, KeptMessage::make(MessageNumber{5}, kNow, "ann", "\xc3\xa9")));
  bench.registry().restore_counters(kBobAccount, MessageNumber{6});
  bench.registry().skip_numbers_below(MessageNumber{100});
  bench.registry().skip_numbers_below(MessageNumber{50});
  EXPECT_EQ(log_in1(bench, kAnn, "ann", "c1"), (Effects{logged_in1(kAnn, 1, 0, 41)}));
  EXPECT_EQ(bench.apply(send1(kAnn, 42, "bob", "m")), (Effects{accepted(kAnn, 42, 100)}));
  EXPECT_EQ(log_in1(bench, kBob, "bob"), (Effects{logged_in1(kBob, 2, 2)}));
  EXPECT_EQ(bench.apply(one(deliver(kBob))),
            (Effects{done(kBob), kept(kBob, to_bob(5, "\xc3\xa9")), kept(kBob, to_bob(100, "m"))}));
}

// Acknowledgements.

TEST(RegistryNumbered, KeepsAMessageUntilItIsAcknowledged) {
  RegistryBench bench = with_users1({"ann", "bob"}, {}, true);
  send_to_bob(bench, {"m1"});
  EXPECT_EQ(bench.write(kBob), Effects{});
  EXPECT_EQ(bench.records(), Records{});
  EXPECT_EQ(bench.registry().queued_bytes(), charge_of("ann", "bob", "m1"));
  EXPECT_EQ(bench.apply(acknowledge(kBob, 1)), (Effects{done(kBob)}));
  EXPECT_EQ(bench.records(), (Records{handed_over(1)}));
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistryNumbered, TakesAnAcknowledgementForAllBeforeIt) {
  RegistryBench bench = with_users1({"ann", "bob"}, {}, true);
  send_to_bob(bench, {"m1", "m2", "m3"});
  EXPECT_EQ(bench.apply(acknowledge(kBob, 2)), (Effects{done(kBob)}));
  EXPECT_EQ(bench.records(), (Records{handed_over(1), handed_over(2)}));
  EXPECT_EQ(bench.registry().queued_bytes(), charge_of("ann", "bob", "m3"));
}

TEST(RegistryNumbered, IgnoresAnAcknowledgementOfWhatWasNotPushedHere) {
  RegistryBench bench = with_users1({"ann", "bob", "cat"}, {}, true);
  bench.apply(send1(kAnn, 1, "bob", "m1"));
  bench.apply(send1(kAnn, 2, "cat", "m2"));
  bench.apply(send1(kAnn, 3, "bob", "m3"));
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{2}, std::uint64_t{4}, ~std::uint64_t{0}}) {
    EXPECT_EQ(bench.apply(acknowledge(kBob, number)), (Effects{done(kBob)}));
    EXPECT_EQ(bench.records(), Records{}) << number;
  }
  bench.apply(acknowledge(kBob, 3));
  EXPECT_EQ(bench.records(), (Records{handed_over(1), handed_over(3)}));
  // A second time it counts as nothing, too.
  EXPECT_EQ(bench.apply(acknowledge(kBob, 3)), (Effects{done(kBob)}));
  EXPECT_EQ(bench.apply(acknowledge(kBob, 1)), (Effects{done(kBob)}));
  EXPECT_EQ(bench.records(), Records{});
  EXPECT_EQ(bench.registry().queued_bytes(), charge_of("ann", "cat", "m2"));
}

TEST(RegistryNumbered, IgnoresAnAcknowledgementBeforeLogin) {
  RegistryBench bench;
  bench.apply(introduced(kAnn));
  EXPECT_EQ(bench.apply(acknowledge(kAnn, 1)), (Effects{done(kAnn)}));
}

TEST(RegistryNumbered, PushesNoMoreThanTheCreditUntilThatIsAcknowledged) {
  RegistryBench bench = with_users1({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2"});
  EXPECT_EQ(bench.write(kBob), Effects{});
  EXPECT_EQ(bench.apply(send1(kAnn, 3, "bob", "m3")), (Effects{accepted(kAnn, 3, 3)}));
  bench.write(kAnn);
  EXPECT_EQ(bench.apply(send1(kAnn, 4, "bob", "m4")), (Effects{accepted(kAnn, 4, 4)}));
  bench.write(kAnn);
  EXPECT_EQ(bench.apply(acknowledge(kBob, 1)), (Effects{done(kBob), kept(kBob, to_bob(3, "m3"))}));
  EXPECT_EQ(bench.apply(acknowledge(kBob, 3)), (Effects{done(kBob), kept(kBob, to_bob(4, "m4"))}));
}

TEST(RegistryNumbered, PushesNoMoreThanTheCreditUntilThatIsWritten) {
  RegistryBench bench = with_users1({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2", "m3"});
  // It says that it has read what the kernel has not accepted.
  EXPECT_EQ(bench.apply(acknowledge(kBob, 2)), (Effects{done(kBob)}));
  EXPECT_EQ(bench.write(kBob), (Effects{kept(kBob, to_bob(3, "m3"))}));
}

TEST(RegistryNumbered, PushesMoreAtOnceWithAHigherCredit) {
  RegistryBench bench = with_users1({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2", "m3", "m4", "m5"});
  bench.write(kBob);  // and acknowledges nothing
  RegistryLimits limits;
  limits.outbox_bytes = 3 * charge_of("ann", "bob", "m1") + 1;
  EXPECT_EQ(bench.apply(reconfigured(limits)), Effects{});
  EXPECT_EQ(bench.go_on(), (Effects{kept(kBob, to_bob(3, "m3")), kept(kBob, to_bob(4, "m4"))}));
  EXPECT_EQ(bench.apply(reconfigured(short_credit())), Effects{});
  EXPECT_EQ(bench.write(kBob), Effects{});
  EXPECT_EQ(bench.apply(acknowledge(kBob, 2)), (Effects{done(kBob)}));
  EXPECT_EQ(bench.apply(acknowledge(kBob, 3)), (Effects{done(kBob), kept(kBob, to_bob(5, "m5"))}));
}

TEST(RegistryNumbered, ExecutesCommandsOfAReaderThatAcknowledgesNothing) {
  RegistryBench bench = with_users1({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2", "m3"});
  bench.write(kBob);
  EXPECT_EQ(bench.apply(one(list(kBob, "ann"))), (Effects{names(kBob, {"ann", "on"})}));
  bench.write(kBob);
  EXPECT_EQ(bench.apply(one(deliver(kBob))), (Effects{done(kBob)}));
  EXPECT_EQ(bench.apply(send1(kBob, 1, "ann", "hi")),
            (Effects{kept(kAnn, {kAnnAccount, 4, "bob", "ann", "hi"}), accepted(kBob, 1, 4)}));
}

// The order of numbers.

TEST(RegistryNumbered, QueuesNewMessagesBehindThoseThatWaitForDeliver) {
  RegistryBench bench = with_users1({"ann", "bob"});
  bench.close(kBob);
  send_to_bob(bench, {"m1", "m2"});
  EXPECT_EQ(log_in1(bench, kBob, "bob"), (Effects{logged_in1(kBob, 2, 2)}));
  EXPECT_EQ(bench.apply(send1(kAnn, 3, "bob", "m3")), (Effects{accepted(kAnn, 3, 3)}));
  EXPECT_EQ(bench.apply(one(deliver(kBob))),
            (Effects{done(kBob), kept(kBob, to_bob(1, "m1")), kept(kBob, to_bob(2, "m2")),
                     kept(kBob, to_bob(3, "m3"))}));
  EXPECT_EQ(bench.apply(send1(kAnn, 4, "bob", "m4")),
            (Effects{kept(kBob, to_bob(4, "m4")), accepted(kAnn, 4, 4)}));
  // Nothing is pushed twice.
  EXPECT_EQ(bench.apply(one(deliver(kBob))), (Effects{done(kBob)}));
}

TEST(RegistryNumbered, PushesLiveAfterALoginWithNothingWaiting) {
  RegistryBench bench = with_users1({"ann", "bob"});
  bench.close(kBob);
  EXPECT_EQ(log_in1(bench, kBob, "bob"), (Effects{logged_in1(kBob, 2)}));
  EXPECT_EQ(bench.apply(send1(kAnn, 1, "bob", "m1")),
            (Effects{kept(kBob, to_bob(1, "m1")), accepted(kAnn, 1, 1)}));
}

TEST(RegistryNumbered, PushesToItsSenderBeforeTheAnswer) {
  RegistryBench bench = with_users1({"ann"});
  EXPECT_EQ(bench.apply(send1(kAnn, 1, "ann", "me")),
            (Effects{kept(kAnn, {kAnnAccount, 1, "ann", "ann", "me"}), accepted(kAnn, 1, 1)}));
}

TEST(RegistryNumbered, GivesMessagesOfProtocol0ToAReaderOfProtocol1) {
  RegistryBench bench = with_users1({"ann", "bob"});
  bench.apply(create(kCat, "cat"));
  bench.write(kCat);
  EXPECT_EQ(
      bench.apply(send(kCat, "cat", "bob", "hi")),
      (Effects{kept(kBob, {kBobAccount, 1, "cat", "bob", "hi"}), echo(kCat, "cat", "bob", "hi")}));
}

// What is not acknowledged.

TEST(RegistryNumbered, HasWhatWasNotAcknowledgedWaitAgainInItsPlace) {
  RegistryBench bench = with_users1({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2", "m3", "m4"});
  bench.write(kBob);
  bench.apply(acknowledge(kBob, 1));
  EXPECT_EQ(bench.close(kBob), Effects{});
  EXPECT_EQ(log_in1(bench, kBob, "bob"), (Effects{logged_in1(kBob, 2, 3)}));
  EXPECT_EQ(bench.apply(one(deliver(kBob))),
            (Effects{done(kBob), kept(kBob, to_bob(2, "m2")), kept(kBob, to_bob(3, "m3"))}));
  bench.write(kBob);
  EXPECT_EQ(bench.apply(acknowledge(kBob, 3)), (Effects{done(kBob), kept(kBob, to_bob(4, "m4"))}));
  bench.apply(acknowledge(kBob, 4));
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistryNumbered, HasItWaitAgainAfterAHalfClose) {
  RegistryBench bench = with_users1({"ann", "bob"});
  send_to_bob(bench, {"m1", "m2"});
  EXPECT_EQ(bench.write(kBob, 1), Effects{});
  EXPECT_EQ(bench.give_back(kBob, true), Effects{});
  EXPECT_EQ(bench.apply(event(kBob, Ended{})), (Effects{close(kBob)}));
  EXPECT_EQ(log_in1(bench, kDan, "bob"), (Effects{logged_in1(kDan, 2, 2)}));
  EXPECT_EQ(bench.close(kBob), Effects{});
  EXPECT_EQ(bench.apply(one(deliver(kDan))),
            (Effects{done(kDan), kept(kDan, to_bob(1, "m1")), kept(kDan, to_bob(2, "m2"))}));
  bench.apply(acknowledge(kDan, 2));
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistryNumbered, HasItWaitAgainAfterADismissal) {
  RegistryBench bench = with_users1({"ann", "bob"});
  send_to_bob(bench, {"m1"});
  const Refusal silent{RefusalCode::Silent};
  EXPECT_EQ(bench.apply(event(kBob, Dismiss{silent})),
            (Effects{refused(kBob, silent, 0), close(kBob)}));
  EXPECT_EQ(bench.apply(acknowledge(kBob, 1)), (Effects{done(kBob)}));  // too late
  EXPECT_EQ(log_in1(bench, kDan, "bob"), (Effects{logged_in1(kDan, 2, 1)}));
  bench.close(kBob);
  EXPECT_EQ(bench.apply(one(deliver(kDan))), (Effects{done(kDan), kept(kDan, to_bob(1, "m1"))}));
}

TEST(RegistryNumbered, OnlyCorrectsAccountsWhenAKeptMessageReturns) {
  RegistryBench bench = with_users1({"ann", "bob"}, short_credit());
  send_to_bob(bench, {"m1", "m2", "m3"});
  // Without Ended or Closed yet: neither message is queued or pushed a second time, ...
  EXPECT_EQ(bench.give_back(kBob, true), Effects{});
  EXPECT_EQ(bench.registry().queued_bytes(), 3 * charge_of("ann", "bob", "m1"));
  // ... and an acknowledgement still counts.
  EXPECT_EQ(bench.apply(acknowledge(kBob, 2)), (Effects{done(kBob), kept(kBob, to_bob(3, "m3"))}));
  EXPECT_EQ(bench.registry().queued_bytes(), charge_of("ann", "bob", "m3"));
}

TEST(RegistryNumbered, DoesNotLoseWhatADeliverAsksForThatIsExecutedAfterTheEnd) {
  RegistryLimits limits;
  limits.listing_bytes = 0;  // every LIST waits
  RegistryBench bench = with_users1({"ann", "bob"}, limits);
  bench.close(kBob);
  send_to_bob(bench, {"m1"});
  log_in1(bench, kBob, "bob");
  EXPECT_EQ(bench.apply_all({one(list(kBob, "*")), one(deliver(kBob))}), Effects{});
  EXPECT_EQ(bench.close(kBob), Effects{});
  EXPECT_EQ(log_in1(bench, kBob, "bob"), (Effects{logged_in1(kBob, 2, 1)}));
  EXPECT_EQ(bench.apply(one(deliver(kBob))), (Effects{done(kBob), kept(kBob, to_bob(1, "m1"))}));
}

TEST(RegistryNumbered, FreesWhatWasNotAcknowledgedWhenTheAccountIsDeleted) {
  RegistryBench bench = with_users1({"ann", "bob"}, short_credit(), true);
  send_to_bob(bench, {"m1", "m2", "m3"});
  bench.write(kBob);
  EXPECT_EQ(bench.apply(delete1(kBob)), (Effects{logged_out1(kBob)}));
  EXPECT_EQ(bench.records(), (Records{AccountDeleted{kBobAccount}}));
  EXPECT_EQ(bench.apply(event(Continue{})), Effects{});
  EXPECT_EQ(bench.records(), (Records{handed_over(3), handed_over(1), handed_over(2)}));
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
  EXPECT_FALSE(bench.registry().has_more_to_do());
  // It counts as nothing, for the next account of this connection, too.
  EXPECT_EQ(bench.apply(acknowledge(kBob, 2)), (Effects{done(kBob)}));
  EXPECT_EQ(bench.apply(create1(kBob, "bob2", "x")), (Effects{created1(kBob, 3)}));
  EXPECT_EQ(bench.apply(send1(kAnn, 4, "bob2", "m4")),
            (Effects{kept(kBob, {AccountId{3}, 4, "ann", "bob2", "m4"}), accepted(kAnn, 4, 4)}));
  EXPECT_EQ(bench.apply(acknowledge(kBob, 4)), (Effects{done(kBob)}));
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST(RegistryNumbered, FreesItToo_WhenTheKernelHasNotAcceptedIt) {
  RegistryBench bench = with_users1({"ann", "bob"});
  send_to_bob(bench, {"m1", "m2"});
  EXPECT_EQ(bench.write(kBob, 1), Effects{});
  EXPECT_EQ(bench.apply(delete1(kBob)), (Effects{logged_out1(kBob)}));
  bench.go_on();
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
  EXPECT_EQ(bench.close(kBob), Effects{});
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

// A message that comes back late, from a connection of protocol 0. A client drops what comes below
// a number that it has shown: when newer ones had been pushed meanwhile, the late one was lost to
// it after a crash of the server.

/// Ann speaks protocol 1, bob protocol 0.
RegistryBench with_old_bob(const RegistryLimits& limits = {}, bool keeps_records = false) {
  RegistryBench bench(limits, keeps_records);
  bench.apply(introduced(kAnn));
  bench.apply(create1(kAnn, "ann", "c1"));
  bench.apply(create(kBob, "bob"));
  bench.write(kAnn);
  bench.write(kBob);
  return bench;
}

/// Bob's connection of protocol 0 was to get m1, `text` and m3, got only m1, and half-closed. Bob
/// is logged in as kDan, with protocol 1, and m4 was sent to him since.
RegistryBench with_late_messages(std::string_view text = "m2", bool keeps_records = false) {
  RegistryBench bench = with_old_bob({}, keeps_records);
  send_to_bob(bench, {"m1", text, "m3"});
  bench.write(kBob, 1);
  bench.apply(event(kBob, Ended{}));
  EXPECT_EQ(log_in1(bench, kDan, "bob"), (Effects{logged_in1(kDan, 2)}));
  EXPECT_EQ(bench.apply(send1(kAnn, 4, "bob", "m4")), (Effects{accepted(kAnn, 4, 4)}));
  bench.write(kAnn);
  return bench;
}

TEST(RegistryNumbered, PushesNothingWhileOlderMessagesMayComeBack) {
  for (const std::string_view text : {"m2", "\xc3\xa9"}) {
    RegistryBench bench = with_late_messages(text, true);
    EXPECT_EQ(bench.apply(one(deliver(kDan))), (Effects{done(kDan)}));
    EXPECT_EQ(bench.close(kBob), (Effects{kept(kDan, to_bob(2, text)), kept(kDan, to_bob(3, "m3")),
                                          kept(kDan, to_bob(4, "m4"))}));
    EXPECT_EQ(bench.records(), Records{});
    bench.apply(acknowledge(kDan, 4));
    EXPECT_EQ(bench.records(), (Records{handed_over(2), handed_over(3), handed_over(4)}));
    EXPECT_EQ(bench.registry().queued_bytes(), 0U);
    EXPECT_EQ(bench.apply(send1(kAnn, 5, "bob", "m5")),
              (Effects{kept(kDan, to_bob(5, "m5")), accepted(kAnn, 5, 5)}));
  }
}

TEST(RegistryNumbered, GoesOnWhenTheOlderMessagesAreWritten) {
  for (const std::string_view text : {"m2", "\xc3\xa9"}) {
    RegistryBench bench = with_late_messages(text, true);
    EXPECT_EQ(bench.write(kBob, 1), Effects{});
    EXPECT_EQ(bench.write(kBob, 1), (Effects{kept(kDan, to_bob(4, "m4"))}));
    EXPECT_EQ(bench.records(), (Records{handed_over(3)}));
    EXPECT_EQ(bench.close(kBob), Effects{});
    bench.apply(acknowledge(kDan, 4));
    EXPECT_EQ(bench.registry().queued_bytes(), 0U);
  }
}

TEST(RegistryNumbered, GoesOnWhenSomeAreWrittenAndOthersComeBack) {
  RegistryBench bench = with_late_messages();
  EXPECT_EQ(bench.write(kBob, 1), Effects{});
  EXPECT_EQ(bench.close(kBob), (Effects{kept(kDan, to_bob(3, "m3")), kept(kDan, to_bob(4, "m4"))}));
}

// They were under way to the loop when bob ended: it returns them, the newest first.
TEST(RegistryNumbered, PushesLateMessagesOnceAllAreBack) {
  for (const std::string_view text : {"m2", "\xc3\xa9"}) {
    RegistryBench bench = with_late_messages(text);
    EXPECT_EQ(bench.give_back(kBob, false),
              (Effects{kept(kDan, to_bob(2, text)), kept(kDan, to_bob(3, "m3")),
                       kept(kDan, to_bob(4, "m4"))}));
    EXPECT_EQ(bench.close(kBob), Effects{});
    bench.apply(acknowledge(kDan, 4));
    EXPECT_EQ(bench.registry().queued_bytes(), 0U);
  }
}

// Each comes back by itself, in order, as it was under way when the connection was closed.
TEST(RegistryNumbered, PushesWhatReturnsFromAClosedConnectionOnceAllIsBack) {
  RegistryBench bench = with_late_messages();
  EXPECT_EQ(bench.apply(event(kBob, Closed{})), Effects{});
  const auto returned = [](std::uint64_t number, std::string_view text) {
    return event(kBob, Returned{kBobAccount, MessageNumber{number}, kNow, {"ann", "bob", text}});
  };
  EXPECT_EQ(bench.apply(returned(2, "m2")), Effects{});
  EXPECT_EQ(bench.apply(returned(3, "m3")),
            (Effects{kept(kDan, to_bob(2, "m2")), kept(kDan, to_bob(3, "m3")),
                     kept(kDan, to_bob(4, "m4"))}));
}

TEST(RegistryNumbered, PushesWhatWasKeptForAConnectionThatClosesOnceAllIsBack) {
  RegistryBench bench = with_late_messages("\xc3\xa9");
  // The accent was under way to the loop when the connection was closed: it does not return.
  EXPECT_EQ(bench.apply(event(kBob, Closed{})), Effects{});
  EXPECT_EQ(
      bench.apply(event(kBob, Returned{kBobAccount, MessageNumber{3}, kNow, {"ann", "bob", "m3"}})),
      (Effects{kept(kDan, to_bob(2, "\xc3\xa9")), kept(kDan, to_bob(3, "m3")),
               kept(kDan, to_bob(4, "m4"))}));
}

TEST(RegistryNumbered, PushesNothingWhileAnEndedReaderStillGetsWhatItHadAskedFor) {
  RegistryBench bench(short_credit());
  bench.apply(introduced(kAnn));
  bench.apply(create1(kAnn, "ann", "c1"));
  bench.apply(create(kBob, "bob"));
  bench.close(kBob);
  send_to_bob(bench, {"m1", "m2", "m3", "m4"});
  bench.apply(login(kBob, "bob"));
  bench.write(kBob);
  EXPECT_EQ(bench.apply(deliver(kBob)), (Effects{done(kBob), delivered(kBob, to_bob(1, "m1")),
                                                 delivered(kBob, to_bob(2, "m2"))}));
  bench.apply(event(kBob, Ended{}));
  EXPECT_EQ(log_in1(bench, kDan, "bob"), (Effects{logged_in1(kDan, 2)}));
  bench.write(kDan);
  EXPECT_EQ(bench.apply(send1(kAnn, 5, "bob", "m5")), (Effects{accepted(kAnn, 5, 5)}));
  bench.write(kAnn);
  // m1 and m2 come back from the loop, the newest first; m3 and m4 are still with the registry.
  EXPECT_EQ(bench.give_back(kBob, false), Effects{});
  EXPECT_EQ(bench.apply(event(kBob, Closed{})),
            (Effects{kept(kDan, to_bob(1, "m1")), kept(kDan, to_bob(2, "m2"))}));
  bench.write(kDan);
  EXPECT_EQ(bench.apply(acknowledge(kDan, 2)),
            (Effects{done(kDan), kept(kDan, to_bob(3, "m3")), kept(kDan, to_bob(4, "m4"))}));
}

// What its dismissal leaves undone comes back with its end.
TEST(RegistryNumbered, WaitsForWhatADismissedConnectionStillHolds) {
  RegistryBench bench = with_old_bob();
  send_to_bob(bench, {"m1"});
  bench.apply(event(kBob, Dismiss{{RefusalCode::Silent}}));
  EXPECT_EQ(log_in1(bench, kDan, "bob"), (Effects{logged_in1(kDan, 2)}));
  EXPECT_EQ(bench.apply(send1(kAnn, 2, "bob", "m2")), (Effects{accepted(kAnn, 2, 2)}));
  EXPECT_EQ(bench.close(kBob), (Effects{kept(kDan, to_bob(1, "m1")), kept(kDan, to_bob(2, "m2"))}));
}

TEST(RegistryNumbered, KeepsLateMessagesForTheNextReader) {
  RegistryBench bench = with_late_messages();
  bench.close(kDan);
  EXPECT_EQ(bench.close(kBob), Effects{});
  EXPECT_EQ(log_in1(bench, kDan, "bob"), (Effects{logged_in1(kDan, 2, 3)}));
  EXPECT_EQ(bench.apply(one(deliver(kDan))),
            (Effects{done(kDan), kept(kDan, to_bob(2, "m2")), kept(kDan, to_bob(3, "m3")),
                     kept(kDan, to_bob(4, "m4"))}));
}

TEST(RegistryNumbered, FreesLateMessagesWithTheirAccount) {
  for (const std::string_view text : {"m2", "\xc3\xa9"}) {
    for (const bool is_back : {false, true}) {
      RegistryBench bench = with_late_messages(text, true);
      if (is_back) {
        bench.give_back(kBob, false);
      }
      EXPECT_EQ(bench.apply(delete1(kDan)), (Effects{logged_out1(kDan)}));
      bench.go_on();
      EXPECT_EQ(bench.close(kBob), Effects{});
      EXPECT_EQ(bench.registry().queued_bytes(), 0U);
    }
  }
}

TEST(RegistryNumbered, KeepsTheNumbersOfWhatWasPushedOverBothProtocols) {
  RegistryBench bench = with_users1({"ann", "bob"}, {}, true);
  send_to_bob(bench, {"m1", "m2"});
  bench.close(kBob);
  bench.apply(login(kBob, "bob"));
  bench.write(kBob);
  bench.apply(deliver(kBob));
  bench.apply(event(kBob, Ended{}));
  EXPECT_EQ(log_in1(bench, kDan, "bob"), (Effects{logged_in1(kDan, 2)}));
  EXPECT_EQ(bench.close(kBob), (Effects{kept(kDan, to_bob(1, "m1")), kept(kDan, to_bob(2, "m2"))}));
}

// PING and PONG.

Input ping(ConnectionId from, std::string_view data) { return one(command(from, Ping{data})); }
Effect pong(ConnectionId to, std::string_view data) {
  return {to, kCommandBytes, 42 + static_cast<std::uint32_t>(data.size()), Pong{data}};
}

TEST(RegistryNumbered, AnswersAPingBeforeAndAfterLogin) {
  RegistryBench bench;
  bench.apply(introduced(kAnn));
  EXPECT_EQ(bench.apply(ping(kAnn, "there?")), (Effects{pong(kAnn, "there?")}));
  bench.apply(create1(kAnn, "ann"));
  EXPECT_EQ(bench.apply(ping(kAnn, "")), (Effects{pong(kAnn, "")}));
  EXPECT_EQ(bench.apply(one(command(kAnn, Pong{"x"}))), (Effects{done(kAnn)}));
}

TEST(RegistryNumbered, PingsAPeerThatWentSilent) {
  RegistryBench bench = with_users1({"ann"});
  EXPECT_EQ(bench.apply(event(kAnn, WentSilent{})), (Effects{{kAnn, 0, 42, Ping{}}}));
  bench.apply(event(kAnn, Dismiss{{RefusalCode::Silent}}));
  EXPECT_EQ(bench.apply(event(kAnn, WentSilent{})), Effects{});
  bench.close(kAnn);
  EXPECT_EQ(bench.apply(event(kAnn, WentSilent{})), Effects{});
}

TEST(RegistryNumbered, TakesAcknowledgementsAndPingsBeforeCommandsThatWait) {
  RegistryLimits limits;
  limits.listing_bytes = 0;  // every LIST waits
  RegistryBench bench = with_users1({"ann", "bob"}, limits, true);
  send_to_bob(bench, {"m1"});
  EXPECT_EQ(bench.apply(one(list(kBob, "*"))), Effects{});
  EXPECT_EQ(bench.apply(send1(kBob, 1, "ann", "hi")), Effects{});
  EXPECT_EQ(bench.apply(acknowledge(kBob, 1)), (Effects{done(kBob)}));
  EXPECT_EQ(bench.records(), (Records{handed_over(1)}));
  EXPECT_EQ(bench.apply(ping(kBob, "p")), (Effects{pong(kBob, "p")}));
  EXPECT_EQ(bench.apply(one(command(kBob, Pong{}))), (Effects{done(kBob)}));
}

TEST(RegistryNumbered, DoesNotAnswerPingsOfAPeerThatDoesNotRead) {
  RegistryBench bench = with_users1({"ann"}, short_credit());
  Effects effects;
  std::size_t pings = 0;
  do {
    effects = bench.apply(ping(kAnn, "p"));
    ++pings;
  } while (!effects.empty() && pings < 100);
  EXPECT_EQ(pings, 4U);  // three of 43 bytes are over the credit of 100
  // Acknowledgements do not wait, as they have no answer.
  EXPECT_EQ(bench.apply(acknowledge(kAnn, 1)), (Effects{done(kAnn)}));
  EXPECT_EQ(bench.write(kAnn, 3), (Effects{pong(kAnn, "p")}));
}

// Texts that protocol 0 cannot carry as they are.

constexpr std::string_view kAccent = "\xc3\xa9";
constexpr std::string_view kDelimited = "a|||b";

/// As kept(), or as live() if protocol 0 carries the text.
Effect to_old(const Pushed& pushed, bool is_live, bool wants_report = false) {
  Pushed copy = pushed;
  copy.wants_report = wants_report;
  Effect effect = push(kBob, copy, is_live);
  auto& body = std::get<Push>(effect.body);
  body.is_portable = is_portable(pushed.text);
  body.is_kept = !body.is_portable;
  return effect;
}

class RegistryNotPortable : public testing::TestWithParam<bool> {};  // whether it keeps records

TEST_P(RegistryNotPortable, IsKeptUntilItIsWritten) {
  RegistryBench bench = with_old_bob({}, GetParam());
  EXPECT_EQ(bench.apply_all({send1(kAnn, 1, "bob", "plain"), send1(kAnn, 2, "bob", kAccent),
                             send1(kAnn, 3, "bob", kDelimited)}),
            (Effects{to_old(to_bob(1, "plain"), true, GetParam()), accepted(kAnn, 1, 1),
                     to_old(to_bob(2, kAccent), true, GetParam()), accepted(kAnn, 2, 2),
                     to_old(to_bob(3, kDelimited), true, GetParam()), accepted(kAnn, 3, 3)}));
  EXPECT_EQ(bench.write(kBob, 2), Effects{});
  EXPECT_EQ(bench.records(), (GetParam() ? Records{handed_over(1), handed_over(2)} : Records{}));
  EXPECT_EQ(bench.registry().queued_bytes(), charge_of("ann", "bob", kDelimited));
  bench.write(kBob);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
  bench.close(kBob);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

// In protocol 0 the sender's name stands where the number stood, and a frame has a limit there.
TEST_P(RegistryNotPortable, IsATextThatIsTooLongForAFrame) {
  RegistryLimits limits;
  limits.frame_bytes = 3 + 3 + 6 + 4;
  RegistryBench bench = with_old_bob(limits, GetParam());
  Effect too_long = to_old(to_bob(2, "12345"), true, GetParam());
  std::get<Push>(too_long.body).is_portable = false;
  std::get<Push>(too_long.body).is_kept = true;
  EXPECT_EQ(bench.apply_all({send1(kAnn, 1, "bob", "1234"), send1(kAnn, 2, "bob", "12345")}),
            (Effects{to_old(to_bob(1, "1234"), true, GetParam()), accepted(kAnn, 1, 1), too_long,
                     accepted(kAnn, 2, 2)}));
}

TEST_P(RegistryNotPortable, StaysAsPortableAsItWasWhenTheLimitChanges) {
  RegistryBench bench = with_old_bob({}, GetParam());
  bench.close(kBob);
  bench.apply(send1(kAnn, 1, "bob", "12345"));
  RegistryLimits limits;
  limits.frame_bytes = 3 + 3 + 6 + 4;
  EXPECT_EQ(bench.apply(reconfigured(limits)), Effects{});
  bench.apply(send1(kAnn, 2, "bob", "12345"));
  bench.apply(login(kBob, "bob"));
  Effect too_long = to_old(to_bob(2, "12345"), false, GetParam());
  std::get<Push>(too_long.body).is_portable = false;
  std::get<Push>(too_long.body).is_kept = true;
  EXPECT_EQ(bench.apply(deliver(kBob)),
            (Effects{done(kBob), to_old(to_bob(1, "12345"), false, GetParam()), too_long}));
}

// Also after a start with a lower limit.
TEST_P(RegistryNotPortable, IsARestoredTextThatIsTooLongForAFrame) {
  RegistryLimits limits;
  limits.frame_bytes = 3 + 3 + 6 + 4;
  RegistryBench bench(limits, GetParam());
  ASSERT_TRUE(bench.registry().restore_account(kBobAccount, "bob"));
  for (const std::string_view text : {"1234", "12345"}) {
    ASSERT_TRUE(bench.registry().restore_message(
        kBobAccount, KeptMessage::make(MessageNumber{text.size()}, kNow, "ann", text)));
  }
  bench.registry().restore_counters(kBobAccount, MessageNumber{6});
  bench.apply(login(kBob, "bob"));
  bench.write(kBob);
  Effect too_long = to_old(to_bob(5, "12345"), false, GetParam());
  std::get<Push>(too_long.body).is_portable = false;
  std::get<Push>(too_long.body).is_kept = true;
  EXPECT_EQ(bench.apply(deliver(kBob)),
            (Effects{done(kBob), to_old(to_bob(4, "1234"), false, GetParam()), too_long}));
}

TEST_P(RegistryNotPortable, WaitsAgainAsItIsWhenItReturns) {
  RegistryBench bench = with_old_bob({}, GetParam());
  bench.apply(send1(kAnn, 1, "bob", kAccent));
  bench.apply(send1(kAnn, 2, "bob", "plain"));
  bench.apply(send1(kAnn, 3, "bob", kDelimited));
  bench.close(kBob);
  EXPECT_EQ(log_in1(bench, kDan, "bob"), (Effects{logged_in1(kDan, 2, 3)}));
  EXPECT_EQ(bench.apply(one(deliver(kDan))),
            (Effects{done(kDan), kept(kDan, to_bob(1, kAccent)), kept(kDan, to_bob(2, "plain")),
                     kept(kDan, to_bob(3, kDelimited))}));
  bench.apply(acknowledge(kDan, 3));
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST_P(RegistryNotPortable, IsDeliveredAndWaitsAgainAsItIs) {
  RegistryBench bench = with_old_bob({}, GetParam());
  bench.close(kBob);
  send_to_bob(bench, {kAccent, "plain", kDelimited});
  bench.apply(login(kBob, "bob"));
  bench.write(kBob);
  EXPECT_EQ(bench.apply(deliver(kBob)),
            (Effects{done(kBob), to_old(to_bob(1, kAccent), false, GetParam()),
                     to_old(to_bob(2, "plain"), false, GetParam()),
                     to_old(to_bob(3, kDelimited), false, GetParam())}));
  EXPECT_EQ(bench.write(kBob, 2), Effects{});  // DELIVER's completion and the first one
  bench.close(kBob);
  EXPECT_EQ(log_in1(bench, kDan, "bob"), (Effects{logged_in1(kDan, 2, 2)}));
  EXPECT_EQ(bench.apply(one(deliver(kDan))), (Effects{done(kDan), kept(kDan, to_bob(2, "plain")),
                                                      kept(kDan, to_bob(3, kDelimited))}));
}

TEST_P(RegistryNotPortable, WaitsInTheBacklogOfASlowReader) {
  RegistryBench bench = with_old_bob(short_credit(), GetParam());
  send_to_bob(bench, {"m1", kAccent, kDelimited, "m4"});
  EXPECT_EQ(bench.write(kBob), (Effects{to_old(to_bob(3, kDelimited), true, GetParam()),
                                        to_old(to_bob(4, "m4"), true, GetParam())}));
  bench.close(kBob);
  EXPECT_EQ(log_in1(bench, kDan, "bob"), (Effects{logged_in1(kDan, 2, 2)}));
  EXPECT_EQ(bench.apply(one(deliver(kDan))),
            (Effects{done(kDan), kept(kDan, to_bob(3, kDelimited)), kept(kDan, to_bob(4, "m4"))}));
  bench.apply(acknowledge(kDan, 4));
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST_P(RegistryNotPortable, IsFreedWithItsAccount) {
  RegistryBench bench = with_old_bob({}, GetParam());
  send_to_bob(bench, {"m1", kAccent, "m3"});
  EXPECT_EQ(bench.apply(delete_account(kBob)), (Effects{logged_out(kBob)}));
  EXPECT_EQ(bench.write(kBob, 2), Effects{});
  EXPECT_EQ(bench.registry().queued_bytes(), charge_of("ann", "bob", "m3"));
  bench.close(kBob);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST_P(RegistryNotPortable, IsFreedWithItsAccountWhenItReturns) {
  RegistryBench bench = with_old_bob({}, GetParam());
  send_to_bob(bench, {kAccent, "m2", kDelimited});
  bench.apply(delete_account(kBob));
  bench.close(kBob);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST_P(RegistryNotPortable, IsFreedWithItsAccountWhenItWasUnderWayAtTheEnd) {
  RegistryBench bench = with_old_bob({}, GetParam());
  send_to_bob(bench, {"m1", kAccent, "m3", kDelimited});
  bench.apply(delete_account(kBob));
  bench.write(kBob, 2);
  EXPECT_EQ(bench.apply(event(kBob, Closed{})), Effects{});
  // What is not kept returns, the other one does not.
  bench.give_back(kBob, false, true);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

TEST_P(RegistryNotPortable, IsFreedWhenAnotherConnectionDeletedItsAccount) {
  RegistryBench bench = with_old_bob({}, GetParam());
  send_to_bob(bench, {kAccent, "m2"});
  bench.apply(event(kBob, Ended{}));
  bench.apply(login(kDan, "bob"));
  bench.apply(delete_account(kDan));
  EXPECT_EQ(bench.apply(event(kBob, Closed{})), Effects{});
  if (GetParam()) {
    EXPECT_EQ(bench.records(), (Records{handed_over(1)}));
  }
  bench.give_back(kBob, false, true);
  EXPECT_EQ(bench.registry().queued_bytes(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Records, RegistryNotPortable, testing::Bool());

}  // namespace
}  // namespace tribar
