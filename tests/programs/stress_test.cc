// SPDX-License-Identifier: MIT
//
// tribar-stress against a stub server: every mistake of the server is found and named, a stall
// shows in the figures, and the program's options, files and exit codes are what they should be.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "stress/scenario.h"
#include "support/stub_server.h"
#include "zero/wording.h"

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
  options.servers.front().port = server.port();
  options.users = 4;
  options.window = 4;
  options.messages = 400;
  options.drain_s = 0.3;
  options.is_quiet = true;
  return options;
}

constexpr Scenario kAllScenarios[] = {
    Scenario::Exchange, Scenario::Rate,  Scenario::Ramp, Scenario::Idle, Scenario::Offline,
    Scenario::FanIn,    Scenario::Churn, Scenario::Slow, Scenario::List, Scenario::Mixed};

/// A run of `scenario` that a right server makes right.
Options options_for(const StubServer& server, Scenario scenario) {
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
  return options;
}

Results play(const Options& options) {
  const auto server = stress::find_server(options.servers);
  EXPECT_TRUE(server.is_ok());
  return stress::play(options, server.value());
}

/// Whether `results` say something that holds `words` of what was not done.
bool says(const Results& results, std::string_view words) {
  return std::any_of(
      results.not_done.begin(), results.not_done.end(),
      [words](const std::string& what) { return what.find(words) != std::string::npos; });
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
    EXPECT_NE(first.find('-'), std::string::npos) << "names a user: " << first;
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
  for (const Scenario scenario : kAllScenarios) {
    const StubServer server;
    const Results results = play(options_for(server, scenario));
    EXPECT_EQ(summary_of(results), "") << name_of(scenario);
    // On a busy machine the first rate of a ramp may be too much.
    EXPECT_TRUE(!results.is_wrong() || says(results, "Not even"))
        << name_of(scenario) << ": " << (results.not_done.empty() ? "" : results.not_done[0]);
    EXPECT_EQ(server.accounts(), 0U) << name_of(scenario);
    if (scenario != Scenario::Idle) {
      EXPECT_GT(results.value_of("delivered"), 0) << name_of(scenario);
    }
  }
}

// It was "all right", with 18446734445 s measured.
TEST(StressVerdict, IsWrongWhenNobodyGetsAnAnswer) {
  for (const Scenario scenario : kAllScenarios) {
    const StubServer server({.kind = Kind::Mute, .nth = 1});
    const Results results = play(options_for(server, scenario));
    EXPECT_TRUE(results.is_wrong()) << name_of(scenario);
    EXPECT_TRUE(says(results, "Nobody logged in.")) << name_of(scenario);
    EXPECT_GT(results.failed_logins.count, 0U) << name_of(scenario);
    EXPECT_NE(results.failed_logins.first.find("no answer within 0.3 s"), std::string::npos)
        << results.failed_logins.first;
    EXPECT_EQ(results.measured_s, 0) << name_of(scenario);
    EXPECT_EQ(results.value_of("own_busy"), std::nullopt) << name_of(scenario);
  }
}

TEST(StressVerdict, IsWrongWhenAnswersStop) {
  for (const Scenario scenario : kAllScenarios) {
    const StubServer server({.kind = Kind::Mute, .nth = scenario == Scenario::Idle ? 5U : 60U});
    const Results results = play(options_for(server, scenario));
    EXPECT_TRUE(results.is_wrong()) << name_of(scenario);
    EXPECT_LT(results.measured_s, 60) << name_of(scenario);
  }
}

// Where limits are meant to be met, that was "all right", too.
TEST(StressVerdict, IsWrongWhenEveryMessageIsRefused) {
  for (const Scenario scenario : kAllScenarios) {
    if (scenario == Scenario::Idle) {
      continue;
    }
    const StubServer server({.kind = Kind::RefuseAll, .nth = 1});
    const Results results = play(options_for(server, scenario));
    EXPECT_TRUE(results.is_wrong()) << name_of(scenario);
    EXPECT_TRUE(says(results, "No message was delivered.")) << name_of(scenario);
  }
}

TEST(StressVerdict, IsWrongWhenListsAreNotAnswered) {
  for (const Scenario scenario : {Scenario::Offline, Scenario::List, Scenario::Mixed}) {
    const StubServer server({.kind = Kind::NoList});
    const Results results = play(options_for(server, scenario));
    EXPECT_TRUE(results.is_wrong()) << name_of(scenario);
    EXPECT_TRUE(says(results, "lists were not answered")) << name_of(scenario);
  }
}

TEST(StressVerdict, IsWrongWhenNothingHappensInTheMeasuredTime) {
  const StubServer server;
  Options options = options_for(server, Scenario::Rate);
  options.rate = 0.1;  // the only message leaves in the warm-up
  options.warmup_s = 0.1;
  const Results results = play(options);
  EXPECT_TRUE(results.is_wrong());
  EXPECT_TRUE(says(results, "No message was delivered in the measured time."));
}

TEST(StressVerdict, IsWrongWhenNobodyEverSleeps) {
  const StubServer server;
  Options options = options_for(server, Scenario::Slow);
  options.nap_s = 10;
  EXPECT_TRUE(says(play(options), "No user stopped reading"));
}

// Users that had logged in were failed logins, and the dead server's time counted.
TEST(StressVerdict, SaysWhenTheServerDied) {
  for (const Scenario scenario : kAllScenarios) {
    if (scenario == Scenario::Idle) {
      continue;
    }
    const StubServer server({.kind = Kind::Die, .nth = 200});
    Options options = options_for(server, scenario);
    options.seconds = 60;
    options.warmup_s = 0;
    options.step_s = 30;
    options.drain_s = 60;
    options.rate = options.rate > 0 ? 500 : 0;
    const auto start = std::chrono::steady_clock::now();
    const Results results = play(options);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20))
        << name_of(scenario);
    EXPECT_TRUE(results.is_wrong()) << name_of(scenario);
    ASSERT_FALSE(results.not_done.empty()) << name_of(scenario);
    EXPECT_EQ(results.not_done[0].rfind("Server gone at ", 0), 0U) << results.not_done[0];
    EXPECT_EQ(results.failed_logins.count, 0U) << name_of(scenario) << results.failed_logins.first;
    EXPECT_LT(results.measured_s, 20) << name_of(scenario);
    if (scenario == Scenario::Rate) {
      // 200 messages at 500 a second.
      EXPECT_GT(results.measured_s, 0.3);
      EXPECT_LT(results.measured_s, 3);
      EXPECT_NEAR(*results.value_of("rate") * results.measured_s, 199, 10);
      EXPECT_NE(results.not_done[0].find("0."), std::string::npos) << results.not_done[0];
    }
  }
}

TEST(StressVerdict, SaysWhenTheServerDiedAndNobodySpoke) {
  auto server = std::make_unique<StubServer>();
  Options options = options_for(*server, Scenario::Idle);
  options.seconds = 60;
  Results results;
  std::thread player([&] { results = play(options); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (server->accounts() < options.users && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  server.reset();
  player.join();
  EXPECT_TRUE(says(results, "Server gone at "));
  EXPECT_LT(results.measured_s, 20);
}

TEST(StressVerdict, TellsMessagesOverTheLimitByTheFirstRefusal) {
  const std::string text = text_of({.code = RefusalCode::FrameTooLong, .found = 0, .allowed = 50});
  for (const Scenario scenario : kAllScenarios) {
    if (scenario == Scenario::Idle) {
      continue;
    }
    const StubServer server({.kind = Kind::RefuseAndEnd, .nth = 1, .refusal = text});
    Options options = options_for(server, scenario);
    options.seconds = 60;
    options.step_s = 30;
    options.drain_s = 60;
    const auto start = std::chrono::steady_clock::now();
    const Results results = play(options);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20))
        << name_of(scenario);
    EXPECT_TRUE(results.is_wrong()) << name_of(scenario);
    ASSERT_FALSE(results.not_done.empty()) << name_of(scenario);
    EXPECT_EQ(results.not_done[0].rfind("--bytes 64: refused by the server (\"" + text + "\")", 0),
              0U)
        << results.not_done[0];
    EXPECT_EQ(server.accounts(), 0U) << name_of(scenario) << ": the server lives";
  }
}

// It answers no question, so nothing was refused and nothing came that should not have.
TEST(StressVerdict, TakesNoticeOfAShutdownForWhatItIs) {
  const std::string text = text_of({.code = RefusalCode::ShuttingDown});
  const StubServer server({.kind = Kind::RefuseAndEnd, .nth = 100, .refusal = text});
  const Results results = play(options_for(server));
  EXPECT_EQ(results.findings.refused.count, 0U);
  EXPECT_EQ(results.findings.of(stress::Wrong::Damaged).count, 0U);
  EXPECT_EQ(results.failed_logins.count, 0U);
  EXPECT_TRUE(says(results, "The server had ended every connection at 0."));
}

TEST(StressVerdict, IsWrongWhenAccountsAreLeft) {
  const StubServer server({.kind = Kind::Stall, .nth = 100, .span = std::chrono::minutes(10)});
  EXPECT_TRUE(
      says(play(options_for(server)), "4 accounts could not be deleted: no reply within 0.3 s."));
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

/// Runs the program in a shell, after `commands` there; returns its exit status and what it wrote
/// to both streams.
std::pair<int, std::string> run_after(const std::string& commands, const std::string& arguments) {
  const char* program = std::getenv("TRIBAR_STRESS");
  if (program == nullptr) {
    return {-1, "TRIBAR_STRESS is not set"};
  }
  const std::string command = commands + program + " 2>&1 " + arguments;
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  std::array<char, 4096> buffer;
  for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.append(buffer.data(), n);
  }
  return {WEXITSTATUS(pclose(pipe)), output};
}

std::pair<int, std::string> run(const std::string& arguments) { return run_after("", arguments); }

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
      {"--server-pid 4194304", "there is no such process"},
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
  const StubServer dropping_too({.kind = Kind::Drop, .nth = 50});
  EXPECT_EQ(run(arguments(dropping_too) + " --fail-if 'lost>0'").first, 99);
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Whether every tag that is opened is closed, in order, as a browser wants it.
bool is_balanced(const std::string& html) {
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string::npos) {
      return false;
    }
    const std::string tag = html.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find_first_of(" />", 1));
    if (tag[0] == '!' || name == "meta" || tag.back() == '/') {
      continue;
    }
    if (tag[0] != '/') {
      open.push_back(name);
    } else if (open.empty() || '/' + open.back() != name) {
      return false;
    } else {
      open.pop_back();
    }
  }
  return open.empty();
}

TEST(StressReports, CanBeReadAndCompared) {
  const StubServer server({.kind = Kind::Drop, .nth = 50});
  const std::string base = testing::TempDir() + "tribar_stress_report";
  const std::string arguments =
      "--users 4 --seconds 0.5 --drain 0.3 --server 127.0.0.1:" + std::to_string(server.port()) +
      " --server-pid " + std::to_string(getpid());
  EXPECT_EQ(run(arguments + " --json " + base + "a.json --html " + base + "a.html").first, 1);
  EXPECT_EQ(run(arguments + " --window 2 --json " + base + "b.json").first, 0);
  const std::string page = contents(base + "a.html");
  EXPECT_TRUE(is_balanced(page));
  EXPECT_NE(page.find("message #"), std::string::npos) << "the lost one is named";
  EXPECT_EQ(page.find("http"), std::string::npos) << "nothing comes from elsewhere";
  for (const char* drawn : {"Latency by percentile", "Latency over time", "Messages a second",
                            "server's processor", "server's memory"}) {
    EXPECT_NE(page.find(drawn), std::string::npos) << drawn;
  }

  const auto [status, output] =
      run("compare " + base + "a.json " + base + "b.json --html " + base + "c.html");
  EXPECT_EQ(status, 0) << output;
  EXPECT_NE(output.find("window is 1 in A, 2 in B"), std::string::npos) << output;
  EXPECT_NE(output.find("(WRONG)"), std::string::npos) << output;
  EXPECT_NE(output.find("p99.9 "), std::string::npos) << output;
  EXPECT_TRUE(is_balanced(contents(base + "c.html")));

  EXPECT_EQ(run("compare " + base + "a.json").first, 64);
  EXPECT_EQ(run("compare " + base + "a.json " + base + "none.json").first, 66);
  EXPECT_EQ(run("compare " + base + "a.json " + base + "c.html").first, 65);
}

// What a server says is text, and neither markup nor a command to the terminal.
TEST(StressReports, ShowWhatTheServerSaysAsText) {
  const StubServer server(
      {.kind = Kind::Refuse,
       .nth = 50,
       .refusal = "</td><script>alert(1)</script>\x1b]0;title\x07 \x1b[2J {} %n \"\\ \r\n"});
  const std::string base = testing::TempDir() + "tribar_stress_hostile";
  const auto [status, table] = run(
      "--users 4 --seconds 0.5 --drain 0.3 --server 127.0.0.1:" + std::to_string(server.port()) +
      " --json " + base + ".json --html " + base + ".html");
  EXPECT_EQ(status, 1);
  const std::string json = contents(base + ".json");
  const std::string page = contents(base + ".html");
  for (const std::string& report : {table, json, page}) {
    EXPECT_NE(report.find("alert(1)"), std::string::npos) << report;
    EXPECT_EQ(
        std::count_if(report.begin(), report.end(),
                      [](char c) { return c == '\x7f' || (c >= 0 && c < 0x20 && c != '\n'); }),
        0)
        << report;
  }
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_TRUE(is_balanced(page));
  const auto [compared, output] = run("compare " + base + ".json " + base + ".json");
  EXPECT_EQ(compared, 0) << output;
  EXPECT_EQ(output.find('\x1b'), std::string::npos) << output;
}

TEST(StressReports, ShowInABrowser) {
  if (WEXITSTATUS(std::system("command -v chromium >/dev/null 2>&1")) != 0) {
    GTEST_SKIP() << "there is no chromium here";
  }
  const StubServer server;
  const std::string base = testing::TempDir() + "tribar_stress_shot";
  ASSERT_EQ(run("--users 4 --seconds 0.5 --server 127.0.0.1:" + std::to_string(server.port()) +
                " --html " + base + ".html")
                .first,
            0);
  const std::string browser =
      "timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
      "--disable-background-networking --disable-component-update --disable-sync "
      "--hide-scrollbars --user-data-dir=" +
      base + ".profile --screenshot=" + base + ".png ";
  for (const char* look : {"--window-size=1200,1500", "--window-size=500,1800",
                           "--window-size=1200,1500 --blink-settings=preferredColorScheme=0"}) {
    std::remove((base + ".png").c_str());
    std::string command = browser;
    command.append(look).append(" file://").append(base).append(".html >/dev/null 2>&1");
    ASSERT_EQ(std::system(command.c_str()), 0) << look;
    // An empty page of this size is some 10 KB.
    EXPECT_GT(contents(base + ".png").size(), 40'000U) << look;
  }
}

/// Starts the program, interrupts it once messages flow, and returns its JSON report; empty when
/// it does not end with `expected`.
std::string interrupted(const StubServer& server, const char* option, const char* value,
                        const char* warmup, int expected) {
  const std::string report = testing::TempDir() + "tribar_stress_cut.json";
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  std::remove(report.c_str());
  const pid_t pid = fork();
  if (pid == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    execl(std::getenv("TRIBAR_STRESS"), "tribar-stress", "--server", address.c_str(), "--users",
          "4", option, value, "--warmup", warmup, "--json", report.c_str(), nullptr);
    _exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (server.held().messages < 100 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  kill(pid, SIGINT);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == expected ? contents(report) : "";
}

TEST(StressProgram, ReportsWhatItHasWhenItIsInterrupted) {
  for (const auto& [option, value] :
       {std::pair{"--seconds", "600"}, {"--messages", "1000000000"}, {"--rate", "500"}}) {
    const StubServer server;
    const std::string report = interrupted(server, option, value, "0", 0);
    EXPECT_NE(report.find("\"cut_short\": true"), std::string::npos) << option;
    EXPECT_EQ(server.accounts(), 0U) << option;
  }
}

TEST(StressProgram, MeasuresNothingWhenItIsInterruptedInTheWarmUp) {
  const StubServer server;
  const std::string report = interrupted(server, "--seconds", "600", "500", 1);
  EXPECT_NE(report.find("\"cut_short\": true"), std::string::npos);
  EXPECT_NE(report.find("\"not_done\": [\"Nothing was measured.\"]"), std::string::npos) << report;
  EXPECT_EQ(server.accounts(), 0U);
}

/// The program under a shell in which no file may grow.
std::pair<int, std::string> run_without_room(const std::string& arguments) {
  return run_after("trap '' XFSZ; ulimit -f 0; ", arguments);
}

TEST(StressProgram, FailsWhenItsOutputCannotBeWritten) {
  const StubServer server;
  const std::string base = testing::TempDir() + "tribar_stress_full";
  const std::string arguments =
      "--users 4 --messages 100 --server 127.0.0.1:" + std::to_string(server.port());
  for (const std::string& what : {std::string("--help"), std::string("--version"), arguments}) {
    const auto [status, error] = run_without_room(what + " >" + base + ".out");
    EXPECT_EQ(status, 74) << what;
    EXPECT_EQ(error, "tribar-stress: standard output: File too large\n") << what;
  }
  for (const char* option : {" --json ", " --html "}) {
    const auto [status, output] = run_without_room(arguments + option + base + ".report");
    EXPECT_EQ(status, 74) << output;
    EXPECT_NE(output.find("cannot write " + base + ".report: File too large"), std::string::npos)
        << output;
  }
}

TEST(StressReports, AreOpenedBeforeTheRun) {
  const StubServer server;
  const std::string base = testing::TempDir() + "tribar_stress_open";
  const std::string address = " --server 127.0.0.1:" + std::to_string(server.port());
  const struct {
    std::string arguments;
    const char* words;
  } cases[] = {
      {"--json " + base + ".none/a.json", "No such file or directory"},
      {"--html " + testing::TempDir(), "Is a directory"},
      {"--json " + base + ".both --html " + base + ".both", "--json and of --html"},
  };
  for (const auto& [arguments, words] : cases) {
    const auto [status, output] = run(arguments + address);
    EXPECT_EQ(status, 73) << arguments;
    EXPECT_NE(output.find(words), std::string::npos) << output;
    EXPECT_EQ(server.held().messages, 0U) << arguments;
  }
}

TEST(StressReports, StayWhenARunFails) {
  const std::string base = testing::TempDir() + "tribar_stress_kept";
  std::ofstream(base + ".json") << "an older report";
  std::remove((base + ".html").c_str());
  const std::uint16_t port = StubServer().port();
  EXPECT_EQ(run("--json " + base + ".json --html " + base +
                ".html --server 127.0.0.1:" + std::to_string(port))
                .first,
            69);
  EXPECT_EQ(contents(base + ".json"), "an older report");
  EXPECT_NE(access((base + ".html").c_str(), F_OK), 0) << "nothing was written, nothing is there";
}

TEST(StressReports, SayWhatIsWrongWithOneThatIsBroken) {
  const StubServer server;
  const std::string base = testing::TempDir() + "tribar_stress_broken";
  ASSERT_EQ(run("--users 4 --messages 100 --server 127.0.0.1:" + std::to_string(server.port()) +
                " --json " + base + ".right")
                .first,
            0);
  const std::string right = contents(base + ".right");
  const auto with = [&right](std::string_view from, std::string_view to) {
    std::string changed = right;
    return changed.replace(changed.find(from), from.size(), to);
  };
  const struct {
    std::string text;
    const char* words;
  } cases[] = {
      {"", "it is empty"},
      {" \n", "it is empty"},
      {right.substr(0, right.size() / 2), "it is incomplete"},
      {"{\n  nonsense", "it is not JSON (line 2, column 4)"},
      {"\xff\xfe", "it is not JSON (line 1, column 1)"},
      {"[1]", "it is JSON, but not an object"},
      {"{}", "schema is missing"},
      {R"({"schema": 1})", "schema is not a text"},
      {R"({"schema": "other/2"})", "its schema is 'other/2', this program reads 'tribar-stress/1'"},
      {R"({"schema": "tribar-stress/1"})", "settings is missing"},
      {with("\"figures\": {", "\"figures\": 1, \"other\": {"), "figures is not an object"},
      {with("\"value\":", "\"worth\":"), "figures.sent.value is missing"},
      {with("\"parts\": [", "\"parts\": [\"x\"], \"other\": ["),
       "contains something other than numbers"},
      {with("\"histogram_ns\": [", "\"histogram_ns\": [[-1, 2], "), "pairs of latency and count"},
      {with("\"right\": true", "\"right\": 1"), "verdict.right is not true or false"},
      {with("\"value\": ", "\"value\": 1e999, \"x\": "), "a number that is too large"},
  };
  for (const auto& [text, words] : cases) {
    std::ofstream(base + ".json") << text;
    const auto [status, output] = run("compare " + base + ".right " + base + ".json");
    EXPECT_EQ(status, 65) << words;
    EXPECT_NE(output.find(base + ".json: not a report of tribar-stress: "), std::string::npos)
        << output;
    EXPECT_NE(output.find(words), std::string::npos) << words << ": " << output;
    EXPECT_EQ(output.find("exception"), std::string::npos) << output;
  }
  const auto [status, output] = run("compare " + base + ".right " + testing::TempDir());
  EXPECT_EQ(status, 66);
  EXPECT_NE(output.find("Is a directory"), std::string::npos) << output;
}

TEST(StressProgram, SaysHowManyUsersThereMayBe) {
  const StubServer server;
  const std::string rest = " --messages 200 --server 127.0.0.1:" + std::to_string(server.port());
  const auto [status, output] = run_after("ulimit -n 100; ", "--users 100" + rest);
  EXPECT_EQ(status, 64);
  EXPECT_NE(output.find("--users 100: 100 descriptors are allowed here (see ulimit -n), enough for "
                        "84 users"),
            std::string::npos)
      << output;
  const std::string report = testing::TempDir() + "tribar_stress_users";
  const auto [again, result] =
      run_after("ulimit -n 100; ", "--users 84 --server-pid $$ --json " + report + ".json --html " +
                                       report + ".html" + rest);
  EXPECT_EQ(again, 0) << result;
}

}  // namespace
}  // namespace tribar
