// SPDX-License-Identifier: MIT
//
// Registry: LISTs that are too long for one step. One name of these costs more than a slice, so
// that every account is a step of its own.
#include <gtest/gtest.h>

#include <string>

#include "support/registry_bench.h"

namespace tribar {
namespace {

/// A name of 400 letters that differs from the others in the last one.
std::string_view long_name(char last) { return lasting(std::string(399, 'a') + last); }

/// Matches the long names that end in `last`, after some 40000 steps each.
std::string_view long_pattern(char last) { return lasting("*" + std::string(200, 'a') + last); }

/// A bench with the long names that end in each of `ends`, on connections kAnn, kBob, kCat...
RegistryBench with_long_names(std::string_view ends, const RegistryLimits& limits = {}) {
  RegistryBench bench(limits);
  std::uint64_t slot = 0;
  for (const char end : ends) {
    const ConnectionId id = ConnectionId::make(slot++, 1);
    bench.apply(create(id, long_name(end)));
    bench.write(id);
  }
  return bench;
}

TEST(RegistryList, AnswersALongListInSteps) {
  RegistryBench bench = with_long_names("xyz");
  EXPECT_EQ(bench.apply(list(kDan, lasting(std::string(long_pattern('[')) + "xz]"))), Effects{});
  EXPECT_EQ(bench.apply(event(Continue{})), Effects{});
  EXPECT_TRUE(bench.registry().has_more_to_do());
  EXPECT_EQ(bench.apply(event(Continue{})),
            (Effects{names(kDan, {long_name('x'), long_name('z')})}));
  EXPECT_FALSE(bench.registry().has_more_to_do());
}

TEST(RegistryList, KeepsTheOtherCommandsOfTheAskerWaiting) {
  RegistryBench bench = with_long_names("xyz");
  bench.apply(list(kDan, long_pattern('z')));
  EXPECT_EQ(bench.apply(login(kDan, "nobody")), Effects{});
  EXPECT_EQ(bench.apply(list(kDan, "nobody")), Effects{});
  EXPECT_EQ(bench.apply(list(kCat, "nobody")), (Effects{names(kCat, {})}));
  EXPECT_EQ(bench.go_on(), (Effects{names(kDan, {long_name('z')}),
                                    refused(kDan, RefusalCode::NoSuchUsername), names(kDan, {})}));
}

TEST(RegistryList, LetsLiveMessagesPassALongList) {
  RegistryBench bench = with_long_names("xyz");
  bench.apply(list(kAnn, long_pattern('z')));
  EXPECT_EQ(bench.apply(send(kBob, long_name('y'), long_name('x'), "hi")),
            (Effects{live(kAnn, {kAnnAccount, 1, long_name('y'), long_name('x'), "hi"}),
                     echo(kBob, long_name('y'), long_name('x'), "hi")}));
  EXPECT_EQ(bench.go_on(), (Effects{names(kAnn, {long_name('z')})}));
}

TEST(RegistryList, WorksLongListsOffInTurn) {
  RegistryBench bench = with_long_names("xyz");
  bench.apply(list(kAnn, long_pattern('x')));
  bench.apply(list(kBob, long_pattern('y')));
  bench.apply(list(kCat, long_pattern('z')));
  EXPECT_EQ(bench.go_on(), (Effects{names(kAnn, {long_name('x')}), names(kBob, {long_name('y')}),
                                    names(kCat, {long_name('z')})}));
}

TEST(RegistryList, WorksMoreListsOffThanTakeTurnsAtOnce) {
  RegistryBench bench = with_long_names("xyz");
  Effects expected;
  for (std::uint64_t slot = 10; slot < 40; ++slot) {
    const ConnectionId id = ConnectionId::make(slot, 1);
    bench.apply(list(id, long_pattern('y')));
    expected.push_back(names(id, {long_name('y')}));
  }
  EXPECT_EQ(bench.go_on(), expected);
}

TEST(RegistryList, ForgetsAListWhoseAskerIsGone) {
  RegistryBench bench = with_long_names("xyz");
  bench.apply(list(kDan, long_pattern('x')));
  bench.apply(list(kDan, "*"));
  bench.apply(list(kAnn, long_pattern('x')));
  EXPECT_EQ(bench.close(kDan), Effects{});
  EXPECT_EQ(bench.go_on(), (Effects{names(kAnn, {long_name('x')})}));
}

TEST(RegistryList, GoesOnBehindAnAccountThatIsRemoved) {
  RegistryBench bench = with_long_names("vwxyz");
  const ConnectionId last = ConnectionId::make(4, 1);
  bench.apply(list(last, long_pattern('z')));
  // Those before, at and behind the place where the list has come to.
  for (const ConnectionId id : {kAnn, kBob, kCat}) {
    bench.apply(delete_account(id));
  }
  EXPECT_EQ(bench.go_on(), (Effects{names(last, {long_name('z')})}));
}

TEST(RegistryList, EndsWhenTheAccountsBehindItAreRemoved) {
  RegistryBench bench = with_long_names("xyz");
  bench.apply(list(kAnn, long_pattern('x')));
  bench.apply(delete_account(kBob));
  bench.apply(delete_account(kCat));
  EXPECT_EQ(bench.go_on(), (Effects{names(kAnn, {long_name('x')})}));
}

TEST(RegistryList, TakesInAnAccountCreatedMeanwhile) {
  RegistryBench bench = with_long_names("xyz");
  bench.apply(list(kAnn, long_pattern('x')));
  bench.apply(delete_account(kCat));
  bench.apply(create(kCat, long_name('z')));
  bench.apply(create(kDan, lasting("b" + std::string(long_name('x')))));
  EXPECT_EQ(bench.go_on(),
            (Effects{names(kAnn, {long_name('x'), lasting("b" + std::string(long_name('x')))})}));
}

TEST(RegistryList, AnswersBeforeTheHalfCloseIsOver) {
  RegistryBench bench = with_long_names("xyz");
  bench.apply(list(kAnn, long_pattern('x')));
  EXPECT_EQ(bench.apply(event(kAnn, Ended{})), Effects{});
  EXPECT_EQ(bench.apply(login(kDan, long_name('x'))), (Effects{logged_in(kDan, 1)}));
  EXPECT_EQ(bench.go_on(), (Effects{names(kAnn, {long_name('x')}), close(kAnn)}));
}

TEST(RegistryList, AnswersBeforeTheLoginIsExpired) {
  RegistryBench bench = with_long_names("xyz");
  const Refusal refusal{RefusalCode::LoginTimeout, 0, 5000};
  bench.apply(list(kDan, long_pattern('x')));
  EXPECT_EQ(bench.apply(event(kDan, LoginExpired{refusal})), Effects{});
  EXPECT_EQ(bench.go_on(),
            (Effects{names(kDan, {long_name('x')}), refused(kDan, refusal, 0), close(kDan)}));
}

TEST(RegistryList, EndsBehindCommandsThatWaitForALongList) {
  RegistryBench bench = with_long_names("xyz");
  bench.apply(list(kAnn, long_pattern('x')));
  bench.apply(list(kAnn, long_pattern('y')));
  bench.apply(event(kAnn, Ended{}));
  EXPECT_EQ(bench.apply(login(kDan, long_name('x'))),
            (Effects{refused(kDan, RefusalCode::LoggedInElsewhere)}));
  EXPECT_EQ(bench.go_on(),
            (Effects{names(kAnn, {long_name('x')}), names(kAnn, {long_name('y')}), close(kAnn)}));
  EXPECT_EQ(bench.apply(login(kDan, long_name('x'))), (Effects{logged_in(kDan, 1)}));
}

TEST(RegistryList, BoundsTheNamesOfAnAnswer) {
  RegistryLimits limits;
  limits.list_names = 2;
  RegistryBench bench = with_users({"ann", "bob"}, limits);
  EXPECT_EQ(bench.apply(list(kAnn)), (Effects{names(kAnn, {"ann", "bob"})}));
  bench.apply(create(kCat, "cat"));
  EXPECT_EQ(bench.apply(list(kAnn)), (Effects{refused(kAnn, {RefusalCode::ListTooLong, 0, 2})}));
  EXPECT_EQ(bench.apply(list(kAnn, "[bc]*")), (Effects{names(kAnn, {"bob", "cat"})}));
}

TEST(RegistryList, BoundsTheNamesOfALongList) {
  RegistryLimits limits;
  limits.list_names = 1;
  RegistryBench bench = with_long_names("xy", limits);
  bench.apply(create(kCat, lasting("b" + std::string(long_name('x')))));
  bench.apply(list(kDan, long_pattern('x')));
  EXPECT_EQ(bench.go_on(), (Effects{refused(kDan, {RefusalCode::ListTooLong, 0, 1})}));
  bench.apply(list(kDan, long_pattern('y')));
  EXPECT_EQ(bench.go_on(), (Effects{names(kDan, {long_name('y')})}));
}

// Peers that asked and did not read made answers without end.
TEST(RegistryList, WaitsWhileLongAnswersAreUnread) {
  const std::string a(3000, 'a');
  const std::string b(3000, 'b');
  RegistryLimits limits;
  limits.listing_bytes = 5000;
  RegistryBench bench(limits);
  bench.apply(create(kAnn, a));
  bench.apply(create(kBob, b));
  const Effects first{names(kCat, {a, b})};
  EXPECT_EQ(bench.apply(list(kCat, "*")), first);
  EXPECT_EQ(bench.apply(list(kDan, "*")), Effects{});
  EXPECT_FALSE(bench.registry().has_more_to_do());
  EXPECT_EQ(bench.apply(event(Continue{})), Effects{});
  // What takes one look-up does not wait.
  EXPECT_EQ(bench.apply(list(kAnn, "nobody")), (Effects{names(kAnn, {})}));
  bench.write(kCat);
  EXPECT_TRUE(bench.registry().has_more_to_do());
  EXPECT_EQ(bench.apply(event(Continue{})), (Effects{names(kDan, {a, b})}));
  // Who asked and is gone holds up nobody.
  EXPECT_EQ(bench.apply(list(kCat, "*")), Effects{});
  EXPECT_FALSE(bench.registry().has_more_to_do());
  bench.apply(event(kDan, Closed{}));
  EXPECT_TRUE(bench.registry().has_more_to_do());
  EXPECT_EQ(bench.apply(event(Continue{})), first);
}

}  // namespace
}  // namespace tribar
