// SPDX-License-Identifier: MIT
//
// The lines of the control protocol: what is written is read again, and garbage is nothing.
#include "control/lines.h"

#include <gtest/gtest.h>

#include <string>

#include "control/verbs.h"

namespace tribar {
namespace {

/// Reads `text` line by line.
ControlAnswer read(std::string text) {
  ControlReader reader;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
    if (!reader.take(text.substr(0, end))) {
      break;
    }
    text.erase(0, end + 1);
  }
  return reader.answer();
}

TEST(ControlLines, KeepEveryByte) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    all += static_cast<char>(byte);
  }
  const ControlFields fields{"user add", all, "", "\\x41"};
  const std::string line = control_line(fields);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(control_fields(line.substr(0, line.size() - 1)), fields);
}

TEST(ControlLines, AreEscapedLikeThis) {
  EXPECT_EQ(control_line({"a", "b\tc\\d\n", ""}), "a\tb\\x09c\\x5cd\\x0a\t\n");
}

TEST(ControlLines, TakeNoWrongEscape) {
  for (const char* line :
       {"\\", "\\x", "\\x4", "\\x4g", "\\xg4", "\\n", "\\X41", "\\x-1", "a\t\\x"}) {
    EXPECT_EQ(control_fields(line), std::nullopt) << line;
  }
  EXPECT_EQ(control_fields(""), ControlFields{""});
  EXPECT_EQ(control_fields("\t"), (ControlFields{"", ""}));
}

TEST(ControlAnswers, AreReadAgain) {
  const std::vector<ControlAnswer> answers{
      {},
      {{}, "no\tsuch\nthing"},
      {{{{"name", "ann"}, {"from", "127.0.0.1:1=2"}}, {{"name", ""}, {"from", "\t"}}}, {}},
      {{{{"key", "value"}}}, "and an error"},
  };
  for (const ControlAnswer& answer : answers) {
    EXPECT_EQ(read(control_text(answer)), answer) << control_text(answer);
  }
}

TEST(ControlAnswers, EndAtWhatIsNone) {
  EXPECT_EQ(read("a=1\nnonsense\nok\n").error, "the server's answer is none of this protocol");
  EXPECT_EQ(read("\\x\nok\n").error, "the server's answer is none of this protocol");
  EXPECT_EQ(read("a=1\nnonsense\nok\n").rows.size(), 1U);
}

TEST(ControlVerbs, AreNamedOnce) {
  for (const ControlVerbRow& row : control_verbs()) {
    EXPECT_EQ(find_control_verb(row.name), &row);
    EXPECT_LE(row.least, row.most);
    EXPECT_EQ(row.most == 0, row.arguments.empty()) << row.name;
    EXPECT_FALSE(row.help.empty());
  }
  EXPECT_EQ(find_control_verb("user"), nullptr);
  EXPECT_EQ(find_control_verb(""), nullptr);
}

}  // namespace
}  // namespace tribar
