// SPDX-License-Identifier: MIT
#include "registry/kept_pushes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tribar {
namespace {

KeptMessage::Ptr make(std::uint64_t number) {
  return KeptMessage::make(MessageNumber{number}, UnixMs{1}, "ann", std::to_string(number));
}

/// The numbers in `pushes`, which is empty afterwards.
std::vector<std::uint64_t> drained(KeptPushes& pushes) {
  std::vector<std::uint64_t> numbers;
  while (!pushes.is_empty()) {
    EXPECT_EQ(pushes.front().text(), std::to_string(pushes.front().number().value));
    numbers.push_back(pushes.pop_front()->number().value);
  }
  return numbers;
}

TEST(KeptPushes, AreTakenInOrder) {
  KeptPushes pushes;
  EXPECT_TRUE(pushes.is_empty());
  EXPECT_FALSE(pushes.contains(MessageNumber{1}));
  for (const std::uint64_t number : {2U, 5U, 9U}) {
    pushes.push_back(make(number));
  }
  EXPECT_EQ(drained(pushes), (std::vector<std::uint64_t>{2, 5, 9}));
  pushes.push_back(make(10));
  EXPECT_EQ(drained(pushes), (std::vector<std::uint64_t>{10}));
}

TEST(KeptPushes, AreTakenOutInWhateverOrderTheyWerePushed) {
  KeptPushes pushes;
  for (const std::uint64_t number : {9U, 2U, 7U, 5U}) {
    pushes.push_back(make(number));
  }
  EXPECT_EQ(pushes.pop_front()->number(), MessageNumber{9});
  EXPECT_EQ(pushes.take(MessageNumber{9}), nullptr);
  EXPECT_EQ(pushes.take(MessageNumber{2})->number(), MessageNumber{2});
  EXPECT_EQ(pushes.take(MessageNumber{5})->number(), MessageNumber{5});
  EXPECT_EQ(drained(pushes), (std::vector<std::uint64_t>{7}));
}

TEST(KeptPushes, AreFoundByTheirExactNumber) {
  KeptPushes pushes;
  for (const std::uint64_t number : {2U, 5U, 9U}) {
    pushes.push_back(make(number));
  }
  for (const std::uint64_t number : {1U, 3U, 6U, 10U}) {
    EXPECT_FALSE(pushes.contains(MessageNumber{number})) << number;
    EXPECT_EQ(pushes.take(MessageNumber{number}), nullptr) << number;
  }
  pushes.pop_front();
  EXPECT_FALSE(pushes.contains(MessageNumber{2}));
  EXPECT_TRUE(pushes.contains(MessageNumber{5}));
  EXPECT_TRUE(pushes.contains(MessageNumber{9}));
}

TEST(KeptPushes, AreTakenFromAnyPlace) {
  KeptPushes pushes;
  for (const std::uint64_t number : {2U, 5U, 9U, 12U}) {
    pushes.push_back(make(number));
  }
  pushes.pop_front();
  EXPECT_EQ(pushes.take(MessageNumber{9})->text(), "9");
  EXPECT_EQ(pushes.take(MessageNumber{9}), nullptr);
  EXPECT_EQ(pushes.take(MessageNumber{12})->text(), "12");
  EXPECT_EQ(pushes.take(MessageNumber{5})->text(), "5");
  EXPECT_TRUE(pushes.is_empty());
  pushes.push_back(make(20));
  EXPECT_EQ(drained(pushes), (std::vector<std::uint64_t>{20}));
}

TEST(KeptPushes, KeepTheirOrderWhileManyComeAndGo) {
  KeptPushes pushes;
  std::uint64_t next = 1;
  std::uint64_t first = 1;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 40; ++i) {
      pushes.push_back(make(next++));
    }
    for (int i = 0; i < 37; ++i) {
      ASSERT_TRUE(pushes.contains(MessageNumber{first}));
      ASSERT_EQ(pushes.pop_front()->number().value, first++);
      ASSERT_FALSE(pushes.contains(MessageNumber{first - 1}));
    }
    ASSERT_TRUE(pushes.contains(MessageNumber{next - 1}));
  }
  while (!pushes.is_empty()) {
    ASSERT_EQ(pushes.pop_front()->number().value, first++);
  }
  EXPECT_EQ(first, next);
}

}  // namespace
}  // namespace tribar
