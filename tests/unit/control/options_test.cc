// SPDX-License-Identifier: MIT
//
// The command line of tribarctl.
#include "control/options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tribar {
namespace {

Result<ControlOptions, std::string> parse(std::vector<std::string> arguments,
                                          const char* environment = nullptr) {
  arguments.insert(arguments.begin(), "tribarctl");
  std::vector<char*> argv;
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  return parse_control_options(static_cast<int>(arguments.size()), argv.data(), environment);
}

TEST(ControlOptions, TakeAVerbOfOneWordOrTwo) {
  const auto status = parse({"status"});
  ASSERT_TRUE(status);
  EXPECT_EQ(status.value().verb->verb, ControlVerb::Status);
  EXPECT_EQ(status.value().socket, kControlSocket);
  EXPECT_FALSE(status.value().json);
  const auto addition = parse({"user", "add", "ann"});
  ASSERT_TRUE(addition);
  EXPECT_EQ(addition.value().verb->verb, ControlVerb::UserAdd);
  EXPECT_EQ(addition.value().arguments, std::vector<std::string>{"ann"});
  const auto kick = parse({"kick", "-x"});
  ASSERT_TRUE(kick);
  EXPECT_EQ(kick.value().arguments, std::vector<std::string>{"-x"});
}

TEST(ControlOptions, TakeTheSocketOfTheCommandLineFirst) {
  EXPECT_EQ(parse({"status"}, "/a").value().socket, "/a");
  EXPECT_EQ(parse({"status"}, "").value().socket, kControlSocket);
  EXPECT_EQ(parse({"-s", "/b", "status"}, "/a").value().socket, "/b");
  EXPECT_EQ(parse({"--socket=/b", "status"}, "/a").value().socket, "/b");
}

TEST(ControlOptions, TakeJsonBeforeOrBehindTheVerb) {
  EXPECT_TRUE(parse({"--json", "status"}).value().json);
  EXPECT_TRUE(parse({"-j", "sessions", "a*"}).value().json);
  const auto behind = parse({"sessions", "a*", "--json"});
  EXPECT_TRUE(behind.value().json);
  EXPECT_EQ(behind.value().arguments, std::vector<std::string>{"a*"});
}

TEST(ControlOptions, SayWhatIsWrong) {
  const std::string hint = "\nTry 'tribarctl --help'.";
  EXPECT_EQ(parse({}).error(), "what is to be done is missing" + hint);
  EXPECT_EQ(parse({"fly"}).error(), "there is no fly" + hint);
  EXPECT_EQ(parse({"user"}).error(), "there is no user" + hint);
  EXPECT_EQ(parse({"user", "add"}).error(), "it is: tribarctl user add NAME" + hint);
  EXPECT_EQ(parse({"status", "now"}).error(), "it is: tribarctl status" + hint);
  EXPECT_EQ(parse({"--fly", "status"}).error(), "unknown option --fly" + hint);
  EXPECT_EQ(parse({"-s"}).error(), "option -s needs a value" + hint);
}

TEST(ControlOptions, PrintHelpWithEveryVerb) {
  EXPECT_EQ(parse({"--help"}).value().action, ControlOptions::Action::PrintHelp);
  EXPECT_EQ(parse({"--version"}).value().action, ControlOptions::Action::PrintVersion);
  const std::string help = control_help();
  for (const ControlVerbRow& row : control_verbs()) {
    EXPECT_NE(help.find("  " + std::string(row.name)), std::string::npos) << row.name;
    EXPECT_NE(help.find(row.help), std::string::npos) << row.name;
  }
}

}  // namespace
}  // namespace tribar
