// SPDX-License-Identifier: MIT
//
// What a person is told of what cannot be sent.
#include "client/unsendable.h"

#include <gtest/gtest.h>

#include <string>

namespace tribar::client {
namespace {

using testing::PrintToString;

std::string of(const std::optional<std::string>& why) { return why.value_or("can be sent"); }

std::string why_not_text0(std::string_view text) {
  return of(why_not_text(text, "ann", "bob", 0, true));
}
std::string why_not_text1(std::string_view text) {
  return of(why_not_text(text, "ann", "bob", 1, true));
}

TEST(WhyNotText, SaysWhichCharacterProtocol0CannotCarry) {
  EXPECT_EQ(why_not_text0("it\u2019s"),
            "character 3 is \u2019 (U+2019): protocol 0 carries ASCII only");
  EXPECT_EQ(why_not_text0("caf\u00e9 \u00e9"),
            "character 4 is \u00e9 (U+00E9): protocol 0 carries ASCII only");
  EXPECT_EQ(of(why_not_text("caf\u00e9", "ann", "bob", 0, false)),
            "character 4 is U+00E9: protocol 0 carries ASCII only");
  EXPECT_EQ(why_not_text0("a\xff"),
            "character 2 is byte 0xff, which is not UTF-8 there: protocol 0 carries ASCII only");
  EXPECT_EQ(why_not_text0("a|||b"),
            "characters 2 to 4 are |||: protocol 0 cannot carry that in a text");
  EXPECT_EQ(
      why_not_text0("\u0001"),
      "character 1 is a control character (U+0001): a text may hold tabs and line breaks, and "
      "no others");
  for (const char* text : {"", "a\tb\r\nc", "||", "|a||"}) {
    EXPECT_EQ(why_not_text0(text), "can be sent") << PrintToString(text);
  }
}

TEST(WhyNotText, SaysWhatIsNoTextInProtocol1) {
  EXPECT_EQ(why_not_text1("\u4f60\u597d\xe4\xbd"),
            "character 3 is byte 0xe4, which is not UTF-8 there: a text is UTF-8");
  EXPECT_EQ(
      why_not_text1("\u4f60\x1b[D"),
      "character 2 is a control character (U+001B): a text may hold tabs and line breaks, and "
      "no others");
  EXPECT_EQ(
      why_not_text1("\u0085"),
      "character 1 is a control character (U+0085): a text may hold tabs and line breaks, and "
      "no others");
  // What is not seen is text, too.
  for (const char* text : {"", "a|||b\n", "it\u2019s", "\u202e"}) {
    EXPECT_EQ(why_not_text1(text), "can be sent") << PrintToString(text);
  }
  EXPECT_EQ(why_not_text0("\u202e"), "character 1 is U+202E: protocol 0 carries ASCII only");
}

TEST(WhyNotText, CountsWhatElseIsInTheFrame) {
  EXPECT_EQ(why_not_text0(std::string(65524, 'a')), "can be sent");
  EXPECT_EQ(why_not_text0(std::string(65525, 'a')), "the text has 65525 bytes: 65524 are allowed");
  EXPECT_EQ(why_not_text1(std::string(65507, 'a')), "can be sent");
  EXPECT_EQ(why_not_text1(std::string(65508, 'a')), "the text has 65508 bytes: 65507 are allowed");
}

TEST(WhyNotUsername, SaysWhatNamesHave) {
  const std::string rule = ": a username has letters, digits, '.', '_' and '-' only";
  EXPECT_EQ(of(why_not_username("bob ", true)), "character 4 is a blank" + rule);
  EXPECT_EQ(of(why_not_username("b*b", true)), "character 2 is '*'" + rule);
  EXPECT_EQ(of(why_not_username("b\u00f6b", true)), "character 2 is \u00f6 (U+00F6)" + rule);
  EXPECT_EQ(of(why_not_username("b\u00f6b", false)), "character 2 is U+00F6" + rule);
  EXPECT_EQ(of(why_not_username("a\tb", true)), "character 2 is a tab" + rule);
  EXPECT_EQ(of(why_not_username("a\n", true)), "character 2 is a line break" + rule);
  EXPECT_EQ(of(why_not_username("", true)), "the username is empty" + rule);
  EXPECT_EQ(of(why_not_username("Ann.Lee_2-x", true)), "can be sent");
  EXPECT_EQ(of(why_not_username(std::string(600, 'a'), true)),
            "the username has 600 bytes: 512 are allowed");
}

TEST(WhyNotPattern, LetsThroughWhatMayBeInAGlob) {
  EXPECT_EQ(of(why_not_pattern("[!a-c]*?", 0, true)), "can be sent");
  EXPECT_EQ(of(why_not_pattern("\u00e9", 1, true)), "can be sent");
  EXPECT_EQ(
      of(why_not_pattern("\u00e9", 0, true)),
      "character 1 is \u00e9 (U+00E9): a username has letters, digits, '.', '_' and '-' only");
  EXPECT_EQ(of(why_not_pattern(std::string(1025, '*'), 1, true)),
            "the pattern has 1025 bytes: 1024 are allowed");
}

TEST(WhyNotSecret, SaysNothingOfWhatItIs) {
  EXPECT_EQ(of(why_not_new_secret("a secret word")), "can be sent");
  EXPECT_EQ(of(why_not_new_secret("")), "the secret has 0 bytes: 8 to 512 are allowed");
  EXPECT_EQ(of(why_not_new_secret("seven..")), "the secret has 7 bytes: 8 to 512 are allowed");
  EXPECT_EQ(of(why_not_new_secret(std::string(513, 'a'))),
            "the secret has 513 bytes: 8 to 512 are allowed");
  EXPECT_EQ(of(why_not_secret("")), "can be sent");
  EXPECT_EQ(of(why_not_secret("\u00e9\x01 and more")),
            "character 2 of the secret is a control character, which a secret cannot hold");
  EXPECT_EQ(of(why_not_secret("a\xff and more")),
            "character 2 of the secret is not UTF-8, which a secret cannot hold");
  EXPECT_EQ(of(why_not_secret("\u00e9||| and more")),
            "characters 2 to 4 are |||: a secret cannot hold that");
}

}  // namespace
}  // namespace tribar::client
