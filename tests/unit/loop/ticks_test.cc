// SPDX-License-Identifier: MIT
//
// Ticks: when the clock of a loop ticks.
#include "loop/ticks.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

namespace tribar {
namespace {

using Due = std::optional<std::uint64_t>;

TEST(Ticks, AreOneEveryInterval) {
  Ticks ticks;
  EXPECT_EQ(ticks.next_ms(1000, 250), Due(1250));
  EXPECT_EQ(ticks.next_ms(1240, 250), Due(1250));
  EXPECT_EQ(ticks.tick(1251), 251U);
  EXPECT_EQ(ticks.next_ms(1251, 250), Due(1501));
}

TEST(Ticks, StandWhileNobodyWantsThem) {
  Ticks ticks;
  EXPECT_EQ(ticks.next_ms(1000, 0), std::nullopt);
  EXPECT_EQ(ticks.next_ms(1000, 250), Due(1250));
  EXPECT_EQ(ticks.next_ms(1200, 0), std::nullopt);
  // The time in between is nobody's.
  EXPECT_EQ(ticks.next_ms(5000, 250), Due(5250));
  EXPECT_EQ(ticks.tick(5250), 250U);
}

// A clock that began anew with every change would never tick.
TEST(Ticks, AreNotPutOffByChangesOfTheInterval) {
  Ticks ticks;
  EXPECT_EQ(ticks.next_ms(1000, 250), Due(1250));
  for (std::uint64_t now = 1010; now < 1100; now += 20) {
    EXPECT_EQ(ticks.next_ms(now, 100), Due(1100));
    EXPECT_EQ(ticks.next_ms(now + 10, 250), Due(1250));
  }
  // Already over.
  EXPECT_EQ(ticks.next_ms(1150, 100), Due(1100));
  EXPECT_EQ(ticks.tick(1150), 150U);
  EXPECT_EQ(ticks.next_ms(1150, 100), Due(1250));
}

// The process was stopped: what came meanwhile is read before anybody is judged.
TEST(Ticks, CountNothingWhenTheLoopDidNotRun) {
  Ticks ticks;
  EXPECT_EQ(ticks.next_ms(1000, 250), Due(1250));
  EXPECT_EQ(ticks.tick(61'000), 0U);
  EXPECT_EQ(ticks.next_ms(61'000, 250), Due(61'250));
  EXPECT_EQ(ticks.tick(61'260), 260U);
  // Late by less than an interval is late, and counts.
  EXPECT_EQ(ticks.next_ms(61'260, 250), Due(61'510));
  EXPECT_EQ(ticks.tick(61'759), 499U);
}

TEST(Ticks, GoOnCountingOnALoopThatIsAlwaysLate) {
  Ticks ticks;
  EXPECT_EQ(ticks.next_ms(1000, 100), Due(1100));
  EXPECT_EQ(ticks.tick(1400), 0U);
  EXPECT_EQ(ticks.next_ms(1400, 100), Due(1500));
  EXPECT_EQ(ticks.tick(1800), 100U);
  EXPECT_EQ(ticks.next_ms(1800, 100), Due(1900));
  EXPECT_EQ(ticks.tick(2200), 100U);
  // In time again, and late again.
  EXPECT_EQ(ticks.next_ms(2200, 100), Due(2300));
  EXPECT_EQ(ticks.tick(2300), 100U);
  EXPECT_EQ(ticks.next_ms(2300, 100), Due(2400));
  EXPECT_EQ(ticks.tick(9000), 0U);
}

// A tick is not late because a shorter interval was asked for when it was over already.
TEST(Ticks, AreLateSinceTheIntervalWasAskedFor) {
  Ticks ticks;
  EXPECT_EQ(ticks.next_ms(1000, 250), Due(1250));
  EXPECT_EQ(ticks.next_ms(1240, 10), Due(1010));
  EXPECT_EQ(ticks.tick(1245), 245U);
}

}  // namespace
}  // namespace tribar
