// SPDX-License-Identifier: MIT
//
// CRC-32C: the vectors of RFC 3720, B.4, and that pieces add up to the whole.
#include "journal/crc32c.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tribar {
namespace {

std::string ascending(char from, std::size_t count) {
  std::string bytes(count, '\0');
  std::generate(bytes.begin(), bytes.end(), [&from] { return from++; });
  return bytes;
}

TEST(Crc32c, GivesTheValuesOfTheStandard) {
  const std::string up = ascending(0, 32);
  const std::string read_command(
      "\x01\xc0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x14\0\0\0\0\0\x04\0\0\0\0\x14\0\0\0\x18\x28\0\0\0\0\0\0"
      "\0\x02\0\0\0\0\0\0\0",
      48);
  const struct {
    std::string bytes;
    std::uint32_t crc;
  } cases[] = {
      {"", 0},
      {"123456789", 0xe3069283},
      {std::string(32, '\0'), 0x8a9136aa},
      {std::string(32, '\xff'), 0x62a8ab43},
      {up, 0x46dd794e},
      {{up.rbegin(), up.rend()}, 0x113fdb5c},
      {read_command, 0xd9963a56},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(crc32c(c.bytes), c.crc);
  }
}

TEST(Crc32c, GoesOnFromWhatCameBefore) {
  const std::string bytes = ascending(7, 100);
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    const std::string_view whole = bytes;
    EXPECT_EQ(crc32c(whole.substr(split), crc32c(whole.substr(0, split))), crc32c(whole)) << split;
  }
}

}  // namespace
}  // namespace tribar
