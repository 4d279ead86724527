// SPDX-License-Identifier: MIT
//
// ReplyRouter: every loop gets the batches that it has a part in, in order, and each batch comes
// back to the loop that it is of. Rendezvous: loops stop only together.
#include "loop/reply_router.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "loop/loop_inbox.h"
#include "loop/rendezvous.h"

namespace tribar {
namespace {

struct Fixture {
  explicit Fixture(std::size_t loops) {
    std::vector<LoopInbox*> pointers;
    for (std::size_t i = 0; i < loops; ++i) {
      inboxes.push_back(std::make_unique<LoopInbox>([] {}));
      pointers.push_back(inboxes.back().get());
    }
    reply_router = std::make_unique<ReplyRouter>(pointers);
  }

  /// Of loop `home`, with one effect for a connection of each of `loops`.
  BatchPtr batch(std::uint32_t home, std::uint64_t number,
                 const std::vector<std::uint64_t>& loops) {
    auto made = std::make_unique<Batch>();
    made->loop = home;
    made->number = number;
    for (const std::uint64_t loop : loops) {
      made->output.effects.push_back({ConnectionId::make(loop, 1), 0, 0, Done{}});
    }
    return made;
  }

  std::vector<BatchShare> drain(std::size_t loop) {
    std::vector<BatchShare> shares;
    inboxes[loop]->drain(shares);
    return shares;
  }

  static std::vector<std::uint64_t> numbers(const std::vector<BatchShare>& shares) {
    std::vector<std::uint64_t> numbers;
    for (const BatchShare& share : shares) {
      numbers.push_back((*share).number);
    }
    return numbers;
  }

  std::vector<std::unique_ptr<LoopInbox>> inboxes;
  std::unique_ptr<ReplyRouter> reply_router;
};
using Numbers = std::vector<std::uint64_t>;

TEST(ReplyRouter, BringsEverythingToTheOnlyLoop) {
  Fixture f(1);
  std::vector<BatchPtr> batches;
  batches.push_back(f.batch(0, 1, {}));
  batches.push_back(f.batch(0, 2, {5}));
  f.reply_router->post(batches);
  auto shares = f.drain(0);
  EXPECT_EQ(f.numbers(shares), (Numbers{1, 2}));
  EXPECT_TRUE(shares[0].finish());
  EXPECT_TRUE(shares[1].finish());
}

TEST(ReplyRouter, BringsEachLoopWhatItHasAPartInAndTheHomeLoopItsOwn) {
  Fixture f(3);
  std::vector<BatchPtr> batches;
  batches.push_back(f.batch(0, 1, {0, 1}));
  batches.push_back(f.batch(1, 2, {4, 1}));  // both of loop 1
  batches.push_back(f.batch(2, 3, {0, 1}));
  batches.push_back(f.batch(0, 4, {}));
  f.reply_router->post(batches);
  EXPECT_EQ(f.numbers(f.drain(0)), (Numbers{1, 3, 4}));
  EXPECT_EQ(f.numbers(f.drain(1)), (Numbers{1, 2, 3}));
  EXPECT_EQ(f.numbers(f.drain(2)), (Numbers{3}));
}

// What went on before it, in a batch of its own, points into it: a loop that has only that was to
// read what another had recycled.
TEST(ReplyRouter, BringsABatchThatOthersPointIntoToAll) {
  Fixture f(3);
  std::vector<BatchPtr> batches;
  batches.push_back(f.batch(1, 1, {1}));
  batches.front()->is_for_all = true;
  f.reply_router->post(batches);
  for (std::size_t loop = 0; loop < 3; ++loop) {
    EXPECT_EQ(f.numbers(f.drain(loop)), (Numbers{1}));
  }
}

TEST(ReplyRouter, GivesABatchBackToItsLoopWhenAllAreDone) {
  Fixture f(2);
  std::vector<BatchPtr> batches;
  batches.push_back(f.batch(0, 7, {0, 1}));
  f.reply_router->post(batches);
  auto first = f.drain(0);
  auto second = f.drain(1);
  EXPECT_FALSE(first[0].finish());
  BatchPtr last = second[0].finish();
  ASSERT_TRUE(last);
  f.reply_router->give_back(std::move(last));
  auto back = f.drain(0);
  ASSERT_EQ(f.numbers(back), (Numbers{7}));
  EXPECT_TRUE((*back[0]).output.effects.empty());
  EXPECT_TRUE(back[0].finish());
}

TEST(Rendezvous, IsOverWhenAllAreQuietAtOnce) {
  int wakes = 0;
  Rendezvous rendezvous(2, [&wakes] { ++wakes; });
  rendezvous.arrive();
  rendezvous.leave();
  rendezvous.arrive();
  EXPECT_FALSE(rendezvous.is_over());
  EXPECT_EQ(wakes, 0);
  rendezvous.arrive();
  EXPECT_TRUE(rendezvous.is_over());
  EXPECT_EQ(wakes, 1);
}

}  // namespace
}  // namespace tribar
