// SPDX-License-Identifier: MIT
//
// tribar-stress against tribard: protocol 1 and TLS, where every scenario is right.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stress/scenario.h"
#include "support/patience.h"
#include "support/process.h"
#include "support/running_server.h"
#include "support/temporary_folder.h"
#ifdef TRIBAR_HAS_TLS
#include "support/tls_files.h"
#endif

namespace tribar {
namespace {

using stress::Options;
using stress::Results;
using stress::Scenario;
using test::Process;
using test::RunningServer;

Options options_for(const RunningServer& server, Scenario scenario) {
  Options options;
  options.servers.front().port = server.port();
  options.protocol = 1;
  options.scenario = scenario;
  options.users = 10;
  options.window = 4;
  options.messages = scenario == Scenario::Offline ? 400 : 0;
  options.seconds = 0.5;
  options.rate = scenario == Scenario::Rate || scenario == Scenario::Ramp ? 500 : 0;
  options.step_s = 0.1;
  options.step_factor = 10;
  options.bound_p99_us = 1e8;  // the machine may be busy
  options.nap_s = 0.05;
  options.accounts = 30;
  options.is_quiet = true;
  return options;
}

Results play(const Options& options, std::shared_ptr<const TlsClientContext> tls = {}) {
  const auto server = stress::find_server(options.servers, std::move(tls));
  EXPECT_TRUE(server.is_ok());
  return stress::play(options, server.value());
}

/// All that is wrong.
std::string wrongs_of(const Results& results) {
  std::string text;
  for (const auto& [name, finding] : results.all_findings()) {
    if (finding->count > 0) {
      text += std::string(name) + ": " + finding->first + '\n';
    }
  }
  for (const std::string& what : results.not_done) {
    // On a busy machine the first rate of a ramp may be too much.
    if (!what.starts_with("Not even ")) {
      text += what + '\n';
    }
  }
  return text;
}

std::string scenario_name(const testing::TestParamInfo<Scenario>& scenario) {
  std::string name(stress::name_of(scenario.param));
  std::erase(name, '-');
  return name;
}

class StressProtocol1 : public testing::TestWithParam<Scenario> {};

TEST_P(StressProtocol1, IsRightWithTribard) {
  const RunningServer server;
  const Results results = play(options_for(server, GetParam()));
  EXPECT_EQ(wrongs_of(results), "");
  EXPECT_EQ(results.value_of("delivered").value_or(0) > 0, GetParam() != Scenario::Idle);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, StressProtocol1,
                         testing::Values(Scenario::Exchange, Scenario::Rate, Scenario::Ramp,
                                         Scenario::Idle, Scenario::Offline, Scenario::FanIn,
                                         Scenario::Churn, Scenario::Slow, Scenario::List,
                                         Scenario::Mixed),
                         scenario_name);

/// Sends what was not answered again, and nothing is lost, doubled or out of order.
void expect_broken_sessions(const Results& results) {
  EXPECT_EQ(wrongs_of(results), "");
  EXPECT_GT(results.value_of("broken").value_or(0), 0);
  EXPECT_GT(results.value_of("resent").value_or(0), 0);
  EXPECT_GT(results.value_of("session_rate").value_or(0), 0);
  EXPECT_GT(results.value_of("login_rate").value_or(0), 0);
}

TEST(StressChurn, BreaksConnectionsOffWithMessagesUnderWay) {
  const RunningServer server;
  Options options = options_for(server, Scenario::Churn);
  options.share_percent = 80;
  options.most_bytes = 3000;
  expect_broken_sessions(play(options));
}

// A small mailbox: some of the messages that are under way together are refused, so that those
// behind them come back and are sent again.
TEST(StressRefusals, LoseAndDoubleNothingBehindARefusedMessage) {
  const RunningServer server(R"("limits": {"undelivered_messages": 20})");
  Options options = options_for(server, Scenario::Offline);
  options.window = 8;
  const Results results = play(options);
  EXPECT_GT(results.findings.refused.count, 0U);
  EXPECT_FALSE(results.is_wrong()) << wrongs_of(results);
  EXPECT_GT(results.value_of("delivered").value_or(0), 0);
}

#ifdef TRIBAR_HAS_SQLITE

/// Servers at one store and one port, each at an address of its own; one at a time runs.
class StressTakeover : public testing::Test {
 protected:
  /// Starts the server at 127.0.0.`place`.
  void start(int place) {
    const std::string config = folder_.file("tribard.json");
    test::write_file(
        config,
        fmt::format(R"({{"listen": [{{"host": "127.0.0.{}", "port": {}}}, {{"socket": "{}"}}],)"
                    R"("storage": {{"engine": "sqlite", "path": "{}"}}}})",
                    place, port_, folder_.file("socket"), folder_.file("tribar.db")));
    server_ = std::make_unique<Process>(std::vector<std::string>{test::tribard(), "-c", config},
                                        Process::Stdio::Pipes);
    server_->read_error_until(fmt::format("listening on 127.0.0.{}:", place));
    port_ = static_cast<std::uint16_t>(std::stoi(server_->read_error_until("\n")));
  }
  void kill() {
    server_->signal(SIGKILL);
    server_->wait_for_exit();
  }
  /// Waits until `users` are logged in and the server has taken many of their messages.
  void let_them_write(std::size_t users) {
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(test::kPatienceMs);
    const std::vector<std::string> list{
        test::program("TRIBAR", "tribar"), "list",       "--json", "--server",
        "unix:" + folder_.file("socket"),  "--protocol", "1"};
    constexpr std::string_view kOnline = "\"online\":true";
    for (int more = 10; more > 0;) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      Process process(list, Process::Stdio::Pipes);
      process.wait_for_exit();
      const std::string& text = process.output();
      std::size_t count = 0;
      for (std::size_t at = text.find(kOnline); at != std::string::npos;
           at = text.find(kOnline, at + 1)) {
        ++count;
      }
      more -= count >= users ? 1 : 0;
    }
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<Process> server_;
  std::uint16_t port_ = 0;
};

TEST_F(StressTakeover, LosesAndDoublesNothing) {
  for (const std::string scenario : {"exchange", "churn", "list"}) {
    SCOPED_TRACE(scenario);
    start(1);
    Process load({test::program("TRIBAR_STRESS", "tribar-stress"), "--server",
                  fmt::format("127.0.0.1:{0},127.0.0.2:{0}", port_), "--protocol", "1",
                  "--scenario", scenario, "--users", "10", "--share", "30", "--window", "4",
                  "--seconds", "300", "--warmup", "0", "--quiet"},
                 Process::Stdio::Pipes);
    for (const int next : {2, 1, 2}) {
      // Those that churn are away at times.
      ASSERT_NO_FATAL_FAILURE(let_them_write(scenario == "churn" ? 7 : 10));
      kill();
      start(next);
    }
    ASSERT_NO_FATAL_FAILURE(let_them_write(scenario == "churn" ? 7 : 10));
    load.signal(SIGINT);
    EXPECT_EQ(load.wait_for_exit(), 0) << load.output() << load.error();
    EXPECT_NE(load.output().find(" connections were lost and made again, with the next server"),
              std::string::npos)
        << load.output();
    kill();
  }
}

#endif

#ifdef TRIBAR_HAS_TLS

class StressOverTls : public testing::Test {
 protected:
  Results play_over_tls(Options options) {
    options.is_tls = true;
    const auto trusted =
        TlsClientContext::load({.ca = files_.path("ca.pem"), .certificate = "", .key = ""});
    return play(options, trusted.value());
  }
  /// Runs the program; returns its exit status and what it printed.
  std::pair<int, std::string> run(const std::vector<std::string>& more) {
    std::vector<std::string> command{test::program("TRIBAR_STRESS", "tribar-stress"),
                                     "--server",
                                     fmt::format("127.0.0.1:{}", server_.port()),
                                     "--users",
                                     "2",
                                     "--seconds",
                                     "0.3",
                                     "--quiet"};
    command.insert(command.end(), more.begin(), more.end());
    Process process(command, Process::Stdio::Pipes);
    const int status = process.wait_for_exit();
    return {status, process.output() + process.error()};
  }

  test::TlsFiles files_;
  RunningServer server_{fmt::format(R"("tls": {{"certificate": "{}", "key": "{}"}})",
                                    files_.path("server.pem"), files_.path("server.key")),
                        "", R"("tls": true)"};
};

TEST_F(StressOverTls, IsRightInBothProtocols) {
  for (const std::uint8_t protocol : {std::uint8_t{0}, std::uint8_t{1}}) {
    for (const Scenario scenario : {Scenario::Exchange, Scenario::List, Scenario::Slow}) {
      Options options = options_for(server_, scenario);
      options.protocol = protocol;
      options.most_bytes = 40'000;  // more than a record
      const Results results = play_over_tls(options);
      EXPECT_EQ(wrongs_of(results), "") << stress::name_of(scenario);
      EXPECT_GT(results.value_of("delivered").value_or(0), 0);
    }
  }
}

TEST_F(StressOverTls, MeasuresHandshakes) {
  const Results results = play_over_tls(options_for(server_, Scenario::Idle));
  EXPECT_EQ(wrongs_of(results), "");
  for (const char* figure : {"handshake_rate", "handshake_p50", "handshake_p99", "login_rate"}) {
    EXPECT_GT(results.value_of(figure).value_or(0), 0) << figure;
  }
  EXPECT_LE(results.value_of("handshake_p50"), results.value_of("login_p50"));
}

TEST_F(StressOverTls, BreaksConnectionsOffToo) {
  Options options = options_for(server_, Scenario::Churn);
  options.share_percent = 50;
  options.seconds = 1;
  const Results results = play_over_tls(options);
  expect_broken_sessions(results);
  EXPECT_GT(results.value_of("handshake_rate").value_or(0), 0);
}

TEST_F(StressOverTls, IsAnOptionOfTheProgram) {
  const auto [status, text] = run({"--tls", "--ca", files_.path("ca.pem")});
  EXPECT_EQ(status, 0) << text;
  EXPECT_NE(text.find("2 users, over TLS,"), std::string::npos) << text;
}

TEST_F(StressOverTls, SaysWhatIsWrongWithACertificate) {
  const auto [untrusted, why] = run({"--tls"});
  EXPECT_EQ(untrusted, 1);
  EXPECT_NE(why.find("signed by nobody who is trusted here"), std::string::npos) << why;
  const auto [unread, file] = run({"--tls", "--ca", files_.path("none.pem")});
  EXPECT_EQ(unread, 66);
  EXPECT_NE(file.find("none.pem"), std::string::npos) << file;
  const auto [plain, end] = run({});
  EXPECT_EQ(plain, 1) << end;
}

#endif

}  // namespace
}  // namespace tribar
