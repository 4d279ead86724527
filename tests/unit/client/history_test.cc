// SPDX-License-Identifier: MIT
//
// History, and how it stands in a file.
#include "client/history.h"

#include <gtest/gtest.h>

#include <string>

namespace tribar {
namespace {

TEST(History, GivesTheLatestLineFirst) {
  History history;
  EXPECT_EQ(history.size(), 0U);
  EXPECT_TRUE(history.add("one"));
  EXPECT_TRUE(history.add("two"));
  EXPECT_FALSE(history.add("two"));
  EXPECT_TRUE(history.add("one"));
  ASSERT_EQ(history.size(), 3U);
  EXPECT_EQ(history.line(1), "one");
  EXPECT_EQ(history.line(2), "two");
  EXPECT_EQ(history.line(3), "one");
}

TEST(History, KeepsNoBlanks) {
  for (const char* line : {"", " one", "\tone", "\none"}) {
    EXPECT_FALSE(History::is_kept(line)) << line;
  }
  EXPECT_TRUE(History::is_kept("one "));
}

TEST(History, ForgetsTheOldest) {
  History history;
  for (std::size_t i = 0; i <= History::kMostLines; ++i) {
    history.add(std::to_string(i));
  }
  EXPECT_EQ(history.size(), History::kMostLines);
  EXPECT_EQ(history.line(History::kMostLines), "1");
  history.add(std::string(History::kMostBytes, 'x'));
  EXPECT_EQ(history.size(), 1U);
}

TEST(History, IsReadAsItIsWritten) {
  for (const std::string line :
       {"one", "two\nlines", "\\n", "a\\", "\\\\\n\n", "t\tb", "h\u00e9"}) {
    const std::string entry = history_entry(line);
    EXPECT_EQ(entry.find('\n'), std::string::npos);
    EXPECT_EQ(parse_history_entry(entry), line);
  }
}

TEST(History, RefusesDamagedEntries) {
  for (const std::string entry : {"a\\", "a\\x", "a\nb", "\x1b[2J", "\xff", "a\rb", "\x7f"}) {
    EXPECT_EQ(parse_history_entry(entry), std::nullopt) << entry;
  }
  EXPECT_EQ(parse_history_entry(std::string(History::kMostBytes + 1, 'x')), std::nullopt);
}

TEST(History, LeavesOutWhatIsDamaged) {
  const ParsedHistory parsed =
      parse_history(std::string("one\n\xff\n\ntwo\\nlines\n") + std::string(1, '\0') + "\nlast");
  EXPECT_EQ(parsed.lines, 6U);
  EXPECT_EQ(parsed.damaged, 3U);
  ASSERT_EQ(parsed.history.size(), 3U);
  EXPECT_EQ(parsed.history.line(1), "last");
  EXPECT_EQ(parsed.history.line(2), "two\nlines");
  EXPECT_EQ(parsed.history.line(3), "one");
  EXPECT_EQ(parse_history("").lines, 0U);
}

}  // namespace
}  // namespace tribar
