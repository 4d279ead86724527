// SPDX-License-Identifier: MIT
//
// Turns: whoever asks waits for a turn of every other loop that begins afterwards.
#include "loop/turns.h"

#include <gtest/gtest.h>

namespace tribar {
namespace {

TEST(Turns, OneLoopWaitsForNobody) {
  Turns turns(1);
  EXPECT_TRUE(turns.are_reached(turns.ask(0)));
  EXPECT_FALSE(turns.is_wanted(0));
  EXPECT_FALSE(turns.complete(0));
}

// With one turn less, a login met the end of the connection before it still unread.
TEST(Turns, WaitsForTwoTurnsBehindTheOneUnderWay) {
  Turns turns(3);
  const auto targets = turns.ask(0);
  EXPECT_FALSE(turns.is_wanted(0));
  EXPECT_TRUE(turns.is_wanted(1));
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_TRUE(turns.is_wanted(1));
    EXPECT_TRUE(turns.complete(1));
  }
  EXPECT_FALSE(turns.is_wanted(1));
  EXPECT_FALSE(turns.are_reached(targets));
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_FALSE(turns.are_reached(targets));
    EXPECT_TRUE(turns.complete(2));
  }
  EXPECT_TRUE(turns.are_reached(targets));
  EXPECT_FALSE(turns.complete(2));
}

}  // namespace
}  // namespace tribar
