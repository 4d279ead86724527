// SPDX-License-Identifier: MIT
//
// MessageList: its order, whichever way messages come in, and that the usual ways are cheap.
#include "registry/message_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "support/printers.h"

namespace tribar {
namespace {

using Numbers = std::vector<std::uint64_t>;

KeptMessage::Ptr message(std::uint64_t number) {
  return KeptMessage::make(MessageNumber{number}, UnixMs{7}, "ann", "hi");
}

MessageList list_of(const Numbers& numbers) {
  MessageList list;
  for (const std::uint64_t number : numbers) {
    list.push_back(message(number));
  }
  return list;
}

/// The numbers in order; the list is empty then.
Numbers take_all(MessageList& list) {
  Numbers numbers;
  const std::size_t size = list.size();
  while (!list.is_empty()) {
    numbers.push_back(list.pop_front()->number().value);
  }
  EXPECT_EQ(numbers.size(), size);
  EXPECT_EQ(list.size(), 0U);
  EXPECT_EQ(list.front(), nullptr);
  return numbers;
}

TEST(KeptMessage, HoldsItsFields) {
  const auto kept = KeptMessage::make(MessageNumber{9}, UnixMs{1234}, "ann", "hello");
  EXPECT_EQ(kept->number(), MessageNumber{9});
  EXPECT_EQ(kept->time(), UnixMs{1234});
  EXPECT_EQ(kept->sender(), "ann");
  EXPECT_EQ(kept->text(), "hello");
  EXPECT_EQ(KeptMessage::make(MessageNumber{9}, UnixMs{1}, "ann", "")->text(), "");
}

TEST(MessageList, RemovesByNumber) {
  for (const std::uint64_t number : {1U, 3U, 5U, 7U}) {
    MessageList list = list_of({1, 3, 5, 7});
    EXPECT_EQ(list.remove(MessageNumber{number})->number(), MessageNumber{number});
    EXPECT_EQ(list.remove(MessageNumber{number}), nullptr);
    for (const std::uint64_t absent : {0U, 2U, 4U, 6U, 8U}) {
      EXPECT_EQ(list.remove(MessageNumber{absent}), nullptr);
    }
    list.insert(message(number));
    list.insert(message(9));
    EXPECT_EQ(take_all(list), (Numbers{1, 3, 5, 7, 9}));
  }
  MessageList list = list_of({4});
  EXPECT_NE(list.remove(MessageNumber{4}), nullptr);
  EXPECT_EQ(list.remove(MessageNumber{4}), nullptr);
  list.push_back(message(5));
  EXPECT_EQ(take_all(list), (Numbers{5}));
}

TEST(MessageList, IsFirstInFirstOut) {
  MessageList list = list_of({1, 2, 3});
  EXPECT_EQ(list.size(), 3U);
  EXPECT_EQ(list.front()->number(), MessageNumber{1});
  EXPECT_EQ(take_all(list), (Numbers{1, 2, 3}));
  list.push_back(message(4));
  EXPECT_EQ(take_all(list), (Numbers{4}));
}

TEST(MessageList, InsertsAtTheFrontInTheMiddleAndAtTheEnd) {
  const struct {
    Numbers there;
    Numbers inserted;
  } cases[] = {
      {{}, {1}},
      {{}, {2, 1}},
      {{5}, {4, 6}},
      {{1, 2, 3}, {4, 5}},
      {{4, 5, 6}, {3, 2, 1}},
      {{4, 5, 6}, {1, 2, 3}},
      {{1, 9}, {5, 4, 6, 3, 7}},
      {{1, 9}, {8, 7, 6, 5}},
      {{1, 9}, {2, 3, 4, 5}},
      {{1, 5, 9}, {6, 2, 7, 3, 8, 4, 10}},
      {{10, 20, 30}, {25, 5, 26, 15, 35, 1}},
  };
  for (const auto& c : cases) {
    MessageList list = list_of(c.there);
    Numbers expected = c.there;
    for (const std::uint64_t number : c.inserted) {
      list.insert(message(number));
      expected.push_back(number);
    }
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(take_all(list), expected) << testing::PrintToString(c.inserted);
  }
}

// Each of a sequence newest first, as a connection gives its messages back, walked over all that
// were older: this took minutes.
TEST(MessageList, InsertsASequenceInEitherDirectionCheaply) {
  constexpr std::uint64_t kMany = 200000;
  for (const bool is_newest_first : {true, false}) {
    MessageList list;
    for (std::uint64_t number = 1; number <= kMany; ++number) {
      list.push_back(message(number));
    }
    list.push_back(message(3 * kMany));
    for (std::uint64_t i = 1; i <= kMany; ++i) {
      list.insert(message(is_newest_first ? 2 * kMany + 1 - i : kMany + i));
    }
    Numbers expected;
    for (std::uint64_t number = 1; number <= 2 * kMany; ++number) {
      expected.push_back(number);
    }
    expected.push_back(3 * kMany);
    EXPECT_EQ(take_all(list), expected);
  }
}

TEST(MessageList, AppendsInConstantTimeAndEmptiesTheOther) {
  MessageList list = list_of({5, 6});
  MessageList other = list_of({1, 2});
  list.append(std::move(other));
  EXPECT_EQ(take_all(other), Numbers{});
  other.push_back(message(9));
  list.append(MessageList());
  EXPECT_EQ(take_all(list), (Numbers{5, 6, 1, 2}));
  list.append(std::move(other));
  EXPECT_EQ(take_all(list), (Numbers{9}));
}

TEST(MessageList, MergesByNumber) {
  const struct {
    Numbers list;
    Numbers other;
  } cases[] = {
      {{}, {}},         {{}, {1, 2}},           {{1, 2}, {}},
      {{1, 2}, {3, 4}}, {{3, 4}, {1, 2}},       {{1, 3, 5}, {2, 4, 6}},
      {{1, 6}, {2, 3}}, {{2, 3, 4}, {1, 5, 6}}, {{5}, {1, 2, 9}},
  };
  for (const auto& c : cases) {
    MessageList list = list_of(c.list);
    MessageList other = list_of(c.other);
    Numbers expected = c.list;
    expected.insert(expected.end(), c.other.begin(), c.other.end());
    std::sort(expected.begin(), expected.end());
    list.merge(std::move(other));
    EXPECT_EQ(take_all(other), Numbers{});
    EXPECT_EQ(take_all(list), expected);
  }
}

TEST(MessageList, MovesAndClears) {
  MessageList list = list_of({1, 2});
  MessageList moved = std::move(list);
  list = list_of({7, 8});
  list = std::move(moved);
  EXPECT_EQ(list.size(), 2U);
  list.clear();
  EXPECT_EQ(take_all(list), Numbers{});
}

TEST(MessageList, StaysInOrderThroughEveryMixOfCalls) {
  std::mt19937_64 random(20240917);
  for (int round = 0; round < 200; ++round) {
    MessageList list;
    Numbers model;
    std::uint64_t newest = 1000;
    for (int step = 0; step < 200; ++step) {
      switch (random() % 5) {
        case 0:
          newest += 1 + random() % 5;
          list.push_back(message(newest));
          model.push_back(newest);
          break;
        case 1:
          if (!model.empty()) {
            EXPECT_EQ(list.pop_front()->number().value, model.front());
            model.erase(model.begin());
          }
          break;
        case 2: {
          MessageList other;
          Numbers added;
          for (std::uint64_t at = 1 + random() % (newest + 50); at < newest + 50;
               at += 1 + random() % 500) {
            if (std::find(model.begin(), model.end(), at) == model.end()) {
              added.push_back(at);
              other.push_back(message(at));
            }
          }
          model.insert(model.end(), added.begin(), added.end());
          list.merge(std::move(other));
          break;
        }
        default: {
          const std::uint64_t at = 1 + random() % (newest + 50);
          if (std::find(model.begin(), model.end(), at) == model.end()) {
            list.insert(message(at));
            model.push_back(at);
          }
          break;
        }
      }
      std::sort(model.begin(), model.end());
      newest = model.empty() ? newest : std::max(newest, model.back());
    }
    ASSERT_EQ(take_all(list), model) << "round " << round;
  }
}

}  // namespace
}  // namespace tribar
