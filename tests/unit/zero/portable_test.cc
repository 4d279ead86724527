// SPDX-License-Identifier: MIT
//
// portable_text: texts of protocol 1 for clients of protocol 0.
#include "zero/portable.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "chat/text.h"

namespace tribar {
namespace {

constexpr std::size_t kNoLimit = std::string::npos / 2;

TEST(PortableText, EscapesWhatProtocol0CannotCarry) {
  const struct {
    std::string_view text;
    std::string_view portable;
  } cases[] = {
      {"", ""},
      {"hello, you\t\r\n", "hello, you\t\r\n"},
      {"caf\xc3\xa9", "caf\\u{e9}"},
      {"\xc2\xa0", "\\u{a0}"},
      {"\xdf\xbf\xe0\xa0\x80", "\\u{7ff}\\u{800}"},
      {"\xe2\x82\xac!", "\\u{20ac}!"},
      {"\xef\xbf\xbf\xf0\x90\x80\x80", "\\u{ffff}\\u{10000}"},
      {"\xf0\x9f\x98\x80", "\\u{1f600}"},
      {"\xf4\x8f\xbf\xbf", "\\u{10ffff}"},
      // What looks like an escape stays, as protocol 0 can carry it.
      {"\\u{e9}", "\\u{e9}"},
      {"\\u{\xc3\xa9}\\", "\\u{\\u{e9}}\\"},
      // No server accepts these; a damaged store may hold them.
      {"\x1b[2J\x7f\xc2\x80", "\\u{1b}[2J\\u{7f}\\u{80}"},
      {std::string_view("\0", 1), "\\u{0}"},
      {"a\xffz\xc3", "a\\u{fffd}z\\u{fffd}"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(portable_text(c.text, kNoLimit), c.portable);
  }
}

TEST(PortableText, LeavesNoDelimiter) {
  const struct {
    std::string_view text;
    std::string_view portable;
  } cases[] = {
      {"|", "|"},
      {"||", "||"},
      {"a||b|", "a||b|"},
      {"|||", "|\\u{7c}|"},
      {"a|||b", "a|\\u{7c}|b"},
      {"||||", "|\\u{7c}||"},
      {"|||||", "|\\u{7c}|\\u{7c}|"},
      {"||||||", "|\\u{7c}|\\u{7c}||"},
      {"|||\xc3\xa9||||x", "|\\u{7c}|\\u{e9}|\\u{7c}||x"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(portable_text(c.text, kNoLimit), c.portable);
  }
  for (std::size_t size = 0; size < 50; ++size) {
    EXPECT_TRUE(is_portable(portable_text(std::string(size, '|'), kNoLimit))) << size;
  }
}

TEST(PortableText, IsCutBetweenCharactersAndSaysSo) {
  const struct {
    std::size_t most_bytes;
    std::string_view portable;
  } cases[] = {
      {0, ""},
      {7, ""},
      {8, "\\u{2026}"},
      {9, "a\\u{2026}"},
      {14, "a\\u{2026}"},
      {15, "a\\u{e9}\\u{2026}"},
      {16, "a\\u{e9}\\u{2026}"},
      {17, "a\\u{e9}\\u{2026}"},
      {18, "a\\u{e9}|\\u{7c}||bc"},
      {19, "a\\u{e9}|\\u{7c}||bc"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(portable_text("a\xc3\xa9||||bc", c.most_bytes), c.portable) << c.most_bytes;
  }
}

TEST(PortableText, IsTheLongestThatFits) {
  const std::string text =
      "x|||\xc3\xa9\\u{e9}||||\xf0\x9f\x98\x80yz|||||\xe2\x82\xac\n\\u{\xff end";
  const std::string whole = portable_text(text, kNoLimit);
  EXPECT_TRUE(is_portable(whole));
  EXPECT_EQ(portable_text(text, whole.size()), whole);
  for (std::size_t most = 8; most < whole.size(); ++most) {
    const std::string cut = portable_text(text, most);
    EXPECT_LE(cut.size(), most);
    EXPECT_TRUE(is_portable(cut)) << cut;
    ASSERT_TRUE(cut.ends_with("\\u{2026}")) << cut;
    const std::string_view begin = std::string_view(cut).substr(0, cut.size() - 8);
    EXPECT_TRUE(whole.starts_with(begin)) << cut;
    // The longest escape has ten bytes.
    EXPECT_GT(cut.size() + 10, most) << cut;
  }
}

}  // namespace
}  // namespace tribar
