// SPDX-License-Identifier: MIT
//
// shown_text: what of a peer's text reaches the terminal.
#include "client/shown_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tribar {
namespace {

TEST(ShownText, KeepsWhatCanBeSeen) {
  for (const std::string text : {"", "plain ~", "h\u00e9llo", "\u4f60\u597d", "\U0001f600",
                                 "\u0627\u0644", "e\u0301", "\u00a0", "\u00ac\u00ae", "\uffff"}) {
    EXPECT_EQ(shown_text(text, true), text);
  }
}

TEST(ShownText, WritesOutWhatIsInvisibleOrReorders) {
  const struct {
    std::string text;
    std::string shown;
  } cases[] = {
      {"a\u202eb", "a\\u{202e}b"},  {"\u2028", "\\u{2028}"},
      {"\u2066", "\\u{2066}"},      {"\u200b\u200f", "\\u{200b}\\u{200f}"},
      {"\ufeff", "\\u{feff}"},      {"\u00ad", "\\u{ad}"},
      {"\u061c", "\\u{61c}"},       {"\u3164", "\\u{3164}"},
      {"\u0085", "\\u{85}"},        {"\U000e0041", "\\u{e0041}"},
      {"\U000e0fff", "\\u{e0fff}"},
  };
  for (const auto& [text, shown] : cases) {
    EXPECT_EQ(shown_text(text, true), shown);
    EXPECT_EQ(shown_text(text, false), shown);
  }
}

TEST(ShownText, WritesOutControlCharactersAndWhatIsNotUtf8) {
  for (const bool is_utf8 : {false, true}) {
    EXPECT_EQ(shown_text("\t\n\r\x1b[2J\x7f", is_utf8), "\\x09\\x0a\\x0d\\x1b[2J\\x7f");
    EXPECT_EQ(shown_text("\xff\xc3", is_utf8), "\\xff\\xc3");
    EXPECT_EQ(shown_text("\xed\xa0\x80", is_utf8), "\\xed\\xa0\\x80");
  }
}

TEST(ShownText, IsAsciiWhereThereIsNoMore) {
  EXPECT_EQ(shown_text("h\u00e9 \u20ac \U0001f600", false), "h\\u{e9} \\u{20ac} \\u{1f600}");
}

using Shown = std::vector<std::string>;

TEST(ShownLines, AreOneAtLeast) {
  EXPECT_EQ(shown_lines("", true), Shown{""});
  EXPECT_EQ(shown_lines("one", true), Shown{"one"});
  EXPECT_EQ(shown_lines("\n\r\n", true), Shown{""});
}

TEST(ShownLines, EndAtLineEndsAndNowhereElse) {
  EXPECT_EQ(shown_lines("one\ntwo\r\n\nthree\n", true), (Shown{"one", "two", "", "three"}));
  EXPECT_EQ(shown_lines("one\rtwo\u2028three\vfour", true),
            Shown{"one\\x0dtwo\\u{2028}three\\x0bfour"});
}

TEST(ShownLines, HaveBlanksForTabs) {
  EXPECT_EQ(shown_lines("\ta\tb\t\nc", true), (Shown{"    a    b    ", "c"}));
}

TEST(ShownLines, AreSafeToShow) {
  EXPECT_EQ(shown_lines("\x1b[2J\n\u202eh\u00e9", false), (Shown{"\\x1b[2J", "\\u{202e}h\\u{e9}"}));
  EXPECT_EQ(shown_lines("h\u00e9", true), Shown{"h\u00e9"});
}

TEST(ShownName, IsOneWordOfWhatNamesMayHold) {
  EXPECT_EQ(shown_name(""), "");
  EXPECT_EQ(shown_name("Ann-1_2.3"), "Ann-1_2.3");
  EXPECT_EQ(shown_name("a> b\n"), "a\\x3e\\x20b\\x0a");
  EXPECT_EQ(shown_name("\u00e9\x1b"), "\\xc3\\xa9\\x1b");
}

}  // namespace
}  // namespace tribar
