// SPDX-License-Identifier: MIT
//
// Arena: what it hands out stays, until it takes everything back.
#include "base/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tribar {
namespace {

constexpr std::size_t kBlockBytes = 16384;

TEST(Arena, KeepsEveryCopyWhereItIs) {
  Arena arena;
  std::vector<std::string> originals;
  std::vector<std::string_view> copies;
  for (std::size_t i = 0; i < 400; ++i) {
    originals.push_back(std::string(i, static_cast<char>('a' + i % 26)));
    copies.push_back(arena.copy(originals.back()));
  }
  EXPECT_EQ(std::vector<std::string>(copies.begin(), copies.end()), originals);
}

TEST(Arena, AlignsWhatItMakes) {
  Arena arena;
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(arena.copy("x"), "x");
    const std::uint64_t* word = arena.make(std::uint64_t{42});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(word) % alignof(std::uint64_t), 0U);
    EXPECT_EQ(*word, 42U);
  }
}

TEST(Arena, GivesWhatFillsABlockExactlyAndWhatIsLargerThanABlock) {
  Arena arena;
  const std::string exact(kBlockBytes, 'e');
  const std::string large(kBlockBytes + 1, 'l');
  const std::string_view first = arena.copy(exact);
  EXPECT_EQ(arena.held_bytes(), kBlockBytes);
  const std::string_view second = arena.copy(large);
  const std::string_view third = arena.copy("small");
  EXPECT_EQ(first, exact);
  EXPECT_EQ(second, large);
  EXPECT_EQ(third, "small");
  EXPECT_EQ(arena.held_bytes(), kBlockBytes * 2 + large.size());
}

TEST(Arena, HoldsOneUsualBlockAfterReset) {
  Arena arena;
  for (int i = 0; i < 10; ++i) {
    (void)arena.copy(std::string(kBlockBytes, 'x'));
  }
  arena.reset();
  EXPECT_EQ(arena.held_bytes(), kBlockBytes);
  EXPECT_EQ(arena.copy("again"), "again");
  EXPECT_EQ(arena.held_bytes(), kBlockBytes);
}

TEST(Arena, GivesALargeFirstBlockBackOnReset) {
  Arena arena;
  (void)arena.copy(std::string(kBlockBytes * 4, 'x'));
  arena.reset();
  EXPECT_EQ(arena.held_bytes(), 0U);
  EXPECT_EQ(arena.copy("again"), "again");
}

TEST(Arena, TakesNoMemoryForNothing) {
  Arena arena;
  EXPECT_EQ(arena.copy(""), "");
  arena.reset();
  EXPECT_EQ(arena.held_bytes(), 0U);
}

}  // namespace
}  // namespace tribar
