// SPDX-License-Identifier: MIT
//
// Health: each kind of station is found when it hangs, and only then.
#include "operate/health.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <span>
#include <thread>
#include <utility>

#include "journal/group_commit.h"
#include "journal/memory.h"
#include "loop/io_loop.h"
#include "support/fake_store.h"
#include "workers/registry_actor.h"
#include "workers/worker_pool.h"

namespace tribar {
namespace {

using std::chrono::milliseconds;

/// A station that hangs must not be waited for long; one that does not, has all the time.
constexpr milliseconds kShort{50};
constexpr milliseconds kLong{30'000};

/// Holds a thread in wait() from hold() to release().
class Gate {
 public:
  void hold() {
    is_held_ = true;
    open_ = {};
    entered_ = {};
  }
  void wait() {
    if (is_held_) {
      entered_.set_value();
      open_.get_future().wait();
    }
  }
  /// Waits until somebody is held.
  void await() { entered_.get_future().wait(); }
  void release() {
    is_held_ = false;
    open_.set_value();
  }

 private:
  std::atomic<bool> is_held_{false};
  std::promise<void> open_;
  std::promise<void> entered_;
};

BatchPtr batch(std::uint64_t number, InputBody body) {
  auto made = std::make_unique<Batch>();
  made->number = number;
  made->inputs.push_back({ConnectionId::make(1, 1), 50, std::move(body)});
  return made;
}

using Names = std::vector<std::string>;

TEST(Health, NamesWhoeverDoesNotAnswer) {
  Pulse one;
  Pulse other;
  Health health({{"one", &one, [&] { one.answer(); }}, {"other", &other, [] {}}});
  EXPECT_EQ(health.find_stuck(kShort), Names{"other"});
  std::thread late([&] { other.answer(); });
  late.join();
  EXPECT_EQ(health.find_stuck(kShort), Names{"other"});  // that answer was to the question before
}

TEST(Health, FindsAJournalThatHangs) {
  Gate gate;
  auto store = std::make_unique<test::FakeStore>();
  store->before_commit = [&]() -> std::optional<std::string> {
    gate.wait();
    return std::nullopt;
  };
  ASSERT_FALSE(store->open());
  GroupCommit journal(
      std::move(store), [](std::span<BatchPtr>) {}, [](bool, const std::string&) {});
  Health health({{"journal", journal.pulse(), [&] { journal.nudge(); }}});
  EXPECT_EQ(health.find_stuck(kLong), Names{});
  gate.hold();
  auto stored = batch(0, Continue{});
  stored->output.records.emplace_back(NumbersReserved{MessageNumber{7}});
  journal.append(std::move(stored));
  gate.await();
  EXPECT_EQ(health.find_stuck(kShort), Names{"journal"});
  gate.release();
  EXPECT_EQ(health.find_stuck(kLong), Names{});
}

TEST(Health, FindsARegistryThatHangs) {
  Gate gate;
  Registry registry{{}, {1, 2}, false};
  MemoryJournal journal{[](std::span<BatchPtr>) {}};
  RegistryActor actor{registry, journal, [&](std::uint32_t) { gate.wait(); }};
  WorkerPool pool(2, {}, actor);
  Health health({{"worker 0", &pool.pulse(0), [&] { pool.nudge_all(); }},
                 {"worker 1", &pool.pulse(1), [&] { pool.nudge_all(); }},
                 {"registry", &actor.pulse(), [&] { pool.nudge(); }}});
  EXPECT_EQ(health.find_stuck(kLong), Names{});
  gate.hold();
  auto sent = batch(1, Ended{});
  sent->worker = 0;
  pool.submit(std::move(sent));
  gate.await();
  // The worker that runs it hangs, too.
  EXPECT_EQ(health.find_stuck(kShort), (Names{"worker 0", "registry"}));
  gate.release();
  EXPECT_EQ(health.find_stuck(kLong), Names{});
}

}  // namespace
}  // namespace tribar
