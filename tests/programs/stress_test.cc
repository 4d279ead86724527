// SPDX-License-Identifier: MIT
//
// tribar-stress against a stub server: every mistake of the server is found and named, a stall
// shows in the figures, and the program's options, files and exit codes are what they should be.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "stress/scenario.h"
#include "support/stub_server.h"

namespace tribar {
namespace {

using stress::Findings;
using stress::Options;
using stress::Results;
using stress::Scenario;
using Kind = StubFault::Kind;
using std::chrono::milliseconds;

Options options_for(const StubServer& server) {
  Options options;
  options.server.port = server.port();
  options.users = 4;
  options.window = 4;
  options.messages = 400;
  options.drain_s = 0.3;
  options.is_quiet = true;
  return options;
}

Results play(const Options& options) {
  const auto server = stress::find_server(options.server);
  EXPECT_TRUE(server.is_ok());
  return stress::play(options, server.value());
}

/// What was found, as "lost 1, doubled 2"; empty when nothing was.
std::string summary_of(const Results& results) {
  std::string text;
  for (const auto& [name, finding] : results.all_findings()) {
    if (finding->count > 0) {
      text += (text.empty() ? "" : ", ") + std::string(name) + ' ' + std::to_string(finding->count);
    }
  }
  return text;
}

TEST(StressVerdict, FindsNothingWrongWithARightServer) {
  const StubServer server;
  Options options = options_for(server);
  options.most_bytes = 300;
  const Results results = play(options);
  EXPECT_EQ(summary_of(results), "");
  EXPECT_FALSE(results.is_wrong());
  EXPECT_EQ(results.value_of("sent"), 400);
  EXPECT_EQ(results.value_of("delivered"), 400);
  EXPECT_EQ(results.latency.total(), 400U);
  EXPECT_EQ(server.accounts(), 0U) << "the accounts are deleted at the end";
}

TEST(StressVerdict, NamesEachMistake) {
  const struct {
    Kind kind;
    const char* found;
    std::size_t finding;  // in the order of all_findings()
    const char* words;
  } cases[] = {
      {Kind::Drop, "lost 1", 0, "message #"},
      {Kind::Double, "doubled 1", 1, "arrived again"},
      {Kind::Swap, "reordered 1", 2, "arrived late"},
      {Kind::Corrupt, "damaged 1", 3, "arrived changed"},
      {Kind::CorruptStamp, "damaged 1", 3, "unreadable"},
      {Kind::NoAnswer, "unanswered 1", 4, "message"},
      {Kind::DoubleAnswer, "doubled 1", 1, "confirmed again"},
      {Kind::Refuse, "refused 1", 5, "not this one"},
  };
  for (const auto& [kind, found, finding, words] : cases) {
    const StubServer server({.kind = kind, .nth = 150});
    const Results results = play(options_for(server));
    EXPECT_EQ(summary_of(results), found);
    EXPECT_TRUE(results.is_wrong()) << found;
    const std::string& first = results.all_findings()[finding].second->first;
    EXPECT_NE(first.find(words), std::string::npos) << found << ": " << first;
    EXPECT_NE(first.find("-"), std::string::npos) << "names a user: " << first;
  }
}

TEST(StressVerdict, SaysThatTheServerHungUp) {
  const StubServer server({.kind = Kind::Disconnect, .nth = 150});
  const Results results = play(options_for(server));
  EXPECT_EQ(results.findings.disconnected.count, 1U);
  EXPECT_NE(results.findings.disconnected.first, "");
  EXPECT_TRUE(results.is_wrong());
}

TEST(StressScenarios, AllAreRightWithARightServer) {
  for (const Scenario scenario :
       {Scenario::Exchange, Scenario::Rate, Scenario::Ramp, Scenario::Idle, Scenario::Offline,
        Scenario::FanIn, Scenario::Churn, Scenario::Slow, Scenario::List, Scenario::Mixed}) {
    const StubServer server;
    Options options = options_for(server);
    options.scenario = scenario;
    options.users = 10;
    options.messages = scenario == Scenario::Offline ? 400 : 0;
    options.seconds = 0.3;
    options.rate = scenario == Scenario::Rate || scenario == Scenario::Ramp ? 500 : 0;
    options.step_s = 0.1;
    options.step_factor = 10;
    options.bound_p99_us = 50'000;
    options.nap_s = 0.05;
    options.accounts = 30;
    const Results results = play(options);
    EXPECT_EQ(summary_of(results), "") << name_of(scenario);
    EXPECT_EQ(server.accounts(), 0U) << name_of(scenario);
    if (scenario != Scenario::Idle) {
      EXPECT_GT(results.value_of("delivered"), 0) << name_of(scenario);
    }
  }
}

TEST(StressScenarios, ShowAStallOfTheServer) {
  constexpr double kStallUs = 400'000;
  for (const Scenario scenario : {Scenario::Rate, Scenario::Exchange}) {
    const StubServer server({.kind = Kind::Stall, .nth = 100, .span = milliseconds(400)});
    Options options = options_for(server);
    options.scenario = scenario;
    options.messages = 0;
    options.warmup_s = 0;
    options.seconds = 1;
    options.rate = scenario == Scenario::Rate ? 500 : 0;
    const Results results = play(options);
    EXPECT_EQ(summary_of(results), "");
    EXPECT_GT(results.value_of("max"), 0.95 * kStallUs) << name_of(scenario);
    if (scenario == Scenario::Rate) {
      // On a schedule, all that were due meanwhile waited: two fifths of them.
      EXPECT_GT(results.value_of("p99.9"), 0.95 * kStallUs);
      EXPECT_GT(results.value_of("p90"), 0.5 * kStallUs);
    }
  }
}

TEST(StressFigures, AgreeWithTheServersOwnClock) {
  const StubServer server({.kind = Kind::Delay, .nth = 1, .span = milliseconds(1000)});
  Options options = options_for(server);
  options.scenario = Scenario::Rate;
  options.rate = 400;
  options.messages = 100;
  options.drain_s = 10;
  const Results results = play(options);
  const StubServer::Held held = server.held();
  EXPECT_EQ(held.messages, 100U);
  const double held_us = static_cast<double>(held.mean.count()) / 1e3;
  const double mean_us = results.latency.mean() / 1e3;
  // The way to the server and back comes on top.
  EXPECT_GE(mean_us, held_us);
  EXPECT_LT(mean_us, 1.02 * held_us);
}

/// Runs the program; returns its exit status and what it wrote to both streams.
std::pair<int, std::string> run(const std::string& arguments) {
  const char* program = std::getenv("TRIBAR_STRESS");
  if (program == nullptr) {
    return {-1, "TRIBAR_STRESS is not set"};
  }
  const std::string command = std::string(program) + ' ' + arguments + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  std::array<char, 4096> buffer;
  for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.append(buffer.data(), n);
  }
  return {WEXITSTATUS(pclose(pipe)), output};
}

TEST(StressProgram, SaysWhatIsWrongWithItsArguments) {
  const struct {
    const char* arguments;
    const char* words;
  } cases[] = {
      {"--bytes 23", "--bytes is '23', allowed is 24.."},
      {"--users 1", "at least 2 users"},
      {"--scenario nap", "--scenario is 'nap', allowed is one of exchange, rate"},
      {"--scenario rate", "needs a --rate"},
      {"--nonsense", "'--nonsense' is not an option"},
      {"--users", "'--users' needs a value"},
      {"--server 127.0.0.1:0", "a port is 1..65535"},
      {"--fail-if p98\\>1", "there is no figure 'p98'"},
      {"more", "'more' is not an option"},
      {"--users 900000", "descriptors are allowed"},
  };
  for (const auto& [arguments, words] : cases) {
    const auto [status, output] = run(arguments);
    EXPECT_EQ(status, 64) << arguments;
    EXPECT_NE(output.find(words), std::string::npos) << arguments << ": " << output;
  }
}

TEST(StressProgram, SaysWhoDoesNotAnswer) {
  // A port that was just free; the stub is gone when the program looks.
  const std::uint16_t port = StubServer().port();
  const auto [status, output] = run("--server 127.0.0.1:" + std::to_string(port));
  EXPECT_EQ(status, 69);
  EXPECT_NE(output.find("127.0.0.1:" + std::to_string(port) + ": Connection refused"),
            std::string::npos)
      << output;
}

TEST(StressProgram, EndsWithAStatusThatTellsHowItWent) {
  const auto arguments = [](const StubServer& server) {
    return "--users 4 --messages 200 --drain 0.3 --server 127.0.0.1:" +
           std::to_string(server.port());
  };
  const StubServer right;
  EXPECT_EQ(run(arguments(right)).first, 0);
  EXPECT_EQ(run(arguments(right) + " --fail-if 'p50<1us' --fail-if 'lost>0'").first, 0);
  const auto [status, output] = run(arguments(right) + " --fail-if 'max>1us'");
  EXPECT_EQ(status, 99);
  EXPECT_NE(output.find("broken: max>1us: max is "), std::string::npos) << output;
  const StubServer dropping({.kind = Kind::Drop, .nth = 50});
  EXPECT_EQ(run(arguments(dropping)).first, 1);
}

}  // namespace
}  // namespace tribar
