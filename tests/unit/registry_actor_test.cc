// SPDX-License-Identifier: MIT
//
// RegistryActor: batches reach the registry in the order of their sending, and those that no loop
// sent as they come.
#include "server/registry_actor.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "journal/memory.h"
#include "support/registry_bench.h"

namespace tribar {
namespace {

/// A batch with one input, the `number`-th that a loop sent; 0: no loop did.
BatchPtr batch_of(std::uint64_t number, const Input& input) {
  auto batch = std::make_unique<Batch>();
  batch->number = number;
  batch->now = UnixMs{number};
  batch->inputs.push_back(input);
  return batch;
}

class RegistryActorTest : public testing::Test {
 protected:
  void work_off() {
    while (actor_.run_once()) {
    }
  }

  Registry registry_{{}, {1, 2}, true};
  std::vector<BatchPtr> passed_on_;
  std::size_t counted_ = 0;
  MemoryJournal journal_{[this](BatchPtr batch) { passed_on_.push_back(std::move(batch)); }};
  RegistryActor actor_{registry_, journal_, [this] { ++counted_; }};
};

TEST_F(RegistryActorTest, WaitsForABatchThatWasOvertaken) {
  actor_.deliver(batch_of(2, create(kBob, "bob")));
  work_off();
  EXPECT_EQ(registry_.account_count(), 0U);
  actor_.deliver(batch_of(1, create(kAnn, "ann")));
  work_off();
  ASSERT_EQ(passed_on_.size(), 2U);
  EXPECT_EQ(passed_on_[0]->number, 1U);
  EXPECT_EQ(passed_on_[1]->number, 2U);
  EXPECT_EQ(counted_, 2U);
}

// A batch without a number was looked for at place 2^64 - 1 of the order.
TEST_F(RegistryActorTest, TakesABatchThatNoLoopSentAtOnce) {
  actor_.deliver(batch_of(1, create(kAnn, "ann")));
  actor_.deliver(batch_of(3, create(kCat, "cat")));
  actor_.deliver(batch_of(0, event(StorageDown{})));
  actor_.deliver(batch_of(2, create(kBob, "bob")));
  work_off();
  ASSERT_EQ(passed_on_.size(), 4U);
  EXPECT_EQ(registry_.account_count(), 0U) << "nothing can be created behind StorageDown";
  EXPECT_EQ(counted_, 3U);
}

TEST_F(RegistryActorTest, GivesABatchThatNoLoopSentTheTimeOfTheLastOne) {
  actor_.deliver(batch_of(1, create(kAnn, "ann")));
  work_off();
  actor_.deliver(batch_of(0, create(kBob, "bob")));
  work_off();
  ASSERT_EQ(passed_on_.size(), 2U);
  EXPECT_EQ(passed_on_[1]->output.records,
            (Records{AccountCreated{kBobAccount, UnixMs{1}, "bob"}}));
}

}  // namespace
}  // namespace tribar
