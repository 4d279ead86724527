// SPDX-License-Identifier: MIT
//
// HeapTrimmer: when freed memory goes back to the system.
#include "loop/heap_trimmer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>

namespace tribar {
namespace {

constexpr std::uint64_t kMuch = 64 << 20;

TEST(HeapTrimmer, TrimsOnceAfterTwoQuietSeconds) {
  std::atomic<std::uint64_t> batches{1000};
  HeapTrimmer trimmer(batches);
  EXPECT_FALSE(trimmer.is_due());
  trimmer.note_churn(kMuch);
  EXPECT_TRUE(trimmer.is_due());
  EXPECT_FALSE(trimmer.tick(500)) << "busy: all these batches are new";
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(trimmer.tick(500));
  }
  EXPECT_TRUE(trimmer.tick(500));
  EXPECT_FALSE(trimmer.is_due());
  EXPECT_FALSE(trimmer.tick(10'000));
}

TEST(HeapTrimmer, DoesNothingUnderLoad) {
  std::atomic<std::uint64_t> batches{0};
  HeapTrimmer trimmer(batches);
  for (int i = 0; i < 100; ++i) {
    batches += 26;
    trimmer.note_churn(kMuch);
    EXPECT_FALSE(trimmer.tick(500));
  }
  // Somebody says a word now and then: that is quiet enough.
  bool is_trimmed = false;
  for (int i = 0; i < 4; ++i) {
    batches += 25;
    is_trimmed = trimmer.tick(500);
  }
  EXPECT_TRUE(is_trimmed);
}

TEST(HeapTrimmer, IsNotDueForLittle) {
  std::atomic<std::uint64_t> batches{0};
  HeapTrimmer trimmer(batches);
  trimmer.note_churn(1 << 20);
  EXPECT_FALSE(trimmer.is_due());
  EXPECT_FALSE(trimmer.tick(10'000));
}

}  // namespace
}  // namespace tribar
