// SPDX-License-Identifier: MIT
//
// Payload and Usernames: what is written is read back, and every changed byte is noticed.
#include "stress/payload.h"

#include <gtest/gtest.h>

#include <string>

#include "chat/text.h"
#include "stress/usernames.h"

namespace tribar::stress {
namespace {

std::string text_of(const Payload& payload, const Stamp& stamp, User recipient) {
  std::string text(payload.bytes_of(stamp.sender, stamp.number), '\0');
  payload.write(text.data(), text.size(), stamp, recipient);
  return text;
}

TEST(Payload, ReadsWhatItWrote) {
  const Payload payload(7, kStampBytes, 100);
  const Stamp stamps[] = {
      {},
      {.sender = kMostUsers - 1, .sequence = ~0U, .number = ~0U, .due = kMostDue},
      {.sender = 1, .sequence = 2, .number = 3, .due = 4},
      {.sender = 0x12345, .sequence = 0x89abcdef, .number = 0xfedcba98, .due = 0xabcdef01234},
  };
  for (const Stamp& stamp : stamps) {
    const std::string text = text_of(payload, stamp, 9);
    EXPECT_GE(text.size(), kStampBytes);
    EXPECT_LE(text.size(), 100U);
    EXPECT_TRUE(is_plain(text));
    EXPECT_EQ(text.find('|'), std::string::npos);
    EXPECT_EQ(payload.stamp_of(text, 9), stamp);
    EXPECT_TRUE(payload.is_intact(text, stamp));
  }
}

TEST(Payload, NoticesEveryByteThatChanged) {
  const Payload payload(7, 64, 64);
  const Stamp stamp{.sender = 3, .sequence = 1000, .number = 2000, .due = 123'456'789};
  const std::string text = text_of(payload, stamp, 9);
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const int change : {1, 2, 4, 8, 16, 32, 64, 128}) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      const auto found = payload.stamp_of(damaged, 9);
      EXPECT_TRUE(!found || !payload.is_intact(damaged, *found)) << at << ' ' << change;
    }
  }
}

TEST(Payload, NoticesAnotherLengthRecipientOrSeed) {
  const Payload payload(7, 64, 64);
  const Stamp stamp{.sender = 3, .sequence = 1, .number = 2, .due = 5};
  const std::string text = text_of(payload, stamp, 9);
  EXPECT_EQ(payload.stamp_of(text, 8), std::nullopt);
  EXPECT_EQ(Payload(8, 64, 64).stamp_of(text, 9), std::nullopt);
  EXPECT_FALSE(payload.is_intact(text + '!', stamp));
  EXPECT_FALSE(payload.is_intact(std::string_view(text).substr(0, 63), stamp));
  for (std::size_t bytes = 0; bytes < kStampBytes; ++bytes) {
    EXPECT_EQ(payload.stamp_of(std::string_view(text).substr(0, bytes), 9), std::nullopt);
  }
}

TEST(Usernames, AreFoundAgain) {
  const Usernames names("abcd", 101);
  EXPECT_EQ(names.name(0), "abcd-000");
  EXPECT_EQ(names.name(100), "abcd-100");
  for (User user = 0; user < names.count(); ++user) {
    EXPECT_EQ(names.find(names.name(user).data()), user);
  }
  for (const char* other : {"abcd-101", "abcd-999", "abce-000", "abcd-0x0", "abcd-00:"}) {
    EXPECT_EQ(names.find(other), names.count()) << other;
  }
}

}  // namespace
}  // namespace tribar::stress
