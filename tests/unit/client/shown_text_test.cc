// SPDX-License-Identifier: MIT
//
// shown_text: what of a peer's text reaches the terminal.
#include "client/shown_text.h"

#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace tribar
