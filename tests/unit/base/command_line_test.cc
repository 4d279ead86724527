// SPDX-License-Identifier: MIT
//
// The forms of options, and their lines in --help.
#include "base/command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tribar {
namespace {

using Forms = std::vector<std::string>;

TEST(CommandOption, HasALetterANameAndAnOpposite) {
  EXPECT_EQ((CommandOption{.name = "config", .letter = 'c'}.forms()), (Forms{"-c", "--config"}));
  EXPECT_EQ((CommandOption{.name = "bell", .has_opposite = true}.forms()),
            (Forms{"--bell", "--no-bell"}));
  EXPECT_EQ((CommandOption{.name = "json"}.forms()), Forms{"--json"});
}

TEST(CommandOption, HasAnArgumentForEachWord) {
  EXPECT_EQ((CommandOption{.name = "a"}.arguments()), 0U);
  EXPECT_EQ((CommandOption{.name = "a", .argument = "FILE"}.arguments()), 1U);
  EXPECT_EQ((CommandOption{.name = "a", .argument = "FROM TO"}.arguments()), 2U);
}

TEST(Wrapped, BreaksAtBlanksBeforeColumn80) {
  const std::string word(39, 'x');
  EXPECT_EQ(wrapped("", 5), "");
  EXPECT_EQ(wrapped("a b", 5), "a b");
  EXPECT_EQ(wrapped(word + ' ' + word + 'y', 0), word + ' ' + word + "y");  // 80 columns
  EXPECT_EQ(wrapped(word + ' ' + word + "yz", 0), word + '\n' + word + "yz");
  EXPECT_EQ(wrapped(word + ' ' + word + " a", 2), word + "\n  " + word + " a");
  const std::string wide(100, 'w');
  EXPECT_EQ(wrapped("a " + wide + " b", 1), "a\n " + wide + "\n b");
}

TEST(HelpOfOptions, AlignsTexts) {
  EXPECT_EQ(help_of_options({{.name = "config", .letter = 'c', .argument = "FILE", .help = "reads"},
                             {.name = "bell", .has_opposite = true, .help = "rings"},
                             {.name = "twelve-bytes", .help = "fits"},
                             {.name = "thirteen-byte", .help = "has a line of its own"}}),
            "  -c, --config FILE   reads\n"
            "      --[no-]bell     rings\n"
            "      --twelve-bytes  fits\n"
            "      --thirteen-byte\n"
            "                      has a line of its own\n");
}

}  // namespace
}  // namespace tribar
