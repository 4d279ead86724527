// SPDX-License-Identifier: MIT
//
// What an operator asks of the registry: answers, effects and records.
#include <gtest/gtest.h>

#include "support/registry_bench.h"

namespace tribar {
namespace {

constexpr std::uint64_t kTicket = 77;

Input operate(OperationBody body) { return event(Operate{kTicket, std::move(body)}); }

/// The only answer; all else of it is as in a new one.
OperationAnswer answered(OperationResult result) { return {kTicket, result}; }

using Answers = std::vector<OperationAnswer>;
using Result = OperationResult;

class Operations : public testing::Test {
 protected:
  void SetUp() override {
    bench_.apply(create(kAnn, "ann"));
    bench_.apply(create(kBob, "bob"));
    bench_.write(kAnn);
    bench_.write(kBob);
  }

  RegistryBench bench_{{.can_hash_secrets = true, .accounts = 4}, true};
};

TEST_F(Operations, AddAnAccount) {
  EXPECT_EQ(bench_.apply(operate(AddAccount{"cid", {}})), Effects{});
  EXPECT_EQ(bench_.answers(), Answers{answered(Result::Done)});
  EXPECT_EQ(bench_.records(), (Records{AccountCreated{AccountId{3}, kNow, "cid"}}));
  EXPECT_EQ(bench_.apply(login(kCat, "cid")), Effects{logged_in(kCat, 3)});
}

TEST_F(Operations, AddAnAccountWithASecret) {
  bench_.apply(operate(AddAccount{"cid", "hash"}));
  EXPECT_EQ(bench_.records(),
            (Records{AccountCreated{AccountId{3}, kNow, "cid"}, SecretSet{AccountId{3}, "hash"}}));
  EXPECT_EQ(bench_.apply(login(kCat, "cid")),
            Effects{refused(kCat, {RefusalCode::NeedsSecret}, kCommandBytes)});
}

TEST_F(Operations, AddNoAccountTwiceAndNoneBeyondTheLimit) {
  bench_.apply(operate(AddAccount{"ann", {}}));
  EXPECT_EQ(bench_.answers(), Answers{answered(Result::NameTaken)});
  bench_.apply(operate(AddAccount{"cid", {}}));
  bench_.apply(operate(AddAccount{"dan", {}}));
  bench_.apply(operate(AddAccount{"eve", {}}));
  EXPECT_EQ(bench_.answers(), Answers{answered(Result::TooManyAccounts)});
  EXPECT_EQ(bench_.records(), Records{});
}

TEST_F(Operations, ChangeNothingWhileNothingCanBeStored) {
  bench_.apply(event(StorageDown{}));
  for (const OperationBody& body :
       {OperationBody(AddAccount{"cid", {}}), OperationBody(DeleteAccount{"ann"}),
        OperationBody(ReplaceHash{"ann", "hash"})}) {
    EXPECT_EQ(bench_.apply(operate(body)), Effects{});
    EXPECT_EQ(bench_.answers(), Answers{answered(Result::StorageUnavailable)});
    EXPECT_EQ(bench_.records(), Records{});
  }
  bench_.apply(event(StorageUp{}));
  bench_.apply(operate(DeleteAccount{"ann"}));
  EXPECT_EQ(bench_.answers(), Answers{answered(Result::Done)});
}

TEST_F(Operations, NameAccountsThatAreThere) {
  for (const OperationBody& body :
       {OperationBody(DeleteAccount{"eve"}), OperationBody(ReplaceHash{"eve", "hash"}),
        OperationBody(EndSession{"eve"}), OperationBody(ShowAccount{"eve"})}) {
    EXPECT_EQ(bench_.apply(operate(body)), Effects{});
    EXPECT_EQ(bench_.answers(), Answers{answered(Result::NoSuchAccount)});
  }
}

TEST_F(Operations, DeleteAnAccountThatIsLoggedIn) {
  EXPECT_EQ(bench_.apply(operate(DeleteAccount{"bob"})),
            (Effects{refused(kBob, {RefusalCode::Dismissed}, 0), close(kBob)}));
  EXPECT_EQ(bench_.answers(), Answers{answered(Result::Done)});
  EXPECT_EQ(bench_.records(), Records{AccountDeleted{AccountId{2}}});
  EXPECT_EQ(bench_.registry().account_count(), 1U);
  EXPECT_EQ(bench_.registry().counters().logged_in.read(), 1U);
  // Somebody else may have the name.
  EXPECT_EQ(bench_.apply(create(kCat, "bob")), Effects{logged_in(kCat, 3)});
}

TEST_F(Operations, DeleteAnAccountWithItsMessages) {
  bench_.close(kBob);
  bench_.apply(send(kAnn, "ann", "bob", "waits"));
  bench_.write(kAnn);
  EXPECT_EQ(bench_.registry().counters().waiting.read(), 1U);
  bench_.apply(operate(DeleteAccount{"bob"}));
  bench_.go_on();
  EXPECT_EQ(bench_.registry().queued_bytes(), 0U);
  EXPECT_EQ(bench_.registry().counters().waiting.read(), 0U);
}

TEST_F(Operations, DeleteAnAccountWhileItsMessagesAreOnTheirWay) {
  bench_.apply(send(kAnn, "ann", "bob", "one"));
  bench_.apply(send(kAnn, "ann", "bob", "two"));
  bench_.write(kAnn);
  bench_.apply(operate(DeleteAccount{"bob"}));
  bench_.write(kBob, 1);
  bench_.close(kBob);
  bench_.go_on();
  EXPECT_EQ(bench_.registry().queued_bytes(), 0U);
  EXPECT_EQ(bench_.registry().counters().waiting.read(), 0U);
}

TEST_F(Operations, EndASession) {
  EXPECT_EQ(bench_.apply(operate(EndSession{"bob"})),
            (Effects{refused(kBob, {RefusalCode::Dismissed}, 0), close(kBob)}));
  EXPECT_EQ(bench_.answers(), Answers{answered(Result::Done)});
  EXPECT_EQ(bench_.records(), Records{});
  bench_.apply(operate(EndSession{"bob"}));
  EXPECT_EQ(bench_.answers(), Answers{answered(Result::NotLoggedIn)});
}

TEST_F(Operations, ReplaceASecretWhileALoginWithTheOldOneIsChecked) {
  bench_.apply(operate(AddAccount{"cid", "old"}));
  bench_.apply(event(kCat, Introduced{}));
  Input entry = login(kCat, "cid");
  entry.body = Login{"cid", "", "secret"};
  bench_.apply(entry);
  EXPECT_EQ(bench_.apply(operate(ReplaceHash{"cid", "new"})), Effects{});
  EXPECT_EQ(bench_.records(), (Records{SecretSet{AccountId{3}, "new"}}));
  EXPECT_EQ(bench_.apply(event(kCat, Answered{})),
            Effects{refused(kCat, {RefusalCode::WrongSecret}, kCommandBytes)});
}

TEST_F(Operations, ShowAnAccount) {
  bench_.apply(send(kAnn, "ann", "bob", "hi"));
  bench_.apply(operate(ShowAccount{"bob"}));
  ASSERT_EQ(bench_.answers().size(), 1U);
  const AccountState& bob = bench_.answers().front().account;
  EXPECT_EQ(bob.id, AccountId{2});
  EXPECT_EQ(bob.session, kBob);
  EXPECT_FALSE(bob.has_secret);
  EXPECT_EQ(bob.messages, 1U);
  EXPECT_GT(bob.bytes, 0U);
  bench_.apply(operate(ReplaceHash{"bob", "hash"}));
  bench_.apply(operate(ShowAccount{"bob"}));
  EXPECT_TRUE(bench_.answers().front().account.has_secret);
}

TEST_F(Operations, ShowSessions) {
  bench_.apply(operate(AddAccount{"away", {}}));
  bench_.apply(operate(ShowSessions{"*", 10}));
  OperationAnswer all = answered(Result::Done);
  all.sessions = {{kAnn, "ann", false, 0}, {kBob, "bob", false, 0}};
  EXPECT_EQ(bench_.answers(), Answers{all});
  bench_.apply(operate(ShowSessions{"b*", 10}));
  OperationAnswer some = answered(Result::Done);
  some.sessions = {{kBob, "bob", false, 0}};
  EXPECT_EQ(bench_.answers(), Answers{some});
  bench_.apply(operate(ShowSessions{"*", 1}));
  OperationAnswer first = answered(Result::Done);
  first.sessions = {{kAnn, "ann", false, 0}};
  first.unlisted = 1;
  EXPECT_EQ(bench_.answers(), Answers{first});
}

}  // namespace
}  // namespace tribar
