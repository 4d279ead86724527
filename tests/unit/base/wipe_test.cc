// SPDX-License-Identifier: MIT
//
// No byte of a secret stays behind where SecretBytes had it.
#include "base/wipe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory_resource>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tribar {
namespace {

constexpr std::string_view kSecret = "correct horse battery staple";

/// Hands out memory of its own, each place once, and can be looked at when it was given back.
class WatchedMemory {
 public:
  [[nodiscard]] std::pmr::memory_resource* resource() { return &resource_; }
  [[nodiscard]] int count(std::string_view bytes) const {
    const std::string_view all(bytes_.data(), bytes_.size());
    int found = 0;
    for (std::size_t at = all.find(bytes); at != std::string_view::npos;
         at = all.find(bytes, at + 1)) {
      ++found;
    }
    return found;
  }
  [[nodiscard]] bool is_zero() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](char byte) { return byte == 0; });
  }

 private:
  std::array<char, 4096> bytes_{};
  // When these bytes are used up it throws.
  std::pmr::monotonic_buffer_resource resource_{bytes_.data(), bytes_.size(),
                                                std::pmr::null_memory_resource()};
};

TEST(Wipe, OverwritesWhatItIsToldAndNoMore) {
  std::string bytes = "abcdef";
  wipe(bytes.data() + 1, 3);
  EXPECT_EQ(bytes, std::string("a\0\0\0ef", 6));
  wipe(bytes.data(), 0);
  wipe(nullptr, 0);
  EXPECT_EQ(bytes, std::string("a\0\0\0ef", 6));
}

TEST(SecretBytes, HoldsWhatItIsGiven) {
  EXPECT_TRUE(SecretBytes().empty());
  EXPECT_EQ(SecretBytes().view(), "");
  EXPECT_TRUE(SecretBytes("").empty());
  const SecretBytes secret(kSecret);
  EXPECT_EQ(secret.view(), kSecret);
  EXPECT_EQ(secret.size(), kSecret.size());
  EXPECT_FALSE(secret.empty());
  EXPECT_EQ(SecretBytes(std::string_view("a\0b", 3)).view(), std::string_view("a\0b", 3));
}

TEST(SecretBytes, CanBeMovedAndNotCopied) {
  EXPECT_FALSE(std::is_copy_constructible_v<SecretBytes>);
  EXPECT_FALSE(std::is_copy_assignable_v<SecretBytes>);
  EXPECT_TRUE(std::is_nothrow_move_constructible_v<SecretBytes>);
  EXPECT_TRUE(std::is_nothrow_move_assignable_v<SecretBytes>);
}

TEST(SecretBytes, IsWipedWhenDestroyed) {
  WatchedMemory memory;
  {
    const SecretBytes secret(kSecret, memory.resource());
    EXPECT_EQ(memory.count(kSecret), 1);
  }
  EXPECT_TRUE(memory.is_zero());
}

TEST(SecretBytes, LeavesNothingWhereItWasMovedFrom) {
  WatchedMemory memory;
  {
    SecretBytes from(kSecret, memory.resource());
    const SecretBytes to(std::move(from));
    EXPECT_EQ(from.view(), "");  // NOLINT(bugprone-use-after-move): what is said of it
    EXPECT_EQ(to.view(), kSecret);
  }
  EXPECT_TRUE(memory.is_zero());
}

TEST(SecretBytes, IsWipedWhenAnotherTakesItsPlace) {
  WatchedMemory memory;
  WatchedMemory other_memory;
  {
    SecretBytes secret(kSecret, memory.resource());
    SecretBytes other("another one", other_memory.resource());
    secret = std::move(other);
    EXPECT_TRUE(memory.is_zero());
    EXPECT_EQ(secret.view(), "another one");
    EXPECT_EQ(other.view(), "");  // NOLINT(bugprone-use-after-move): what is said of it
    secret.append("!");
    EXPECT_EQ(secret.view(), "another one!");
    secret = SecretBytes();
    EXPECT_TRUE(secret.empty());
    EXPECT_TRUE(other_memory.is_zero());
  }
}

TEST(SecretBytes, StaysWhenItIsMovedToItself) {
  SecretBytes secret(kSecret);
  SecretBytes& same = secret;
  secret = std::move(same);
  EXPECT_EQ(secret.view(), kSecret);
}

TEST(SecretBytes, LeavesNothingBehindWhenItGrows) {
  WatchedMemory memory;
  {
    SecretBytes secret("", memory.resource());
    std::string expected;
    for (const char byte : kSecret) {
      secret.append(std::string_view(&byte, 1));
      expected += byte;
      ASSERT_EQ(secret.view(), expected);
    }
    // Nor is its beginning in a place that it grew out of.
    EXPECT_EQ(memory.count("co"), 1);
    secret.append(secret.view());
    EXPECT_EQ(secret.view(), expected + expected);
    secret.append("");
    EXPECT_EQ(secret.size(), 2 * expected.size());
  }
  EXPECT_TRUE(memory.is_zero());
}

}  // namespace
}  // namespace tribar
