// SPDX-License-Identifier: MIT
//
// How tribarctl prints answers.
#include "control/show.h"

#include <gtest/gtest.h>

namespace tribar {
namespace {

const ControlAnswer kStatus{
    {{{"state", "serving"}}, {{"log_level", "info"}}, {{"connections", "12"}}}, {}};
const ControlAnswer kSessions{{{{"name", "ann"}, {"from", "127.0.0.1:40000"}, {"waiting", "3"}},
                               {{"name", "benjamin"}, {"from", "unix"}, {"waiting", "0"}},
                               {{"unlisted", "7"}}},
                              {}};

TEST(ShownAnswer, HasALineForEachValue) {
  EXPECT_EQ(shown_answer(kStatus), "state: serving\nlog level: info\nconnections: 12\n");
  EXPECT_EQ(shown_answer({}), "");
}

TEST(ShownAnswer, HasColumnsForRows) {
  EXPECT_EQ(shown_answer(kSessions),
            "name      from             waiting\n"
            "ann       127.0.0.1:40000  3\n"
            "benjamin  unix             0\n"
            "unlisted: 7\n");
}

TEST(ShownAnswer, CannotControlATerminal) {
  EXPECT_EQ(shown_answer({{{{"a", "\x1b[2J\n"}}}, {}}), "a: \\x1b[2J\\x0a\n");
}

TEST(JsonAnswer, IsAnObjectForEachRow) {
  EXPECT_EQ(json_answer(kStatus),
            "{\"state\": \"serving\", \"log_level\": \"info\", \"connections\": 12}\n");
  EXPECT_EQ(json_answer(kSessions),
            "{\"name\": \"ann\", \"from\": \"127.0.0.1:40000\", \"waiting\": 3}\n"
            "{\"name\": \"benjamin\", \"from\": \"unix\", \"waiting\": 0}\n"
            "{\"unlisted\": 7}\n");
}

TEST(JsonAnswer, HasListsForRepeatedKeysAndTypes) {
  EXPECT_EQ(
      json_answer({{{{"warning", "a"}}, {{"warning", "b"}}, {{"on", "yes"}}, {{"off", "no"}}}, {}}),
      "{\"warning\": [\"a\", \"b\"], \"on\": true, \"off\": false}\n");
  EXPECT_EQ(
      json_answer(
          {{{{"a", "007"}}, {{"b", "0"}}, {{"c", "12345678901234567890"}}, {{"d", "\"\\\n"}}}, {}}),
      "{\"a\": \"007\", \"b\": 0, \"c\": \"12345678901234567890\", "
      "\"d\": \"\\\"\\\\\\u000a\"}\n");
}

}  // namespace
}  // namespace tribar
