// SPDX-License-Identifier: MIT
//
// RegistryActor: batches are applied in the order of their sending, by one thread at a time.
#include "workers/registry_actor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "journal/memory.h"
#include "support/printers.h"

namespace tribar {
namespace {

const ConnectionId kAnn = ConnectionId::make(1, 1);
const ConnectionId kBob = ConnectionId::make(2, 1);

/// A batch that a loop sent, with one CREATE.
BatchPtr creation(std::uint64_t number, std::string_view name) {
  auto batch = std::make_unique<Batch>();
  batch->number = number;
  batch->inputs.push_back({ConnectionId::make(number, 1), 50, Create{name}});
  return batch;
}

/// An actor whose batches come back into a list.
struct Fixture {
  std::vector<BatchPtr> home;
  std::size_t passed = 0;
  Registry registry{{}, {1, 2}, false};
  MemoryJournal journal{[this](std::span<BatchPtr> batches) {
    std::move(batches.begin(), batches.end(), std::back_inserter(home));
  }};
  std::size_t reconfigured = 0;
  RegistryActor actor{registry, journal, [this](std::uint32_t) { ++passed; },
                      [this] { ++reconfigured; }};

  [[nodiscard]] std::vector<std::uint64_t> home_numbers() const {
    std::vector<std::uint64_t> numbers;
    for (const BatchPtr& batch : home) {
      numbers.push_back(batch->number);
    }
    return numbers;
  }
};

TEST(RegistryActor, AppliesWhatIsDelivered) {
  Fixture f;
  f.actor.deliver(creation(1, "ann"));
  EXPECT_FALSE(f.actor.run_once());
  ASSERT_EQ(f.home.size(), 1U);
  EXPECT_EQ(f.passed, 1U);
  EXPECT_EQ(f.home[0]->output.effects,
            (std::vector<Effect>{{kAnn, 50, 42, LoggedIn{AccountId{1}}}}));
}

TEST(RegistryActor, HoldsWhatOvertookSomething) {
  Fixture f;
  f.actor.deliver(creation(3, "cid"));
  f.actor.deliver(creation(2, "bob"));
  EXPECT_FALSE(f.actor.run_once());
  EXPECT_EQ(f.passed, 0U);
  f.actor.deliver(creation(1, "ann"));
  f.actor.deliver(creation(5, "eve"));
  EXPECT_FALSE(f.actor.run_once());
  EXPECT_EQ(f.home_numbers(), (std::vector<std::uint64_t>{1, 2, 3}));
  f.actor.deliver(creation(4, "dan"));
  EXPECT_FALSE(f.actor.run_once());
  EXPECT_EQ(f.home_numbers(), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(f.passed, 5U);
}

// One that no loop sent was taken for one that overtook all others.
TEST(RegistryActor, AppliesWhatNoLoopSentAtOnce) {
  Fixture f;
  auto down = std::make_unique<Batch>();
  down->inputs.push_back({{}, 0, StorageDown{}});
  f.actor.deliver(std::move(down));
  f.actor.deliver(creation(1, "ann"));
  EXPECT_FALSE(f.actor.run_once());
  EXPECT_EQ(f.home_numbers(), (std::vector<std::uint64_t>{0, 1}));
  EXPECT_EQ(f.passed, 1U);
  EXPECT_EQ(f.home[1]->output.effects,
            (std::vector<Effect>{{kAnn, 50, 84, Refuse{{RefusalCode::StorageUnavailable, 0, 0}}}}));
}

TEST(RegistryActor, SaysWhenNewLimitsCount) {
  Fixture f;
  auto change = std::make_unique<Batch>();
  RegistryLimits limits;
  limits.accounts = 0;
  change->limits = std::make_unique<const RegistryLimits>(limits);
  change->inputs.push_back({{}, 0, Reconfigured{change->limits.get()}});
  f.actor.deliver(std::move(change));
  EXPECT_EQ(f.reconfigured, 0U);
  f.actor.deliver(creation(1, "ann"));
  EXPECT_FALSE(f.actor.run_once());
  EXPECT_EQ(f.reconfigured, 1U);
  EXPECT_EQ(f.home[1]->output.effects,
            (std::vector<Effect>{{kAnn, 50, 84, Refuse{{RefusalCode::TooManyAccounts, 0, 0}}}}));
}

TEST(RegistryActor, GoesOnWithALongListUntilItIsDone) {
  Fixture f;
  auto batch = std::make_unique<Batch>();
  batch->number = 1;
  std::vector<std::string> accounts;
  for (int i = 0; i < 20'000; ++i) {
    accounts.push_back("u" + std::to_string(i));
  }
  for (const std::string& name : accounts) {
    batch->inputs.push_back({kBob, 50, Create{name}});
    batch->inputs.push_back({kBob, 0, Closed{}});
  }
  batch->inputs.push_back({kAnn, 43, List{"*x"}});
  f.actor.deliver(std::move(batch));
  int steps = 1;
  while (f.actor.run_once()) {
    ASSERT_LT(++steps, 1000);
  }
  EXPECT_GT(steps, 1);
  EXPECT_EQ(f.home.back()->output.effects, (std::vector<Effect>{{kAnn, 43, 42, Names{"", 0}}}));
  // What the actor made itself did not come from a loop.
  EXPECT_EQ(f.passed, 1U);
}

// The registry made answers faster than the loop could write them, and others waited for seconds.
TEST(RegistryActor, MakesNoMoreLongAnswersThanTheLoopTakesBack) {
  Fixture f;
  constexpr std::size_t kAskers = 20;
  auto batch = std::make_unique<Batch>();
  batch->number = 1;
  std::vector<std::string> accounts;
  for (int i = 0; i < 20'000; ++i) {
    accounts.push_back("u" + std::to_string(i));
  }
  for (const std::string& name : accounts) {
    batch->inputs.push_back({kBob, 50, Create{name}});
    batch->inputs.push_back({kBob, 0, Closed{}});
  }
  for (std::uint64_t i = 0; i < kAskers; ++i) {
    batch->inputs.push_back({ConnectionId::make(10 + i, 1), 43, List{"*x"}});
  }
  f.actor.deliver(std::move(batch));
  std::size_t answers = 0;
  for (std::size_t rounds = 0; answers < kAskers; ++rounds) {
    ASSERT_LT(rounds, kAskers);
    while (f.actor.run_once()) {
    }
    std::size_t continuations = 0;
    bool may_go_on = false;
    for (const BatchPtr& home : std::exchange(f.home, {})) {
      if (home->is_continuation) {
        ++continuations;
        answers += home->output.effects.size();
        may_go_on |= f.actor.note_continuation_done();
      }
    }
    EXPECT_LE(continuations, 1U);
    EXPECT_EQ(may_go_on, continuations == 1);
  }
}

TEST(RegistryActor, IsRunByManyThreadsOneAtATime) {
  constexpr std::uint64_t kThreads = 4;
  constexpr std::uint64_t kEach = 500;
  Fixture f;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&f, t] {
      for (std::uint64_t i = 0; i < kEach; ++i) {
        f.actor.deliver(creation(1 + i * kThreads + t, "ann"));
        while (f.actor.run_once()) {
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(f.passed, kThreads * kEach);
  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 1; i <= kThreads * kEach; ++i) {
    expected.push_back(i);
  }
  EXPECT_EQ(f.home_numbers(), expected);
}

}  // namespace
}  // namespace tribar
