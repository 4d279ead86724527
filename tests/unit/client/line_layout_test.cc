// SPDX-License-Identifier: MIT
//
// lay_out: the rows of the line that is typed.
#include "client/line_layout.h"

#include <gtest/gtest.h>

#include <clocale>
#include <string>
#include <string_view>
#include <vector>

namespace tribar {
namespace {

class LineLayoutTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) {
      GTEST_SKIP() << "there is no locale C.UTF-8";
    }
  }

  static LineLayout of(std::wstring_view text, std::size_t cursor, int columns,
                       bool is_utf8 = true) {
    return lay_out({L"> ", "", text, cursor}, columns, is_utf8);
  }
};

using Row = LineLayout::Row;

LineLayout layout(std::vector<Row> rows, int row, int column) {
  return {std::move(rows), row, column};
}

TEST_F(LineLayoutTest, IsOneEmptyRowAtLeast) {
  EXPECT_EQ(lay_out({}, 80, true), layout({{"", 0}}, 0, 0));
}

TEST_F(LineLayoutTest, BreaksRows) {
  EXPECT_EQ(of(L"abc", 3, 6), layout({{"> abc", 5}}, 0, 5));
  EXPECT_EQ(of(L"abc", 1, 6), layout({{"> abc", 5}}, 0, 3));
  // A cursor behind a full row stands in the next one.
  EXPECT_EQ(of(L"abcd", 4, 6), layout({{"> abcd", 6}, {"", 0}}, 1, 0));
  EXPECT_EQ(of(L"abcd", 3, 6), layout({{"> abcd", 6}}, 0, 5));
  EXPECT_EQ(of(L"abcde", 4, 6), layout({{"> abcd", 6}, {"e", 1}}, 1, 0));
  EXPECT_EQ(of(L"abcde", 99, 6), layout({{"> abcd", 6}, {"e", 1}}, 1, 1));
}

TEST_F(LineLayoutTest, TakesAtLeastTwoColumns) {
  for (const int columns : {-1, 0, 1, 2}) {
    EXPECT_EQ(of(L"a", 1, columns), layout({{"> ", 2}, {"a", 1}}, 1, 1));
  }
}

TEST_F(LineLayoutTest, KeepsWideCharactersWhole) {
  EXPECT_EQ(of(L"a\u65e5", 2, 6), layout({{"> a\u65e5", 5}}, 0, 5));
  EXPECT_EQ(of(L"abc\u65e5", 4, 6), layout({{"> abc", 5}, {"\u65e5", 2}}, 1, 2));
  EXPECT_EQ(of(L"abc\u65e5", 3, 6), layout({{"> abc", 5}, {"\u65e5", 2}}, 1, 0));
  EXPECT_EQ(of(L"ab\u65e5", 3, 6), layout({{"> ab\u65e5", 6}, {"", 0}}, 1, 0));
}

TEST_F(LineLayoutTest, PutsCombiningCharactersWithTheOneBefore) {
  EXPECT_EQ(of(L"e\u0301x", 2, 6), layout({{"> e\u0301x", 4}}, 0, 3));
  EXPECT_EQ(of(L"abce\u0301", 5, 6), layout({{"> abce\u0301", 6, true}, {"", 0}}, 1, 0));
  EXPECT_EQ(of(L"abce\u0301", 4, 6), layout({{"> abce\u0301", 6, true}}, 0, 5));
}

TEST_F(LineLayoutTest, ShowsWhatCombinesWithNothing) {
  EXPECT_EQ(lay_out({L"", "", L"\u0301", 1}, 20, true), layout({{"\\u{301}", 7}}, 0, 7));
}

TEST_F(LineLayoutTest, ShowsLineBreaksAndTabs) {
  EXPECT_EQ(of(L"a\nb", 3, 20), layout({{"> a\u21b5", 4}, {"b", 1}}, 1, 1));
  EXPECT_EQ(of(L"a\n", 2, 20), layout({{"> a\u21b5", 4}, {"", 0}}, 1, 0));
  EXPECT_EQ(of(L"a\nb", 3, 20, false), layout({{"> a\\n", 5}, {"b", 1}}, 1, 1));
  EXPECT_EQ(of(L"\tb", 2, 20), layout({{">       b", 9}}, 0, 9));
  EXPECT_EQ(of(L"abcd\nb", 4, 6), layout({{"> abcd", 6}, {"\u21b5", 1}, {"b", 1}}, 1, 0));
}

TEST_F(LineLayoutTest, EscapesWhatIsUnsafe) {
  EXPECT_EQ(of(L"\u202e", 1, 20), layout({{"> \\u{202e}", 10}}, 0, 10));
  EXPECT_EQ(of(L"\x1b[2J", 4, 20), layout({{"> \\x1b[2J", 9}}, 0, 9));
  EXPECT_EQ(of(L"\u00e9", 1, 20, false), layout({{"> \\u{e9}", 8}}, 0, 8));
  EXPECT_EQ(of(L"\u202e", 1, 6), layout({{"> \\u{2", 6}, {"02e}", 4}}, 1, 4));
}

TEST_F(LineLayoutTest, StylesThePromptInEachRow) {
  EXPECT_EQ(lay_out({L"prompt> ", "1;36", L"ab", 2}, 6, true),
            layout({{"\x1b[1;36mprompt\x1b[0m", 6}, {"\x1b[1;36m> \x1b[0mab", 4}}, 1, 4));
}

}  // namespace
}  // namespace tribar
