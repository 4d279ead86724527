// SPDX-License-Identifier: MIT
//
// One JSON object a line, safe for a terminal.
#include "client/json_line.h"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

namespace tribar {
namespace {

using std::string_view_literals::operator""sv;

TEST(JsonString, EscapesWhatJsonAndATerminalCannotHave) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("hi |||"), R"("hi |||")");
  EXPECT_EQ(json_string("\"\\/\n\t\r"), R"("\"\\/\n\t\u000d")");
  EXPECT_EQ(json_string("\0\x1b[D\x7f"sv), R"("\u0000\u001b[D\u007f")");
  EXPECT_EQ(json_string("caf\u00e9 \u4f60\U0001f600"), "\"caf\u00e9 \u4f60\U0001f600\"");
  EXPECT_EQ(json_string("\u0085\u202e\u2028\ufeff"), R"("\u0085\u202e\u2028\ufeff")");
  EXPECT_EQ(json_string("\U000e0041"), R"("\udb40\udc41")");
  EXPECT_EQ(json_string("a\xff\xe4\xbd"), "\"a\ufffd\ufffd\ufffd\"");
}

TEST(JsonLine, HasItsMembersInOrder) {
  EXPECT_EQ(JsonLine().line(), "{}\n");
  EXPECT_EQ(JsonLine()
                .text("text", "a \"b\"")
                .number("number", 18446744073709551615U)
                .number("none", std::nullopt)
                .truth("yes", true)
                .truth("no", false)
                .truth("unknown", std::nullopt)
                .line(),
            "{\"text\":\"a \\\"b\\\"\",\"number\":18446744073709551615,\"none\":null,\"yes\":true,"
            "\"no\":false,\"unknown\":null}\n");
}

}  // namespace
}  // namespace tribar
