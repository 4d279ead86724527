// SPDX-License-Identifier: MIT
//
// siphash against values that were worked out from the definition by another implementation,
// which also gives the published values of SipHash-2-4.
#include "base/siphash.h"

#include <gtest/gtest.h>

#include <string>

namespace tribar {
namespace {

constexpr HashKey kKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};

TEST(SipHash, GivesTheDefinedValuesForEveryLengthOfTail) {
  std::string bytes;
  for (int i = 0; i < 64; ++i) {
    bytes += static_cast<char>(i);
  }
  const struct {
    std::size_t length;
    std::uint64_t hash;
  } cases[] = {
      {0, 0xabac0158050fc4dc},  {1, 0xc9f49bf37d57ca93},  {7, 0xd3927d989bb11140},
      {8, 0x369095118d299a8e},  {9, 0x25a48eb36c063de4},  {15, 0xd320d86d2a519956},
      {16, 0xcc4fdd1a7d908b66}, {63, 0x9d199062b7bbb3a8}, {64, 0xf17997ec4b4a6065},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(siphash(std::string_view(bytes).substr(0, c.length), kKey), c.hash) << c.length;
  }
}

TEST(SipHash, GivesTheDefinedValuesForNames) {
  EXPECT_EQ(siphash("ann", HashKey{}), 0x5dc52f7edaa454b8);
  EXPECT_EQ(siphash("testname", HashKey{}), 0x29489617776d7e79);
  EXPECT_EQ(siphash("testname", HashKey{1, 2}), 0x4261bf9957ed7075);
}

TEST(SipHash, ReadsBytesOver127AsUnsigned) {
  EXPECT_EQ(siphash("\xff\xfe", HashKey{1, 2}), 0xcd5c1a8ee782a219);
  EXPECT_EQ(siphash("12345678\x80", HashKey{1, 2}), 0xdeb4ded3c93f04b4);
}

}  // namespace
}  // namespace tribar
