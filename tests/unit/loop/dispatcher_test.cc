// SPDX-License-Identifier: MIT
//
// Dispatcher: who gets what, how much is under way at once, and what is held.
#include "loop/dispatcher.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/printers.h"
#include "support/test_peer.h"

namespace tribar {
namespace {

ConnectionId connection(std::uint64_t slot) { return ConnectionId::make(slot, 1); }

struct Fixture {
  explicit Fixture(std::size_t workers)
      : dispatcher(workers, inbox, last_number,
                   [this](BatchPtr batch) { sent.push_back(std::move(batch)); }) {}

  void recycle_all() {
    for (BatchPtr& batch : sent) {
      dispatcher.recycle(std::move(batch));
    }
    sent.clear();
  }

  int wakes = 0;
  LoopInbox inbox{[this] { ++wakes; }};
  std::vector<BatchPtr> sent;
  std::atomic<std::uint64_t> last_number{0};
  Dispatcher dispatcher;
};

TEST(Dispatcher, SendsNothingWhenThereIsNothing) {
  Fixture f(2);
  f.dispatcher.submit(UnixMs{1});
  EXPECT_TRUE(f.sent.empty());
  EXPECT_TRUE(f.dispatcher.is_idle());
}

TEST(Dispatcher, KeepsAConnectionWithOneWorkerAndNumbersBatches) {
  Fixture f(2);
  f.dispatcher.add_event(connection(4), Ended{});
  f.dispatcher.add_event(connection(5), Ended{});
  f.dispatcher.add_event(connection(4), Closed{});
  EXPECT_FALSE(f.dispatcher.is_idle());
  f.dispatcher.submit(UnixMs{7});
  ASSERT_EQ(f.sent.size(), 2U);
  EXPECT_EQ(f.sent[0]->worker, 0U);
  EXPECT_EQ(f.sent[0]->number, 1U);
  EXPECT_EQ(f.sent[0]->now, UnixMs{7});
  EXPECT_EQ(f.sent[0]->events,
            (std::vector<Input>{{connection(4), 0, Ended{}}, {connection(4), 0, Closed{}}}));
  EXPECT_EQ(f.sent[1]->worker, 1U);
  EXPECT_EQ(f.sent[1]->number, 2U);
  EXPECT_EQ(f.sent[1]->events, (std::vector<Input>{{connection(5), 0, Ended{}}}));
  EXPECT_FALSE(f.dispatcher.is_idle());
  f.recycle_all();
  EXPECT_TRUE(f.dispatcher.is_idle());
}

TEST(Dispatcher, HoldsAllWhenEnoughAreUnderWayAndIsWokenWhenOnePassed) {
  Fixture f(2);
  for (std::uint64_t i = 0; i < 5; ++i) {
    f.dispatcher.add_event(connection(0), Ended{});
    f.dispatcher.submit({});
  }
  EXPECT_EQ(f.sent.size(), 5U);
  // Two more would be seven of six.
  f.dispatcher.add_event(connection(0), Ended{});
  f.dispatcher.add_event(connection(1), Ended{});
  f.dispatcher.submit({});
  EXPECT_EQ(f.sent.size(), 5U);
  EXPECT_TRUE(f.inbox.sleep_if_empty());
  f.inbox.note_passed();
  EXPECT_EQ(f.wakes, 1);
  f.dispatcher.add_event(connection(0), Closed{});
  f.dispatcher.submit({});
  ASSERT_EQ(f.sent.size(), 7U);
  EXPECT_EQ(f.sent[5]->events.size(), 2U);
  EXPECT_EQ(f.sent[6]->events.size(), 1U);
  // Nobody waits any more: nobody is woken.
  EXPECT_FALSE(f.inbox.sleep_if_empty());
  EXPECT_TRUE(f.inbox.sleep_if_empty());
  f.inbox.note_passed();
  EXPECT_EQ(f.wakes, 1);
}

TEST(Dispatcher, SendsAReturnedPushAsItStoodOnTheWire) {
  Fixture f(1);
  const std::string frame = test::send_bytes("ann", "bob", "hello");
  f.dispatcher.add_returned(connection(1), {AccountId{1}, MessageNumber{2}, UnixMs{3}, {}},
                            Protocol::Zero, frame);
  f.dispatcher.submit({});
  ASSERT_EQ(f.sent.size(), 1U);
  EXPECT_EQ(f.sent[0]->bytes.view(), frame);
  EXPECT_EQ(f.sent[0]->arrivals[0].data_bytes, frame.size());
}

TEST(Dispatcher, TakesBatchesThatItNeverSent) {
  Fixture f(1);
  f.dispatcher.recycle(std::make_unique<Batch>());
  EXPECT_TRUE(f.dispatcher.is_idle());
  f.dispatcher.add_event(connection(1), Ended{});
  f.dispatcher.submit({});
  ASSERT_EQ(f.sent.size(), 1U);
  EXPECT_EQ(f.sent[0]->number, 1U);
}

TEST(Dispatcher, KeepsNoMoreThanItMayForTheNextUse) {
  LoopInbox inbox([] {});
  std::vector<BatchPtr> sent;
  constexpr std::size_t kBytes = 100'000;
  std::atomic<std::uint64_t> last_number{0};
  Dispatcher dispatcher(
      1, inbox, last_number, [&sent](BatchPtr batch) { sent.push_back(std::move(batch)); }, {},
      3 * kBytes);
  for (int i = 0; i < 3; ++i) {
    dispatcher.batch_of(connection(1)).bytes.append(std::string(kBytes, 'x'));
    dispatcher.add_event(connection(1), Ended{});
    dispatcher.submit(UnixMs{1});
    inbox.note_passed();
  }
  ASSERT_EQ(sent.size(), 3U);
  const Batch* first = sent[0].get();
  const Batch* second = sent[1].get();
  for (BatchPtr& batch : sent) {
    ASSERT_GT(batch->held_bytes(), kBytes);
    ASSERT_LT(batch->held_bytes(), kBytes * 3 / 2);
    dispatcher.recycle(std::move(batch));
  }
  sent.clear();
  // Two are kept, one is not, and what was taken makes room again.
  const auto send_one = [&] {
    dispatcher.add_event(connection(1), Ended{});
    dispatcher.submit(UnixMs{1});
    inbox.note_passed();
    return sent.back().get();
  };
  send_one();
  EXPECT_EQ(send_one(), second);
  EXPECT_EQ(send_one(), first);
  EXPECT_LT(dispatcher.batch_of(connection(1)).held_bytes(), kBytes);
}

}  // namespace
}  // namespace tribar
