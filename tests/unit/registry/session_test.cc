// SPDX-License-Identifier: MIT
//
// Registry: sessions that are told to go.
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

Input dismiss(ConnectionId id) { return event(id, Dismiss{kReplaced}); }
Effect dismissed(ConnectionId id) { return refused(id, kReplaced, 0); }

// Dismiss.

TEST(RegistrySession, IsRefusedAndClosedWhenItIsDismissed) {
  RegistryBench bench = with_users({"ann", "bob"});
  EXPECT_EQ(bench.apply(dismiss(kBob)), (Effects{dismissed(kBob), close(kBob)}));
  EXPECT_EQ(bench.apply(send(kBob, "bob", "ann", "hi")), (Effects{done(kBob)}));
  EXPECT_EQ(bench.apply(create(kBob, "eve")), (Effects{done(kBob)}));
  EXPECT_EQ(bench.apply(login(kBob, "bob")), (Effects{done(kBob)}));
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

}  // namespace
}  // namespace tribar
