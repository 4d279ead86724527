// SPDX-License-Identifier: MIT
//
// MessageView: the marks before every row, where rows end, times and colours.
#include "client/message_view.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <string>

namespace tribar {
namespace {

constexpr UnixMs kNoon{1'767'182'400'000};  // 2025-12-31 12:00 UTC
constexpr std::uint64_t kHourMs = 3'600'000;

class MessageViewTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::setenv("TZ", "UTC0", 1), 0);
    ::tzset();
    ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  }

  static MessageView view(std::size_t columns = 0) {
    MessageView made({.is_utf8 = true, .has_color = false});
    made.set_columns(columns);
    return made;
  }

  static std::string message(std::string_view text, std::size_t columns = 0) {
    return view(columns).message(kNoon, kNoon, "bob", text);
  }
};

TEST_F(MessageViewTest, MarksEachLineOfAMessage) {
  EXPECT_EQ(message("hello"), "12:00 <bob> hello\n");
  EXPECT_EQ(message(""), "12:00 <bob> \n");
  EXPECT_EQ(message("one\ntwo\r\n\n\tthree\n"),
            "12:00 <bob> one\n      | two\n      | \n      |     three\n");
}

TEST_F(MessageViewTest, LetsNoTextForgeALine) {
  EXPECT_EQ(message("\n12:01 <ann> I owe you\n* sent\n! lost\n      | x"),
            "12:00 <bob> \n      | 12:01 <ann> I owe you\n      | * sent\n      | ! lost\n"
            "      |       | x\n");
  EXPECT_EQ(message("a\r12:01 <ann> b\v\f\u2028\u0085\x1b[1A"),
            "12:00 <bob> a\\x0d12:01 <ann> b\\x0b\\x0c\\u{2028}\\u{85}\\x1b[1A\n");
  EXPECT_EQ(view().message(kNoon, kNoon, "bob> hi\n12:01 <ann", "x"),
            "12:00 <bob\\x3e\\x20hi\\x0a12\\x3a01\\x20\\x3cann> x\n");
}

TEST_F(MessageViewTest, CutsRowsBeforeTheTerminalWraps) {
  // Of 20 columns the last stays free, so that no terminal begins a row by itself.
  EXPECT_EQ(message("12345678901234567890123", 20),
            "12:00 <bob> \n      | 12345678901\n      | 23456789012\n      | 3\n");
  EXPECT_EQ(message("1234567890 12345678901 3", 23),
            "12:00 <bob> 1234567890\n      | 12345678901 3\n");
  EXPECT_EQ(message("a row that ends with words is easier to read", 30),
            "12:00 <bob> a row that ends\n      | with words is easier\n      | to read\n");
  // A forged line would stand where the terminal wraps.
  EXPECT_EQ(message("hello     12:01 <ann> I owe you", 30),
            "12:00 <bob> hello     12:01\n      | <ann> I owe you\n");
}

TEST_F(MessageViewTest, CountsColumnsNotBytes) {
  EXPECT_EQ(message("\u4f60\u597d\u4f60\u597d\u4f60\u597d", 20),
            "12:00 <bob> \n      | \u4f60\u597d\u4f60\u597d\u4f60\n      | \u597d\n");
  EXPECT_EQ(message("e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301", 20),
            "12:00 <bob> \n      | e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301\n");
}

TEST_F(MessageViewTest, DoesNotCutWhereThereIsNoRoom) {
  EXPECT_EQ(message("12345678901234567890123", 19), "12:00 <bob> 12345678901234567890123\n");
  EXPECT_EQ(message("12345678901234567890123", 0), "12:00 <bob> 12345678901234567890123\n");
  // The text begins below a heading that is too long.
  EXPECT_EQ(view(20).message(kNoon, kNoon, "a-name-of-some-length", "123456789012"),
            "12:00 <a-name-of-some-length> \n      | 12345678901\n      | 2\n");
}

TEST_F(MessageViewTest, ShowsTheDateOfAnotherDay) {
  const struct {
    std::optional<UnixMs> time;
    std::string shown;
  } cases[] = {
      {UnixMs{kNoon.value + 11 * kHourMs}, "23:00"},
      {UnixMs{kNoon.value - 13 * kHourMs}, "2025-12-30 23:00"},
      {UnixMs{kNoon.value + 12 * kHourMs}, "2026-01-01 00:00"},
      {UnixMs{kNoon.value + 365 * 24 * kHourMs}, "2026-12-31 12:00"},
      {UnixMs{0}, "1970-01-01 00:00"},
      {UnixMs{253'402'300'799'999}, "9999-12-31 23:59"},
      {UnixMs{253'402'300'800'000}, "--:--"},
      {UnixMs{std::numeric_limits<std::uint64_t>::max()}, "--:--"},
      {std::nullopt, "earlier"},
  };
  for (const auto& [time, shown] : cases) {
    EXPECT_EQ(view().message(time, kNoon, "bob", "x"), shown + " <bob> x\n");
  }
}

TEST_F(MessageViewTest, ShowsLocalTime) {
  ASSERT_EQ(::setenv("TZ", "XST-2", 1), 0);
  ::tzset();
  EXPECT_EQ(message("x"), "14:00 <bob> x\n");
}

TEST_F(MessageViewTest, MarksWhatTheClientSays) {
  EXPECT_EQ(view().notice("one\ntwo"), "* one\n*   two\n");
  EXPECT_EQ(view().warning("one\ntwo"), "! one\n!   two\n");
  EXPECT_EQ(view(20).warning("There is no account bob."), "! There is no\n!   account bob.\n");
  EXPECT_EQ(view().text("one\ntwo"), "      | one\n      | two\n");
}

TEST_F(MessageViewTest, PaintsMarksAndHeadingsAlone) {
  const MessageView painted({.is_utf8 = true, .has_color = true});
  EXPECT_EQ(painted.notice("text"), "\x1b[36m* \x1b[0mtext\n");
  EXPECT_EQ(painted.warning("text"), "\x1b[1;33m! \x1b[0mtext\n");
  EXPECT_EQ(painted.text("text"), "\x1b[2m      | \x1b[0mtext\n");
  const std::string message = painted.message(kNoon, kNoon, "bob", "one\ntwo");
  EXPECT_TRUE(message.starts_with("\x1b[2m12:00\x1b[0m \x1b[1;3")) << message;
  EXPECT_TRUE(message.ends_with("m<bob>\x1b[0m one\n\x1b[2m      | \x1b[0mtwo\n")) << message;
  EXPECT_EQ(message, painted.message(kNoon, kNoon, "bob", "one\ntwo"));
}

TEST_F(MessageViewTest, IsAsciiWhereThereIsNoMore) {
  const MessageView ascii({.is_utf8 = false, .has_color = false});
  EXPECT_EQ(ascii.message(kNoon, kNoon, "bob", "h\u00e9"), "12:00 <bob> h\\u{e9}\n");
  EXPECT_EQ(ascii.quoted("h\u00e9\n"), "h\\u{e9}\\x0a");
}

}  // namespace
}  // namespace tribar
