// SPDX-License-Identifier: MIT
//
// What a username and a message may hold: every byte, at every place of a word of eight.
#include "chat/text.h"

#include <gtest/gtest.h>

#include <string>

#include "support/printers.h"

namespace tribar {
namespace {

constexpr std::size_t kLimit = 8;

TEST(RefuseUsername, JudgesNames) {
  const struct {
    std::string name;
    std::optional<Refusal> refusal;
  } cases[] = {
      {"a", std::nullopt},
      {"aZ0._-", std::nullopt},
      {"...", std::nullopt},
      {"12345678", std::nullopt},
      {"", Refusal{RefusalCode::EmptyUsername}},
      {"123456789", Refusal{RefusalCode::UsernameTooLong, 9, kLimit}},
      {"a||b", Refusal{RefusalCode::UsernameCharacter}},
      {"a b", Refusal{RefusalCode::UsernameCharacter}},
      {"a*", Refusal{RefusalCode::UsernameCharacter}},
      {"a\n", Refusal{RefusalCode::UsernameCharacter}},
      {std::string("a\0b", 3), Refusal{RefusalCode::UsernameCharacter}},
      {"\xc3\xa4", Refusal{RefusalCode::NotAscii, 0xc3}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(refuse_username(c.name, kLimit), c.refusal) << c.name;
  }
}

TEST(RefuseUsername, AllowsLettersDigitsDotUnderscoreHyphenOnly) {
  std::string allowed;
  for (int byte = 0; byte < 0x80; ++byte) {
    const char c = static_cast<char>(byte);
    if (!refuse_username(std::string(1, c), kLimit)) {
      allowed += c;
    }
  }
  EXPECT_EQ(allowed, "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
}

TEST(RefuseMessage, JudgesEveryByteAtEveryPlace) {
  for (unsigned byte = 0; byte < 0x100; ++byte) {
    const bool is_allowed =
        (byte >= 0x20 && byte < 0x7f) || byte == '\t' || byte == '\n' || byte == '\r';
    const std::optional<Refusal> expected =
        is_allowed     ? std::nullopt
        : byte >= 0x80 ? std::optional(Refusal{RefusalCode::NotAscii, byte})
                       : std::optional(Refusal{RefusalCode::ControlCharacter, byte});
    for (std::size_t at = 0; at < 19; ++at) {
      std::string text(19, 'x');
      text[at] = static_cast<char>(byte);
      EXPECT_EQ(refuse_message(text), expected) << "byte " << byte << " at " << at;
    }
  }
  EXPECT_EQ(refuse_message(""), std::nullopt);
}

TEST(RefuseMessage, NamesTheFirstBadByte) {
  EXPECT_EQ(refuse_message("a\x01\xff"), (Refusal{RefusalCode::ControlCharacter, 1}));
  EXPECT_EQ(refuse_message("a\xff\x01"), (Refusal{RefusalCode::NotAscii, 0xff}));
}

// The test of several bytes at a time carries and borrows between neighbours.
TEST(IsPlain, AgreesWithEachByteAlone) {
  for (unsigned first = 0; first < 0x100; ++first) {
    for (unsigned second = 0; second < 0x100; ++second) {
      const auto is_printable = [](unsigned byte) { return byte >= 0x20 && byte < 0x7f; };
      const std::string pair{static_cast<char>(first), static_cast<char>(second)};
      const bool expected = is_printable(first) && is_printable(second);
      EXPECT_EQ(is_plain(pair), expected) << first << ' ' << second;
      EXPECT_EQ(is_plain("abc" + pair + "xyz"), expected) << first << ' ' << second;
      EXPECT_EQ(is_plain("abcdefg" + pair + "~~~~~~~"), expected) << first << ' ' << second;
      EXPECT_EQ(is_plain("          abcdefg" + pair + "~~~~~~~"), expected)
          << first << ' ' << second;
    }
  }
  for (std::size_t size = 1; size <= 50; ++size) {
    std::string text(size, 'a');
    EXPECT_TRUE(is_plain(text)) << size;
    for (char& c : text) {
      c = '\x1f';
      EXPECT_FALSE(is_plain(text)) << size;
      c = 'a';
    }
  }
  EXPECT_TRUE(is_plain(""));
}

TEST(RefuseNotAscii, NamesTheFirstByteOver127) {
  EXPECT_EQ(refuse_not_ascii(""), std::nullopt);
  EXPECT_EQ(refuse_not_ascii(std::string("\0\x7f\n|||", 6)), std::nullopt);
  EXPECT_EQ(refuse_not_ascii("ab\x80\xff"), (Refusal{RefusalCode::NotAscii, 0x80}));
}

}  // namespace
}  // namespace tribar
