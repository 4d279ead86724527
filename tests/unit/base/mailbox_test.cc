// SPDX-License-Identifier: MIT
//
// Mailbox: what is drained, and who is woken when; also from several threads at once.
#include "base/mailbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace tribar {
namespace {

TEST(Mailbox, IsDrainedWholeAndInOrder) {
  Mailbox<int> mailbox;
  EXPECT_TRUE(mailbox.is_empty());
  EXPECT_FALSE(mailbox.push(1));
  EXPECT_FALSE(mailbox.push(2));
  EXPECT_FALSE(mailbox.is_empty());
  std::vector<int> items;
  mailbox.drain(items);
  EXPECT_EQ(items, (std::vector<int>{1, 2}));
  EXPECT_TRUE(mailbox.is_empty());
}

TEST(Mailbox, TakesManyAtOnce) {
  Mailbox<int> mailbox;
  ASSERT_TRUE(mailbox.sleep_if_empty());
  std::vector<int> items{1, 2, 3};
  EXPECT_TRUE(mailbox.push_all(items));
  EXPECT_FALSE(mailbox.push(4));
  std::vector<int> drained;
  mailbox.drain(drained);
  EXPECT_EQ(drained, (std::vector<int>{1, 2, 3, 4}));
}

TEST(Mailbox, CarriesWhatCanOnlyBeMoved) {
  Mailbox<std::unique_ptr<int>> mailbox;
  EXPECT_FALSE(mailbox.push(std::make_unique<int>(7)));
  std::vector<std::unique_ptr<int>> items;
  mailbox.drain(items);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(*items[0], 7);
}

TEST(Mailbox, AsksToWakeOnlyAReaderThatSaidThatItSleeps) {
  Mailbox<int> mailbox;
  EXPECT_TRUE(mailbox.sleep_if_empty());
  EXPECT_TRUE(mailbox.push(1));
  EXPECT_FALSE(mailbox.push(2));  // it was asked for once
  EXPECT_FALSE(mailbox.sleep_if_empty());
  std::vector<int> items;
  mailbox.drain(items);
  EXPECT_TRUE(mailbox.sleep_if_empty());
  mailbox.wake_up();
  EXPECT_FALSE(mailbox.push(3));
}

TEST(Mailbox, IsNudgedWithoutAnItem) {
  Mailbox<int> mailbox;
  EXPECT_FALSE(mailbox.nudge());
  EXPECT_FALSE(mailbox.sleep_if_empty());  // there was a nudge
  EXPECT_TRUE(mailbox.sleep_if_empty());
  EXPECT_TRUE(mailbox.nudge());
  EXPECT_FALSE(mailbox.sleep_if_empty());
}

TEST(Mailbox, DoesNotWaitWhenThereIsSomething) {
  Mailbox<int> mailbox;
  EXPECT_FALSE(mailbox.push(1));
  mailbox.wait();
  std::vector<int> items;
  mailbox.drain(items);
  EXPECT_FALSE(mailbox.nudge());
  mailbox.wait();
  mailbox.wait_for(std::chrono::milliseconds(1));  // nothing: its time passes
  EXPECT_TRUE(mailbox.is_empty());
}

TEST(Mailbox, LosesNothingBetweenThreads) {
  constexpr std::size_t kWriters = 3;
  constexpr std::size_t kEach = 20'000;
  Mailbox<std::pair<std::size_t, std::size_t>> mailbox;
  std::vector<std::thread> writers;
  for (std::size_t writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&mailbox, writer] {
      for (std::size_t i = 0; i < kEach; ++i) {
        EXPECT_FALSE(mailbox.push({writer, i}));  // the reader sleeps in wait()
      }
    });
  }
  std::vector<std::size_t> next(kWriters, 0);
  std::vector<std::pair<std::size_t, std::size_t>> items;
  for (std::size_t read = 0; read < kWriters * kEach;) {
    mailbox.wait();
    mailbox.drain(items);
    for (const auto& [writer, number] : items) {
      EXPECT_EQ(number, next[writer]++);
    }
    read += items.size();
    items.clear();
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  EXPECT_TRUE(mailbox.is_empty());
}

// The way of the loop: the wake-up is somewhere else, and must come whenever it is needed.
TEST(Mailbox, WakesASleeperElsewhereEveryTime) {
  constexpr int kItems = 20'000;
  Mailbox<int> mailbox;
  Mailbox<int> bell;  // stands for what interrupts the poll
  std::thread writer([&] {
    for (int i = 0; i < kItems; ++i) {
      if (mailbox.push(i)) {
        static_cast<void>(bell.nudge());
      }
    }
  });
  int next = 0;
  std::vector<int> items;
  while (next < kItems) {
    mailbox.drain(items);
    for (const int item : items) {
      EXPECT_EQ(item, next++);
    }
    items.clear();
    if (next < kItems && mailbox.sleep_if_empty()) {
      bell.wait();
      mailbox.wake_up();
    }
  }
  writer.join();
}

}  // namespace
}  // namespace tribar
