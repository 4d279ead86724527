// SPDX-License-Identifier: MIT
//
// CommitQueue: what is held until what is stored, and what becomes of it when storing fails.
#include "journal/commit_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/fake_store.h"
#include "support/registry_bench.h"

namespace tribar {
namespace {

using test::FakeStore;

Record kept(std::uint64_t number, std::string_view text) {
  return MessageKept{MessageNumber{number}, kBobAccount, kNow, "ann", lasting(text)};
}
Record handed(std::uint64_t number) { return HandedOver{MessageNumber{number}}; }
Record created(AccountId account, std::string_view name) {
  return AccountCreated{account, kNow, lasting(name)};
}

Effect push_to(ConnectionId to, std::uint64_t number, std::string_view text) {
  return live(to, {kBobAccount, number, "ann", "bob", text});
}
Effect echo_to(ConnectionId to, std::string_view text) { return echo(to, "ann", "bob", text); }

Record sent(AccountId account, std::uint64_t n, std::uint64_t number) {
  return ClientSent{account, "home", n, MessageNumber{number}};
}
Record secret_of(AccountId account) { return SecretSet{account, "a hash"}; }

/// A push to a connection of protocol 1.
Effect kept_push_to(ConnectionId to, std::uint64_t number, std::string_view text) {
  Effect effect = push_to(to, number, text);
  std::get<Push>(effect.body).is_kept = true;
  std::get<Push>(effect.body).tells_number = true;
  return effect;
}
/// One to protocol 0, of a text that it does not carry as it is.
Effect escaped_push_to(ConnectionId to, std::uint64_t number, std::string_view text) {
  Effect effect = push_to(to, number, text);
  std::get<Push>(effect.body).is_kept = true;
  std::get<Push>(effect.body).is_portable = false;
  return effect;
}
/// Of one that was accepted before.
Effect accepted_again(ConnectionId to, std::uint64_t n) { return accepted(to, n, 0); }
Effect secret_changed(ConnectionId to) { return {to, kCommandBytes, 42, SecretChanged{}}; }

class CommitQueueTest : public testing::Test {
 protected:
  void admit(Effects effects, Records records) {
    auto batch = std::make_unique<Batch>();
    batch->number = ++last_number_;
    batch->output.effects = std::move(effects);
    batch->output.records = std::move(records);
    queue_.admit(std::move(batch));
  }

  void step() { queue_.step(now_ms_); }
  void step_after(std::uint64_t ms) {
    now_ms_ += ms;
    step();
  }

  void fail() {
    store_.before_commit = [] { return "no room"; };
  }
  void work() { store_.before_commit = nullptr; }

  /// What went on since the last call.
  Effects went_on() { return std::exchange(went_on_, {}); }

  FakeStore store_;
  Effects went_on_;
  std::uint64_t home_ = 0;  // batches that a loop sent and that went on
  std::vector<std::string> states_;
  CommitQueue queue_{store_,
                     [this](std::span<BatchPtr> batches) {
                       for (const BatchPtr& batch : batches) {
                         home_ += batch->number != 0 ? 1 : 0;
                         for (const Effect& effect : batch->output.effects) {
                           went_on_.push_back(effect);
                         }
                       }
                     },
                     [this](bool is_up, const std::string& why) {
                       states_.push_back(is_up ? "up" : "down: " + why);
                     }};
  std::uint64_t last_number_ = 0;
  std::uint64_t now_ms_ = 1000;
};

TEST_F(CommitQueueTest, HoldsEffectsUntilTheirRecordsAreStored) {
  const Effects effects{push_to(kBob, 1, "hi"), echo_to(kAnn, "hi")};
  admit(effects, {kept(1, "hi")});
  EXPECT_EQ(went_on(), Effects{});
  EXPECT_EQ(queue_.next_step_ms(), 0U);
  step();
  EXPECT_EQ(went_on(), effects);
  EXPECT_EQ(store_.messages.at(1).text, "hi");
  EXPECT_EQ(queue_.next_step_ms(), std::nullopt);
}

TEST_F(CommitQueueTest, StoresAllThatGatheredInOneCommitAndInOrder) {
  Effects all;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    all.push_back(echo_to(kAnn, std::to_string(i)));
    admit({all.back()}, {kept(i, std::to_string(i))});
  }
  step();
  EXPECT_EQ(store_.commits, 1U);
  EXPECT_EQ(store_.messages.size(), 100U);
  EXPECT_EQ(went_on(), all);
}

TEST_F(CommitQueueTest, StoresAMessageAndItsHandingOverInTheOrderOfTheBatches) {
  admit({}, {kept(1, "hi"), kept(2, "ho")});
  admit({}, {handed(1)});
  step();
  EXPECT_EQ(store_.messages.size(), 1U);
  EXPECT_TRUE(store_.messages.contains(2));
}

TEST_F(CommitQueueTest, LetsABatchWithoutRecordsGoOnAtOnce) {
  admit({names(kAnn, {"ann"})}, {});
  EXPECT_EQ(went_on(), (Effects{names(kAnn, {"ann"})}));
  step();
  EXPECT_EQ(store_.tries, 0U);
}

TEST_F(CommitQueueTest, HoldsABatchWithoutRecordsBehindOneThatIsNotStored) {
  admit({echo_to(kAnn, "hi")}, {kept(1, "hi")});
  admit({names(kCat, {"ann"})}, {});
  EXPECT_EQ(went_on(), Effects{});
  step();
  EXPECT_EQ(went_on(), (Effects{echo_to(kAnn, "hi"), names(kCat, {"ann"})}));
}

TEST_F(CommitQueueTest, LetsHandedOverRideWithTheNextCommit) {
  admit({}, {kept(1, "hi")});
  step();
  admit({names(kAnn, {"ann"})}, {handed(1)});
  EXPECT_EQ(went_on(), (Effects{names(kAnn, {"ann"})})) << "it holds nothing";
  EXPECT_EQ(store_.commits, 1U);
  admit({}, {kept(2, "ho")});
  step();
  EXPECT_EQ(store_.commits, 2U);
  EXPECT_FALSE(store_.messages.contains(1));
}

TEST_F(CommitQueueTest, StoresHandedOverByItselfAfterAWhile) {
  admit({}, {kept(1, "hi")});
  step();
  admit({}, {handed(1)});
  step();
  EXPECT_TRUE(store_.messages.contains(1));
  ASSERT_EQ(queue_.next_step_ms(), now_ms_ + CommitQueue::kLazyCommitMs);
  step_after(CommitQueue::kLazyCommitMs - 1);
  EXPECT_TRUE(store_.messages.contains(1));
  step_after(1);
  EXPECT_FALSE(store_.messages.contains(1));
  EXPECT_EQ(queue_.next_step_ms(), std::nullopt);
}

TEST_F(CommitQueueTest, HoldsWhatRestsOnAFailedCommitAndLetsTheRestGoOn) {
  fail();
  admit({push_to(kBob, 1, "hi"), echo_to(kAnn, "hi"), names(kCat, {"ann"}), logged_in(kDan, 4)},
        {kept(1, "hi"), created(kCatAccount, "dan")});
  step();
  EXPECT_EQ(went_on(), (Effects{push_to(kBob, 1, "hi"), names(kCat, {"ann"})}));
  EXPECT_EQ(states_, std::vector<std::string>{"down: no room"});
  work();
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(went_on(), (Effects{echo_to(kAnn, "hi"), logged_in(kDan, 4)}));
  EXPECT_EQ(states_, (std::vector<std::string>{"down: no room", "up"}));
  EXPECT_EQ(store_.messages.size(), 1U);
}

TEST_F(CommitQueueTest, MarksWhatTheEffectsThatWentOnPointInto) {
  fail();
  auto batch = std::make_unique<Batch>();
  batch->number = ++last_number_;
  batch->is_continuation = true;
  batch->output.effects = {push_to(kBob, 1, "x"), echo_to(kAnn, "x")};
  batch->output.records = {kept(1, "x")};
  const Batch* held = batch.get();
  queue_.admit(std::move(batch));
  step();
  EXPECT_EQ(went_on(), (Effects{push_to(kBob, 1, "x")}));
  EXPECT_TRUE(held->is_for_all);
  // The step that is on its way back is counted once, and not held.
  EXPECT_FALSE(held->is_continuation);
}

TEST_F(CommitQueueTest, HoldsADeletionOfWhichStoringFails) {
  fail();
  admit({logged_out(kAnn)}, {AccountDeleted{kAnnAccount}});
  admit({names(kAnn, {})}, {});
  step();
  EXPECT_EQ(went_on(), Effects{}) << "the answer behind DELETE would say that it is done";
}

TEST_F(CommitQueueTest, KeepsTheOrderOfAConnectionWithAHeldAnswer) {
  fail();
  admit({echo_to(kAnn, "hi")}, {kept(1, "hi")});
  step();
  const Effects later{names(kAnn, {"ann"}), push_to(kAnn, 7, "to ann"), refused(kAnn, {})};
  for (const Effect& effect : later) {
    admit({effect, names(kBob, {"bob"})}, {});
  }
  EXPECT_EQ(went_on(), (Effects{names(kBob, {"bob"}), names(kBob, {"bob"}), names(kBob, {"bob"})}));
  work();
  step_after(CommitQueue::kRetryMs);
  Effects all{echo_to(kAnn, "hi")};
  all.insert(all.end(), later.begin(), later.end());
  EXPECT_EQ(went_on(), all);
}

TEST_F(CommitQueueTest, TriesAgainAtIntervalsAndSaysSoOnce) {
  fail();
  admit({echo_to(kAnn, "hi")}, {kept(1, "hi")});
  for (int i = 0; i < 4; ++i) {
    step();
    EXPECT_EQ(store_.tries, static_cast<std::uint64_t>(i + 1));
    ASSERT_EQ(queue_.next_step_ms(), now_ms_ + CommitQueue::kRetryMs);
    step_after(CommitQueue::kRetryMs - 1);
    EXPECT_EQ(store_.tries, static_cast<std::uint64_t>(i + 1));
    now_ms_ += 1;
  }
  EXPECT_EQ(states_, std::vector<std::string>{"down: no room"});
}

TEST_F(CommitQueueTest, ClosesWhoWaitsTooLongAndReturnsItsPushes) {
  fail();
  admit({echo_to(kAnn, "hi"), push_to(kAnn, 9, "to ann"), names(kAnn, {})}, {kept(1, "hi")});
  step();
  step_after(CommitQueue::kHeldAnswerMs - 1);
  EXPECT_EQ(went_on(), Effects{});
  step_after(1);
  EXPECT_EQ(went_on(), (Effects{close(kAnn), push_to(kAnn, 9, "to ann")}))
      << "behind the last word the loop returns a push";
  work();
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(went_on(), Effects{}) << "what was not confirmed in time is never confirmed";
  EXPECT_EQ(store_.messages.size(), 1U) << "and is stored all the same";
  EXPECT_EQ(home_, 1U);
}

// The process was stopped while storing failed, and it works when the process goes on.
TEST_F(CommitQueueTest, TriesBeforeItJudgesWhoWaitedTooLong) {
  fail();
  admit({echo_to(kAnn, "hi")}, {kept(1, "hi")});
  step();
  work();
  step_after(10 * CommitQueue::kHeldAnswerMs);
  EXPECT_EQ(went_on(), (Effects{echo_to(kAnn, "hi")}));
}

TEST_F(CommitQueueTest, ClosesAConnectionInDoubtOnce) {
  fail();
  admit({echo_to(kAnn, "one")}, {kept(1, "one")});
  step();
  step_after(1000);
  admit({echo_to(kAnn, "two"), push_to(kAnn, 9, "to ann")}, {kept(2, "two")});
  step();
  step_after(CommitQueue::kHeldAnswerMs - 1000);
  EXPECT_EQ(went_on(), (Effects{close(kAnn)}));
  step_after(1000);
  EXPECT_EQ(went_on(), (Effects{push_to(kAnn, 9, "to ann")}));
}

TEST_F(CommitQueueTest, LetsANewConnectionGoOnWhileTheOldOneIsInDoubt) {
  fail();
  admit({echo_to(kAnn, "hi")}, {kept(1, "hi")});
  step();
  admit({names(kDan, {"ann"}), logged_in(kDan, 4)}, {});
  EXPECT_EQ(went_on(), (Effects{names(kDan, {"ann"}), logged_in(kDan, 4)}));
}

// Its success said that there is an account, which a crash then took away.
TEST_F(CommitQueueTest, HoldsALoginToAnAccountThatIsNotStored) {
  constexpr AccountId kDanAccount{kCatAccount.value + 1};
  fail();
  admit({logged_in(kAnn, kCatAccount.value)}, {created(kCatAccount, "cat")});
  step();
  admit({}, {created(kDanAccount, "dan")});
  admit({logged_in(kBob, kCatAccount.value)}, {});
  admit({logged_in(kCat, kDanAccount.value)}, {});
  admit({logged_in(kDan, 1)}, {});
  EXPECT_EQ(went_on(), (Effects{logged_in(kDan, 1)}));
  work();
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(went_on(),
            (Effects{logged_in(kAnn, kCatAccount.value), logged_in(kBob, kCatAccount.value),
                     logged_in(kCat, kDanAccount.value)}));
  fail();
  admit({echo_to(kAnn, "hi")}, {kept(1, "hi")});
  step();
  admit({logged_in(kBob, kCatAccount.value)}, {});
  EXPECT_EQ(went_on(), (Effects{logged_in(kBob, kCatAccount.value)}));
}

TEST_F(CommitQueueTest, HoldsProtocol1UntilItsRecordsAreStored) {
  const Effects first{kept_push_to(kBob, 1, "hi"), accepted(kAnn, 1, 1)};
  const Effects again{accepted_again(kDan, 1)};
  admit(first, {kept(1, "hi"), sent(kAnnAccount, 1, 1)});
  admit(again, {});
  EXPECT_EQ(went_on(), Effects{});
  step();
  EXPECT_EQ(went_on(), (Effects{first[0], first[1], again[0]}));
  EXPECT_EQ(store_.clients.at({kAnnAccount.value, "home"}), (FakeStore::Sent{1, {1}}));
}

TEST_F(CommitQueueTest, HoldsAnAcceptanceAndItsPushWhileStoringFails) {
  fail();
  const Effects rests{kept_push_to(kBob, 1, "hi"), accepted(kAnn, 1, 1)};
  admit(rests, {kept(1, "hi"), sent(kAnnAccount, 1, 1)});
  admit({names(kCat, {"ann"}), push_to(kCat, 1, "hi")}, {});
  step();
  EXPECT_EQ(went_on(), (Effects{names(kCat, {"ann"}), push_to(kCat, 1, "hi")}));
  work();
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(went_on(), rests);
}

// A client without a name: n is in no record.
TEST_F(CommitQueueTest, HoldsAnAcceptanceWithoutAClientsRecord) {
  fail();
  admit({accepted(kAnn, 1, 1)}, {kept(1, "hi")});
  step();
  EXPECT_EQ(went_on(), Effects{});
  admit({accepted_again(kDan, 7)}, {});
  EXPECT_EQ(went_on(), (Effects{accepted_again(kDan, 7)})) << "no n is missing";
}

// Its sender would forget a message that a crash then took away.
TEST_F(CommitQueueTest, HoldsARepeatedAcceptanceWhileAnyNIsNotStored) {
  fail();
  admit({accepted(kAnn, 1, 1)}, {kept(1, "hi"), sent(kAnnAccount, 1, 1)});
  step();
  admit({accepted_again(kDan, 1), names(kCat, {})}, {});
  EXPECT_EQ(went_on(), (Effects{names(kCat, {})}));
  work();
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(went_on(), (Effects{accepted(kAnn, 1, 1), accepted_again(kDan, 1)}));
  fail();
  admit({echo_to(kAnn, "ho")}, {kept(2, "ho")});
  step();
  admit({accepted_again(kDan, 1)}, {});
  EXPECT_EQ(went_on(), (Effects{accepted_again(kDan, 1)})) << "that was the failure before";
}

TEST_F(CommitQueueTest, HoldsALoginToAnAccountOfWhichSomethingIsNotStored) {
  const Record records[] = {sent(kBobAccount, 4, 1), secret_of(kBobAccount),
                            ClientForgotten{kBobAccount, "old"}};
  for (const Record& record : records) {
    fail();
    admit({}, {record});
    step();
    admit({logged_in(kDan, kBobAccount.value), logged_in(kCat, kAnnAccount.value)}, {});
    EXPECT_EQ(went_on(), (Effects{logged_in(kCat, kAnnAccount.value)}));
    work();
    step_after(CommitQueue::kRetryMs);
    EXPECT_EQ(went_on(), (Effects{logged_in(kDan, kBobAccount.value)}));
  }
}

TEST_F(CommitQueueTest, HoldsAChangeOfASecretOfWhichStoringFails) {
  fail();
  admit({secret_changed(kAnn), names(kCat, {})}, {secret_of(kAnnAccount)});
  step();
  EXPECT_EQ(went_on(), (Effects{names(kCat, {})}));
  work();
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(went_on(), (Effects{secret_changed(kAnn)}));
  EXPECT_EQ(store_.secrets.at(kAnnAccount.value), "a hash");
}

// Messages that were stored before are delivered, whatever fails now.
TEST_F(CommitQueueTest, HoldsOnlyPushesOfMessagesThatAreNotStored) {
  admit({}, {kept(6, "old")});
  step();
  fail();
  admit({}, {kept(7, "new"), kept(8, "newer")});
  step();
  admit({kept_push_to(kBob, 6, "old"), kept_push_to(kBob, 7, "new"), push_to(kDan, 8, "newer")},
        {});
  admit({kept_push_to(kCat, 8, "newer")}, {});
  EXPECT_EQ(went_on(), (Effects{kept_push_to(kBob, 6, "old"), push_to(kDan, 8, "newer")}));
  work();
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(went_on(), (Effects{kept_push_to(kBob, 7, "new"), kept_push_to(kCat, 8, "newer")}));
}

// It tells no number, so its reader waits no more than for a text that protocol 0 carries.
TEST_F(CommitQueueTest, HoldsNoPushToProtocol0OfATextThatIsEscaped) {
  fail();
  admit({}, {kept(1, "caf\xc3\xa9")});
  step();
  admit({escaped_push_to(kBob, 1, "caf\xc3\xa9")}, {});
  EXPECT_EQ(went_on(), (Effects{escaped_push_to(kBob, 1, "caf\xc3\xa9")}));
}

TEST_F(CommitQueueTest, ClosesWhoWaitsTooLongForAPushOfProtocol1) {
  fail();
  admit({kept_push_to(kBob, 1, "hi"), accepted(kAnn, 1, 1)},
        {kept(1, "hi"), sent(kAnnAccount, 1, 1)});
  step();
  admit({names(kBob, {})}, {});
  step_after(CommitQueue::kHeldAnswerMs);
  EXPECT_EQ(went_on(), (Effects{close(kBob), kept_push_to(kBob, 1, "hi"), close(kAnn)}));
  EXPECT_EQ(home_, 0U) << "the first batch has records, the second an answer";
  work();
  step_after(CommitQueue::kHeldAnswerMs);
  EXPECT_EQ(home_, 2U);
  EXPECT_EQ(store_.messages.size(), 1U);
}

TEST_F(CommitQueueTest, CountsSecretsThatAreNotStored) {
  admit({secret_changed(kAnn), accepted(kBob, 1, 5)},
        {secret_of(kAnnAccount), secret_of(kBobAccount), sent(kBobAccount, 1, 5), kept(5, "x"),
         ClientForgotten{kBobAccount, "old"}});
  fail();
  EXPECT_EQ(queue_.finish(), (Unstored{"no room", 0, 0, 1, 0, 2}));
  EXPECT_EQ(went_on(), Effects{});
}

// Batches that rested on nothing were kept behind the failed one, for as long as storing failed.
TEST_F(CommitQueueTest, KeepsNoBatchThatHoldsNothingWhileStoringFails) {
  admit({names(kBob, {})}, {});
  admit({echo_to(kAnn, "hi")}, {kept(1, "hi")});
  admit({names(kBob, {})}, {});
  fail();
  step();
  EXPECT_EQ(home_, 2U);
  for (int i = 0; i < 1000; ++i) {
    admit({names(kBob, {})}, {});
    step_after(10);
  }
  EXPECT_EQ(home_, 1002U);
  work();
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(home_, 1003U);
}

TEST_F(CommitQueueTest, KeepsNoBatchWhoseConnectionWasClosed) {
  fail();
  admit({echo_to(kAnn, "hi")}, {kept(1, "hi")});
  step();
  admit({names(kAnn, {})}, {});
  step();
  EXPECT_EQ(home_, 0U);
  step_after(CommitQueue::kHeldAnswerMs);
  EXPECT_EQ(home_, 1U);
  EXPECT_EQ(went_on(), (Effects{close(kAnn)}));
}

TEST_F(CommitQueueTest, StoresAHandingOverBehindTheMessageWhileStoringFails) {
  fail();
  admit({push_to(kBob, 1, "hi"), echo_to(kAnn, "hi")}, {kept(1, "hi")});
  step();
  EXPECT_EQ(went_on(), (Effects{push_to(kBob, 1, "hi")}));
  admit({names(kBob, {})}, {handed(1)});
  EXPECT_EQ(went_on(), (Effects{names(kBob, {})}));
  work();
  step_after(CommitQueue::kRetryMs);
  EXPECT_TRUE(store_.messages.empty());
  EXPECT_EQ(went_on(), (Effects{echo_to(kAnn, "hi")}));
}

TEST_F(CommitQueueTest, FailsForRidersAloneAndRecovers) {
  admit({}, {kept(1, "hi")});
  step();
  fail();
  admit({}, {handed(1)});
  step();
  step_after(CommitQueue::kLazyCommitMs);
  EXPECT_EQ(states_, std::vector<std::string>{"down: no room"});
  work();
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(states_, (std::vector<std::string>{"down: no room", "up"}));
  EXPECT_TRUE(store_.messages.empty());
}

TEST_F(CommitQueueTest, FailsAgainAfterRecovery) {
  for (int i = 0; i < 3; ++i) {
    fail();
    const std::string text = std::to_string(i);
    admit({echo_to(kAnn, text)}, {kept(static_cast<std::uint64_t>(i + 1), text)});
    step();
    EXPECT_EQ(went_on(), Effects{});
    work();
    step_after(CommitQueue::kRetryMs);
    EXPECT_EQ(went_on(), (Effects{echo_to(kAnn, text)}));
  }
  EXPECT_EQ(states_.size(), 6U);
}

TEST_F(CommitQueueTest, StoresWhatIsLeftAtTheEnd) {
  admit({}, {kept(1, "hi"), kept(2, "ho")});
  step();
  admit({}, {handed(1)});
  admit({echo_to(kAnn, "last")}, {kept(3, "last")});
  EXPECT_EQ(queue_.finish(), Unstored{});
  EXPECT_EQ(went_on(), (Effects{echo_to(kAnn, "last")}));
  EXPECT_EQ(store_.messages.size(), 2U);
  EXPECT_FALSE(store_.messages.contains(1));
  EXPECT_EQ(queue_.finish(), Unstored{});
  EXPECT_EQ(store_.commits, 2U) << "there was nothing left";
}

TEST_F(CommitQueueTest, ConfirmsNothingAtAnEndThatFails) {
  admit({push_to(kBob, 1, "hi"), echo_to(kAnn, "hi")}, {kept(1, "hi")});
  fail();
  EXPECT_EQ(queue_.finish(), (Unstored{"no room", 0, 0, 1, 0}));
  EXPECT_EQ(went_on(), Effects{});
}

// A stopping server waited until its deadline for batches that could not be stored.
TEST_F(CommitQueueTest, HoldsNothingNearTheEndWhileStoringFails) {
  fail();
  admit({names(kBob, {"bob"}), echo_to(kAnn, "hi")},
        {kept(1, "hi"), created(AccountId{7}, "cid"), AccountDeleted{AccountId{8}}, handed(3)});
  step();
  EXPECT_EQ(went_on(), (Effects{names(kBob, {"bob"})}));
  queue_.begin_end();
  EXPECT_EQ(queue_.next_step_ms(), 0U) << "once more, at once";
  step();
  EXPECT_EQ(store_.tries, 2U);
  EXPECT_EQ(went_on(), (Effects{{kAnn, 0, 0, Close{}}}));
  EXPECT_EQ(home_, 1U);
  EXPECT_EQ(queue_.next_step_ms(), std::nullopt);

  // What comes now could rest on what was given up.
  work();
  admit({echo_to(kBob, "ho")}, {kept(2, "ho")});
  EXPECT_EQ(queue_.next_step_ms(), 0U);
  step();
  EXPECT_EQ(went_on(), (Effects{{kBob, 0, 0, Close{}}}));
  EXPECT_EQ(home_, 2U);
  EXPECT_EQ(queue_.finish(), (Unstored{"no room", 1, 1, 2, 1}));
  EXPECT_TRUE(store_.messages.empty());
}

TEST_F(CommitQueueTest, StoresNearTheEndWhatItCan) {
  fail();
  admit({echo_to(kAnn, "hi")}, {kept(1, "hi")});
  step();
  work();
  queue_.begin_end();
  step();
  EXPECT_EQ(went_on(), (Effects{echo_to(kAnn, "hi")}));
  // And fails only then.
  fail();
  admit({echo_to(kAnn, "ho")}, {kept(2, "ho")});
  step();
  EXPECT_EQ(went_on(), (Effects{{kAnn, 0, 0, Close{}}}));
  EXPECT_EQ(queue_.finish(), (Unstored{"no room", 0, 0, 1, 0}));
}

TEST_F(CommitQueueTest, SaysAtTheEndThatStoringFailsThoughNothingWasHeld) {
  store_.misplaced = "gone";
  queue_.check(now_ms_);
  EXPECT_EQ(queue_.finish(), (Unstored{"gone", 0, 0, 0, 0}));
}

// Without anything to store nobody noticed that the file was gone.
TEST_F(CommitQueueTest, FailsWhileTheStoreIsNotAtItsPlace) {
  queue_.check(now_ms_);
  EXPECT_EQ(states_, std::vector<std::string>{});
  store_.misplaced = "gone";
  queue_.check(now_ms_);
  queue_.check(now_ms_);
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(states_, std::vector<std::string>{"down: gone"});
  store_.misplaced.reset();
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(states_, (std::vector<std::string>{"down: gone", "up"}));
}

TEST_F(CommitQueueTest, ConfirmsNothingWhenItStopsBetweenStoringAndPassingOn) {
  admit({echo_to(kAnn, "hi")}, {kept(1, "hi")});
  store_.after_commit = [] { throw std::runtime_error("the end"); };
  EXPECT_THROW(step(), std::runtime_error);
  EXPECT_EQ(went_on(), Effects{});
  EXPECT_EQ(store_.messages.size(), 1U);
}

/// A store that another server has taken over.
class LostStore : public FakeStore {
 public:
  std::optional<StoreError> commit(std::span<const std::span<const Record>> groups) override {
    return is_lost ? std::optional(StoreError{"taken over", true}) : FakeStore::commit(groups);
  }
  std::optional<StoreError> check() override {
    return is_lost ? std::optional(StoreError{"taken over", true}) : std::nullopt;
  }
  bool is_lost = false;
};

class LostStoreTest : public testing::Test {
 protected:
  void admit(Effects effects, Records records) {
    auto batch = std::make_unique<Batch>();
    batch->output.effects = std::move(effects);
    batch->output.records = std::move(records);
    queue_.admit(std::move(batch));
  }
  [[nodiscard]] static Effect closing(ConnectionId to) { return {to, 0, 0, Close{}}; }
  Effects went_on() { return std::exchange(went_on_, {}); }

  LostStore store_;
  Effects went_on_;
  std::vector<std::string> states_;
  std::vector<std::string> lost_;
  CommitQueue queue_{store_,
                     [this](std::span<BatchPtr> batches) {
                       for (const BatchPtr& batch : batches) {
                         EXPECT_TRUE(batch->output.records.empty());
                         went_on_.insert(went_on_.end(), batch->output.effects.begin(),
                                         batch->output.effects.end());
                       }
                     },
                     [this](bool, const std::string& why) { states_.push_back(why); },
                     [this](const StoreError& error) { lost_.push_back(error.text); }};
};

// Another server may have told something else meanwhile: not even a push goes on.
TEST_F(LostStoreTest, SaysNothingAnyMoreAndClosesInstead) {
  admit({push_to(kBob, 1, "hi"), echo_to(kAnn, "hi"), echo_to(kAnn, "ho")}, {kept(1, "hi")});
  admit({push_to(kBob, 2, "hum")}, {});
  store_.is_lost = true;
  queue_.step(1000);
  EXPECT_EQ(went_on(), (Effects{closing(kBob), closing(kAnn), closing(kBob)}));
  EXPECT_EQ(lost_, std::vector<std::string>{"taken over"});
  EXPECT_TRUE(states_.empty());

  // Nor later, nor when the store works again.
  store_.is_lost = false;
  admit({push_to(kBob, 3, "late")}, {});
  admit({echo_to(kAnn, "late")}, {kept(3, "late"), created(AccountId{9}, "cid")});
  EXPECT_EQ(went_on(), (Effects{closing(kBob), closing(kAnn)}));
  queue_.step(2000);
  queue_.check(2000);
  EXPECT_EQ(queue_.next_step_ms(), std::nullopt);
  queue_.begin_end();
  EXPECT_EQ(queue_.finish(), (Unstored{"taken over", 1, 0, 2, 0, 0}));
  EXPECT_EQ(went_on(), Effects{});
  EXPECT_EQ(store_.commits, 0U);
  EXPECT_EQ(lost_.size(), 1U);
}

TEST_F(LostStoreTest, LearnsOfItByTheCheck) {
  store_.is_lost = true;
  queue_.check(1000);
  EXPECT_EQ(lost_, std::vector<std::string>{"taken over"});
  admit({push_to(kBob, 3, "late")}, {});
  EXPECT_EQ(went_on(), Effects{closing(kBob)});
}

// While storing fails some answers wait and some batches are half gone.
TEST_F(LostStoreTest, ClosesWhoWaitedWhileStoringFailed) {
  store_.before_commit = [] { return "no room"; };
  admit({push_to(kBob, 1, "hi"), echo_to(kAnn, "hi")}, {kept(1, "hi")});
  queue_.step(1000);
  EXPECT_EQ(went_on(), Effects{push_to(kBob, 1, "hi")});
  store_.is_lost = true;
  queue_.step(1000 + CommitQueue::kRetryMs);
  EXPECT_EQ(went_on(), Effects{closing(kAnn)});
  EXPECT_EQ(lost_, std::vector<std::string>{"taken over"});
}

/// A store that other servers may take over.
class SharedStore : public FakeStore {
 public:
  [[nodiscard]] bool is_shared() const override { return true; }
};

class SharedStoreTest : public testing::Test {
 protected:
  void admit(Effects effects, Records records) {
    auto batch = std::make_unique<Batch>();
    batch->number = ++last_number_;
    batch->output.effects = std::move(effects);
    batch->output.records = std::move(records);
    queue_.admit(std::move(batch));
  }
  void step_after(std::uint64_t ms) {
    now_ms_ += ms;
    queue_.step(now_ms_);
  }
  void step() { step_after(0); }
  void fail() {
    store_.before_commit = [] { return "no answer"; };
  }
  void work() { store_.before_commit = nullptr; }
  Effects went_on() { return std::exchange(went_on_, {}); }
  static Effect unavailable(ConnectionId to) {
    return refused(to, Refusal{RefusalCode::StorageUnavailable});
  }

  SharedStore store_;
  Effects went_on_;
  std::uint64_t home_ = 0;  // batches that a loop sent and that went on
  CommitQueue queue_{store_,
                     [this](std::span<BatchPtr> batches) {
                       for (const BatchPtr& batch : batches) {
                         home_ += batch->number != 0 ? 1 : 0;
                         went_on_.insert(went_on_.end(), batch->output.effects.begin(),
                                         batch->output.effects.end());
                       }
                     },
                     [](bool, const std::string&) {}};
  std::uint64_t last_number_ = 0;
  std::uint64_t now_ms_ = 1000;
};

// A leader that was paused would otherwise answer with what it knew before another took over.
TEST_F(SharedStoreTest, HoldsEveryEffectForACommitThatBeganLater) {
  const Effects effects[] = {{names(kAnn, {"ann"})},
                             {logged_in(kBob, 2)},
                             {push_to(kCat, 1, "hi")},
                             {refused(kDan, Refusal{RefusalCode::NoSuchRecipient})}};
  std::uint64_t commits = 0;
  for (const Effects& each : effects) {
    admit(each, {});
    EXPECT_EQ(went_on(), Effects{});
    EXPECT_EQ(queue_.next_step_ms(), 0U);
    step();
    EXPECT_EQ(went_on(), each);
    EXPECT_EQ(store_.commits, ++commits);
  }
  EXPECT_EQ(queue_.next_step_ms(), std::nullopt);
}

TEST_F(SharedStoreTest, HasOneCommitForAllTurnsThatGathered) {
  Effects all;
  for (std::uint32_t i = 1; i <= 100; ++i) {
    all.push_back({kAnn, 1, 1, Names{"", i}});
    admit({all.back()}, {});
  }
  step();
  EXPECT_EQ(went_on(), all);
  EXPECT_EQ(store_.commits, 1U);
}

// Such as the reports of what was written, which are most batches of readers.
TEST_F(SharedStoreTest, LetsABatchWithoutEffectsGoHomeWithoutACommit) {
  admit({}, {kept(1, "hi")});
  step();
  admit({}, {handed(1)});
  EXPECT_EQ(home_, 2U);
  step();
  EXPECT_EQ(store_.commits, 1U);
  step_after(CommitQueue::kLazyCommitMs);
  EXPECT_EQ(store_.commits, 2U);
  EXPECT_TRUE(store_.messages.empty());
}

TEST_F(SharedStoreTest, LetsOnlyRefusalsForWantOfStorageGoOnWhileStoringFails) {
  fail();
  const Effects first{push_to(kBob, 1, "hi"), echo_to(kAnn, "hi")};
  admit(first, {kept(1, "hi")});
  step();
  EXPECT_EQ(went_on(), Effects{});
  admit({unavailable(kAnn), unavailable(kBob), unavailable(kCat)}, {});
  EXPECT_EQ(went_on(), Effects{unavailable(kCat)}) << "for the others there is more before";
  const Effects later{names(kDan, {"ann"}), logged_in(kCat, 1), accepted_again(kDan, 1)};
  admit(later, {});
  admit({unavailable(kCat)}, {});
  EXPECT_EQ(went_on(), Effects{});
  work();
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(went_on(), (Effects{first[0], first[1], unavailable(kAnn), unavailable(kBob), later[0],
                                later[1], later[2], unavailable(kCat)}));
}

TEST_F(SharedStoreTest, ClosesWhoWaitsTooLongWhateverFor) {
  fail();
  admit({push_to(kBob, 1, "hi"), echo_to(kAnn, "hi"), names(kCat, {"ann"})}, {kept(1, "hi")});
  admit({logged_in(kDan, 1)}, {});
  step();
  step_after(CommitQueue::kHeldAnswerMs - 1);
  EXPECT_EQ(went_on(), Effects{});
  EXPECT_EQ(home_, 0U);
  step_after(1);
  EXPECT_EQ(went_on(),
            (Effects{close(kBob), push_to(kBob, 1, "hi"), close(kAnn), close(kCat), close(kDan)}));
  EXPECT_EQ(home_, 1U) << "the first batch has records";
  work();
  step_after(CommitQueue::kRetryMs);
  EXPECT_EQ(went_on(), Effects{});
  EXPECT_EQ(store_.messages.size(), 1U);
}

TEST_F(SharedStoreTest, SaysNothingMoreNearAnEndAtWhichStoringFails) {
  fail();
  admit({push_to(kBob, 1, "hi"), names(kCat, {"ann"})}, {});
  queue_.begin_end();
  step();
  EXPECT_EQ(went_on(), (Effects{close(kBob), push_to(kBob, 1, "hi"), close(kCat)}));
  admit({names(kAnn, {"ann"}), unavailable(kDan)}, {});
  EXPECT_EQ(went_on(), Effects{unavailable(kDan)});
  step();
  EXPECT_EQ(went_on(), Effects{close(kAnn)});
  EXPECT_EQ(queue_.finish(), (Unstored{"no answer", 0, 0, 0, 0}));
}

TEST_F(SharedStoreTest, AsksTheStoreBeforeTheLastAnswersGoOn) {
  admit({names(kAnn, {"ann"})}, {});
  fail();
  EXPECT_EQ(queue_.finish(), (Unstored{"no answer", 0, 0, 0, 0}));
  EXPECT_EQ(went_on(), Effects{});
  work();
  EXPECT_EQ(queue_.finish(), Unstored{});
  EXPECT_EQ(went_on(), Effects{names(kAnn, {"ann"})});
}

/// Whatever happens when, nothing of protocol 1 is told that a crash at that moment would undo.
TEST_F(CommitQueueTest, TellsNothingOfProtocol1ThatIsNotStored) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    FakeStore store;
    bool is_failing = false;
    store.before_commit = [&]() -> std::optional<std::string> {
      return is_failing ? std::optional<std::string>("no room") : std::nullopt;
    };
    std::map<std::uint64_t, bool> is_closed;
    std::map<std::uint64_t, std::uint64_t> pushed;  // the last number, by connection
    std::size_t told = 0;
    CommitQueue queue(
        store,
        [&](std::span<BatchPtr> batches) {
          for (const BatchPtr& batch : batches) {
            for (const Effect& effect : batch->output.effects) {
              if (is_closed[effect.to.value]) {
                continue;  // as the loop does
              }
              ++told;
              // Each account has one connection at a time.
              const std::uint64_t account = effect.to.slot();
              const std::uint64_t stored = store.clients[{account, "home"}].n;
              if (std::holds_alternative<Close>(effect.body)) {
                is_closed[effect.to.value] = true;
              } else if (const auto* yes = std::get_if<Accepted>(&effect.body)) {
                EXPECT_LE(yes->n, stored) << "seed " << seed;
              } else if (const auto* entry = std::get_if<LoggedIn>(&effect.body)) {
                EXPECT_LE(entry->highest, stored) << "seed " << seed;
              } else if (const auto* push = std::get_if<Push>(&effect.body)) {
                EXPECT_TRUE(store.messages.contains(push->number.value)) << "seed " << seed;
                EXPECT_LT(std::exchange(pushed[effect.to.value], push->number.value),
                          push->number.value)
                    << "seed " << seed;
              }
            }
          }
        },
        [](bool, const std::string&) {});
    std::map<std::uint64_t, std::uint64_t> generation;  // of connections, by account
    std::map<std::uint64_t, std::uint64_t> highest;     // n, by account
    std::uint64_t now_ms = 0;
    std::uint64_t number = 0;
    for (std::uint64_t i = 0; i < 200; ++i) {
      auto batch = std::make_unique<Batch>();
      batch->number = i + 1;
      Output& output = batch->output;
      for (std::uint64_t k = random() % 4; k > 0; --k) {
        const AccountId account{1 + random() % 4};
        std::uint64_t& n = highest[account.value];
        const auto connection = [&](std::uint64_t of) {
          return ConnectionId::make(of, 1 + generation[of]);
        };
        switch (random() % 4) {
          case 0:
          case 1:
            output.effects.push_back(kept_push_to(connection(1 + random() % 4), ++number, "x"));
            output.effects.push_back(accepted(connection(account.value), ++n, number));
            output.records.push_back(kept(number, "x"));
            output.records.push_back(sent(account, n, number));
            break;
          case 2:
            output.effects.push_back(accepted_again(connection(account.value), n));
            break;
          default: {
            ++generation[account.value];
            Effect entry = logged_in(connection(account.value), account.value);
            std::get<LoggedIn>(entry.body).highest = n;
            output.effects.push_back(entry);
          }
        }
      }
      queue.admit(std::move(batch));
      if (random() % 20 == 0) {
        is_failing = !is_failing;
      }
      if (random() % 2 == 0) {
        now_ms += random() % 300;
        queue.step(now_ms);
      }
    }
    EXPECT_GT(told, 0U);
  }
}

/// Whatever happens when, with a shared store nothing goes on but for a commit that began after it
/// was made.
TEST_F(SharedStoreTest, SaysNothingThatNoLaterCommitConfirmed) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    SharedStore store;
    bool is_failing = false;
    std::uint32_t made = 0;
    std::uint32_t confirmed = 0;  // all that was made up to it
    std::uint32_t beginning = 0;
    store.before_commit = [&]() -> std::optional<std::string> {
      beginning = made;
      return is_failing ? std::optional<std::string>("no answer") : std::nullopt;
    };
    store.after_commit = [&] { confirmed = beginning; };
    std::map<std::uint64_t, std::uint32_t> last;  // by connection
    std::map<std::uint64_t, bool> is_closed;
    std::size_t told = 0;
    CommitQueue queue(
        store,
        [&](std::span<BatchPtr> batches) {
          for (const BatchPtr& batch : batches) {
            for (const Effect& effect : batch->output.effects) {
              if (is_closed[effect.to.value]) {
                continue;  // as the loop does
              }
              if (std::holds_alternative<Close>(effect.body)) {
                is_closed[effect.to.value] = true;
              } else if (!std::holds_alternative<Refuse>(effect.body)) {
                const auto* push = std::get_if<Push>(&effect.body);
                const auto number = push != nullptr ? static_cast<std::uint32_t>(push->number.value)
                                                    : std::get<Names>(effect.body).count;
                EXPECT_LE(number, confirmed) << "seed " << seed;
                EXPECT_LT(std::exchange(last[effect.to.value], number), number) << "seed " << seed;
                ++told;
              }
            }
          }
        },
        [](bool, const std::string&) {});
    std::uint64_t now_ms = 0;
    for (int i = 0; i < 200; ++i) {
      auto batch = std::make_unique<Batch>();
      for (std::uint64_t k = random() % 4; k > 0; --k) {
        const ConnectionId to =
            ConnectionId::make(random() % 8, 1 + static_cast<std::uint64_t>(i) / 40);
        switch (random() % 3) {
          case 0:
            batch->output.effects.push_back({to, 1, 1, Names{"", ++made}});
            break;
          case 1:
            batch->output.effects.push_back(push_to(to, ++made, "x"));
            batch->output.records.push_back(kept(made, "x"));
            break;
          default:
            batch->output.effects.push_back(unavailable(to));
        }
      }
      queue.admit(std::move(batch));
      if (random() % 20 == 0) {
        is_failing = !is_failing;
      }
      if (random() % 2 == 0) {
        now_ms += random() % 300;
        queue.step(now_ms);
      }
    }
    EXPECT_GT(told, 0U);
  }
}

/// Whatever happens when, each answer goes on once or its connection is closed, in order, and only
/// when its record is stored.
TEST_F(CommitQueueTest, TellsNoLieWhateverFailsWhen) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    FakeStore store;
    bool is_failing = false;
    store.before_commit = [&]() -> std::optional<std::string> {
      return is_failing ? std::optional<std::string>("no room") : std::nullopt;
    };
    std::map<std::uint64_t, std::vector<std::uint64_t>> answered;  // by connection
    std::map<std::uint64_t, bool> is_closed;
    std::uint64_t home = 0;
    CommitQueue queue(
        store,
        [&](std::span<BatchPtr> batches) {
          for (const BatchPtr& batch : batches) {
            home += batch->number != 0 ? 1 : 0;
            for (const Effect& effect : batch->output.effects) {
              if (is_closed[effect.to.value]) {
                continue;  // as the loop does
              }
              if (std::holds_alternative<Close>(effect.body)) {
                is_closed[effect.to.value] = true;
              } else if (const auto* back = std::get_if<Echo>(&effect.body)) {
                const std::uint64_t number = std::stoull(std::string(back->message->text));
                EXPECT_TRUE(store.messages.contains(number)) << "seed " << seed;
                answered[effect.to.value].push_back(number);
              } else if (const auto* list = std::get_if<Names>(&effect.body)) {
                answered[effect.to.value].push_back(list->count);
              }
            }
          }
        },
        [](bool, const std::string&) {});
    std::map<std::uint64_t, std::vector<std::uint64_t>> asked;
    std::uint64_t now_ms = 0;
    std::uint32_t number = 0;
    const std::uint64_t batch_count = 200;
    for (std::uint64_t i = 0; i < batch_count; ++i) {
      auto batch = std::make_unique<Batch>();
      batch->number = i + 1;
      for (std::uint64_t k = random() % 4; k > 0; --k) {
        const ConnectionId from = ConnectionId::make(random() % 5, 1);
        const std::string text = std::to_string(++number);
        asked[from.value].push_back(number);
        if (random() % 2 == 0) {
          batch->output.effects.push_back(echo_to(from, text));
          batch->output.records.push_back(kept(number, text));
        } else {
          batch->output.effects.push_back({from, 1, 1, Names{"", number}});
        }
      }
      queue.admit(std::move(batch));
      if (random() % 20 == 0) {
        is_failing = !is_failing;
      }
      if (random() % 2 == 0) {
        now_ms += random() % 300;
        queue.step(now_ms);
      }
    }
    is_failing = false;
    queue.step(now_ms + CommitQueue::kRetryMs);
    EXPECT_EQ(home, batch_count) << "seed " << seed;
    for (const auto& [connection, numbers] : asked) {
      const auto& got = answered[connection];
      if (is_closed[connection]) {
        ASSERT_LE(got.size(), numbers.size()) << "seed " << seed;
      } else {
        ASSERT_EQ(got.size(), numbers.size()) << "seed " << seed;
      }
      EXPECT_TRUE(std::equal(got.begin(), got.end(), numbers.begin())) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace tribar
