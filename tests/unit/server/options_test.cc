// SPDX-License-Identifier: MIT
//
// The command line of tribard: every option in both forms, every mistake, and the order in which
// configs are looked for.
#include "server/options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tribar {
namespace {

Result<Options, UsageError> parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "tribard");
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  return parse_options(static_cast<int>(arguments.size()), argv.data());
}

TEST(ParseOptions, TakesShortAndLongForms) {
  using Action = Options::Action;
  struct Case {
    std::vector<std::string> arguments;
    Options options;
  };
  const std::vector<Case> cases{
      {{}, {}},
      {{"-c", "a.json"}, {Action::Serve, "a.json"}},
      {{"-ca.json"}, {Action::Serve, "a.json"}},
      {{"--config", "a.json"}, {Action::Serve, "a.json"}},
      {{"-c", "-"}, {Action::Serve, "-"}},
      {{"--config=a.json"}, {Action::Serve, "a.json"}},
      {{"-c", "a.json", "-c", "b.json"}, {Action::Serve, "b.json"}},
      {{"-t"}, {Action::CheckConfig, {}}},
      {{"--check-config"}, {Action::CheckConfig, {}}},
      {{"-tc", "a.json"}, {Action::CheckConfig, "a.json"}},
      {{"--print-config", "-c", "a.json"}, {Action::PrintConfig, "a.json"}},
      {{"-V"}, {Action::PrintVersion, {}}},
      {{"--version"}, {Action::PrintVersion, {}}},
      {{"-h"}, {Action::PrintHelp, {}}},
      {{"--help"}, {Action::PrintHelp, {}}},
      {{"-h", "-V", "-t"}, {Action::PrintHelp, {}}},
      {{"-t", "--print-config"}, {Action::CheckConfig, {}}},
      {{"--verify-storage", "a.db"}, {Action::VerifyStorage, {}, "a.db"}},
      {{"--move-storage", "a.db", "postgresql:service=a"},
       {Action::MoveStorage, {}, "a.db", "postgresql:service=a"}},
  };
  for (const Case& c : cases) {
    const auto options = parse(c.arguments);
    ASSERT_TRUE(options) << testing::PrintToString(c.arguments) << options.error().text;
    EXPECT_EQ(options.value(), c.options) << testing::PrintToString(c.arguments);
  }
}

TEST(ParseOptions, NamesWhatItRefuses) {
  struct Case {
    std::vector<std::string> arguments;
    std::string text;
  };
  const std::vector<Case> cases{
      {{"-x"}, "unknown option -x"},
      {{"--version", "-tx"}, "unknown option -x"},
      {{"-xt"}, "unknown option -x"},
      {{"-\x01"}, "unknown option -\\x01"},
      {{"--nonsense"}, "unknown option --nonsense"},
      {{"--nonsense=1"}, "unknown option --nonsense"},
      {{"--help=all"}, "option --help takes no value"},
      {{"--print=1"}, "option --print-config takes no value"},
      {{"--ver"}, "option --ver can be --verify-storage or --version"},
      {{"--c=a"}, "option --c=a can be --config or --check-config"},
      {{"-c"}, "option -c (--config) needs a file name"},
      {{"--config"}, "option -c (--config) needs a file name"},
      {{"--verify-storage"}, "option --verify-storage needs a file name"},
      {{"--move-storage"}, "option --move-storage needs two stores: FROM TO"},
      {{"--move-storage", "a.db"}, "option --move-storage needs two stores: FROM TO"},
      {{"--move-storage", "a", "b", "c"},
       "unexpected argument 'c'; a settings file is named with -c"},
      {{"tribard.json"}, "unexpected argument 'tribard.json'; a settings file is named with -c"},
      {{"-t", "--", "-V"}, "unexpected argument '-V'; a settings file is named with -c"},
  };
  for (const Case& c : cases) {
    const auto options = parse(c.arguments);
    ASSERT_FALSE(options) << testing::PrintToString(c.arguments);
    EXPECT_EQ(options.error().text, c.text + "\nTry 'tribard --help'.");
  }
}

TEST(ChooseConfig, LooksAtTheOptionThenTheEnvironmentThenTheSystem) {
  const std::string there = "/dev/null";
  const std::string not_there = "/dev/null/not-there";
  const Options with_file{Options::Action::Serve, "a.json"};
  EXPECT_EQ(choose_config(with_file, "b.json", there), (ConfigChoice{"a.json", "a.json"}));
  EXPECT_EQ(choose_config({}, "b.json", there),
            (ConfigChoice{"b.json", "b.json (from $TRIBAR_CONFIG)"}));
  EXPECT_EQ(choose_config({Options::Action::Serve, "-"}, nullptr, there),
            (ConfigChoice{"-", "standard input"}));
  EXPECT_EQ(choose_config({}, "", there), (ConfigChoice{there, there}));
  EXPECT_EQ(choose_config({}, nullptr, there), (ConfigChoice{there, there}));
  EXPECT_EQ(choose_config({}, nullptr, not_there),
            (ConfigChoice{std::nullopt, "the built-in defaults"}));
}

TEST(HelpText, NamesEveryOptionAndExitCode) {
  for (const std::string word :
       {"-c", "--config", "-t", "--check-config", "--print-config", "-V", "--version", "-h",
        "--help", "$TRIBAR_CONFIG", kSystemConfigFile, " 0 ", " 64 ", " 69 ", " 70 ", "78 "}) {
    EXPECT_NE(help_text().find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace tribar
