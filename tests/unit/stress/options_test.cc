// SPDX-License-Identifier: MIT
//
// The command line, and what it is made of: addresses, thresholds, roles.
#include "stress/options.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <vector>

#include "stress/results.h"
#include "stress/roles.h"

namespace tribar::stress {
namespace {

Result<Options, std::string> parse(std::initializer_list<const char*> arguments) {
  std::vector<std::string> words{"tribar-stress"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  return parse_options(static_cast<int>(words.size()), argv.data());
}

TEST(Options, AreReadFromTheCommandLine) {
  const auto parsed = parse({"--server", "[::1]:9001", "--users=7", "--bytes", "24-100", "--rate",
                             "1e3", "--fail-if", "p99>5ms", "--fail-if", "lost>0"});
  ASSERT_TRUE(parsed.is_ok()) << parsed.error();
  const Options& options = parsed.value();
  EXPECT_EQ(options.servers, (std::vector<HostPort>{{.host = "::1", .port = 9001}}));
  EXPECT_EQ(options.users, 7U);
  EXPECT_EQ(options.least_bytes, 24U);
  EXPECT_EQ(options.most_bytes, 100U);
  EXPECT_EQ(options.rate, 1000);
  EXPECT_EQ(options.scenario, Scenario::Rate);
  ASSERT_EQ(options.thresholds.size(), 2U);
  EXPECT_EQ(options.thresholds[0].bound, 5000);
}

TEST(Options, TakeSeveralServers) {
  using Servers = std::vector<HostPort>;
  EXPECT_EQ(parse({}).value().servers, Servers{{}});
  const auto servers = parse({"--server", "a:1,[::1]:2,:3"}).value().servers;
  EXPECT_EQ(servers, (Servers{{"a", 1}, {"::1", 2}, {"127.0.0.1", 3}}));
  EXPECT_EQ(to_text(servers), "a:1,[::1]:2,127.0.0.1:3");
  EXPECT_EQ(parse({"--server", "a,,b"}).error(),
            "--server is 'a,,b': an address is missing beside a comma");
  EXPECT_EQ(parse({"--server", "a,b:0"}).error(), "--server is 'b:0': a port is 1..65535");
  EXPECT_EQ(parse({"--server", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p"}).value().servers.size(), 16U);
  EXPECT_EQ(parse({"--server", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"}).error(),
            "--server is 'a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q': at most 16 addresses are allowed");
}

TEST(Options, TakeASecretWithProtocol1) {
  EXPECT_EQ(parse({}).value().protocol, 0);
  const auto parsed = parse({"--secret", "b\xc3\xa4rentatze", "--protocol", "1"});
  ASSERT_TRUE(parsed.is_ok()) << parsed.error();
  EXPECT_EQ(parsed.value().protocol, 1);
  EXPECT_EQ(parsed.value().secret, "b\xc3\xa4rentatze");
  EXPECT_EQ(parse({"--secret", "bears-and-trees"}).error(), "--secret needs --protocol 1");
}

TEST(Options, TakeTlsAndACa) {
  EXPECT_FALSE(parse({}).value().is_tls);
  EXPECT_TRUE(parse({"--tls"}).value().is_tls);
  EXPECT_EQ(parse({"--tls", "--ca", "ca.pem"}).value().ca_file, "ca.pem");
  EXPECT_EQ(parse({"--ca", "ca.pem"}).error(), "--ca needs --tls");
}

TEST(Options, TakeTheSecretFromAFile) {
  const std::string path = testing::TempDir() + "/stress_options_test_secret";
  std::ofstream(path) << "bears-and-trees\nnot this\n";
  const auto parsed = parse({"--protocol", "1", "--secret-file", path.c_str()});
  std::remove(path.c_str());
  ASSERT_TRUE(parsed.is_ok()) << parsed.error();
  EXPECT_EQ(parsed.value().secret, "bears-and-trees");
  EXPECT_FALSE(parse({"--protocol", "1", "--secret-file", path.c_str()}).is_ok()) << "removed";
}

TEST(Options, LeaveTheScenarioToWhoNamesIt) {
  const auto parsed = parse({"--rate", "10", "--scenario", "slow"});
  ASSERT_TRUE(parsed.is_ok());
  EXPECT_EQ(parsed.value().scenario, Scenario::Slow);
}

TEST(Options, RefuseWhatCannotBe) {
  const std::initializer_list<const char*> cases[] = {
      {"--users", "0"},
      {"--users", "x"},
      {"--users", "1000001"},
      {"--window", "0"},
      {"--protocol", "2"},
      {"--protocol", "1", "--secret", ""},
      {"--protocol", "1", "--secret", "a|||b"},
      {"--protocol", "1", "--secret", "\xff"},
      {"--bytes", "23"},
      {"--bytes", "30-29"},
      {"--seconds", "0"},
      {"--seconds", "nan"},
      {"--rate", "0"},
      {"--seed", "-1"},
      {"--share", "91"},
      {"--warmup", "11"},
      {"--messages", "0"},
      {"--server", "[::1"},
      {"--server", "::1"},
      {"--server", "a:b"},
      {"--server", "a:65536"},
      {"--server", "[[::1]"},
      {"--server", "a]:1"},
      {"--fail-if", "p99"},
      {"--fail-if", "p99>"},
      {"--fail-if", "p99>5h"},
      {"--fail-if", "lost>5ms"},
      {"--fail-if", "nothing>1"},
      {"--fail-if", "lost>inf"},
      {"--fail-if", "p99>nan"},
      {"--fail-if", "p99>1e308s"},
      {"--scenario", "rate"},
      {"--server-pid", "0"},
      {"--rate", "5", "--scenario", "churn"},
      {"--rate", "5", "--scenario", "exchange"},
      {"--scenario", "list", "--users", "10", "--share", "90"},
      {"--messages", "5", "--scenario", "idle"},
      {"--messages", "5", "--warmup", "1"},
  };
  for (const auto& arguments : cases) {
    EXPECT_FALSE(parse(arguments).is_ok()) << *arguments.begin() << ' ' << *(arguments.end() - 1);
  }
}

// They went to the terminal as they were.
TEST(Options, RefuseInWordsThatATerminalCanShow) {
  const std::initializer_list<const char*> cases[] = {
      {"\x1b[2J"},
      {"--\x1b[2J"},
      {"--users", "\x1b[2J"},
      {"--scenario", "\x1b[2J"},
      {"--server", "[\x1b[2J"},
      {"--server", "a:\x1b[2J"},
      {"--server", "[a]\x1b[2J"},
      {"--server", "a:b:\x1b[2J"},
      {"--fail-if", "\x1b[2J"},
      {"--fail-if", "\x1b[2J>1"},
      {"--fail-if", "lost>\x1b[2J"},
  };
  for (const auto& arguments : cases) {
    const auto parsed = parse(arguments);
    ASSERT_FALSE(parsed.is_ok());
    EXPECT_NE(parsed.error().find("\\x1b[2J"), std::string::npos) << parsed.error();
    EXPECT_EQ(parsed.error().find('\x1b'), std::string::npos) << parsed.error();
  }
}

TEST(HostPort, IsReadInEveryForm) {
  const struct {
    const char* text;
    HostPort where;
  } cases[] = {
      {"", {"127.0.0.1", 9000}},        {"chat", {"chat", 9000}}, {"chat:1", {"chat", 1}},
      {":65535", {"127.0.0.1", 65535}}, {"[::1]", {"::1", 9000}}, {"[fe80::1]:7", {"fe80::1", 7}},
  };
  for (const auto& [text, where] : cases) {
    const auto parsed = parse_host_port(text);
    ASSERT_TRUE(parsed.is_ok()) << text;
    EXPECT_EQ(parsed.value(), where) << text;
  }
}

TEST(Threshold, IsBrokenOnlyBeyondItsBound) {
  Results results;
  results.set("p99", 5000);
  results.set("rate", 100);
  results.findings.wrongs[0].count = 1;
  const struct {
    const char* text;
    bool is_broken;
  } cases[] = {{"p99>5ms", false},   {"p99>4.9ms", true}, {"p99<5000", false}, {"p99>0.004s", true},
               {"rate<100", false},  {"rate<101", true},  {"lost>0", true},    {"lost>1", false},
               {"doubled>0", false}, {"p50>1s", true}};
  for (const auto& [text, is_broken] : cases) {
    const auto threshold = parse_threshold(text);
    ASSERT_TRUE(threshold.is_ok()) << text;
    EXPECT_EQ(broken(threshold.value(), results).has_value(), is_broken) << text;
  }
}

TEST(Results, KeepTheOrderOfTheTable) {
  Results results;
  results.set("max", 3);
  results.set("sent", 1);
  results.set("p50", 2);
  results.set("max", 4);
  std::string order;
  for (const Figure& figure : results.figures) {
    order += std::string(figure.kind->name) + ' ';
  }
  EXPECT_EQ(order, "sent p50 max ");
  EXPECT_EQ(results.value_of("max"), 4);
  EXPECT_EQ(results.value_of("p99"), std::nullopt);
  EXPECT_EQ(results.value_of("lost"), 0);
}

TEST(Results, HaveNoFigureThatIsNoNumber) {
  Results results;
  results.set("rate", std::numeric_limits<double>::quiet_NaN());
  results.set("list_rate", std::numeric_limits<double>::infinity());
  EXPECT_TRUE(results.figures.empty());
}

TEST(Results, AreWrongWhenSomethingWasNotDone) {
  Results results;
  EXPECT_FALSE(results.is_wrong());
  results.not_done.emplace_back("Nothing was measured.");
  EXPECT_TRUE(results.is_wrong());
}

TEST(Roles, CoverAllUsersOnce) {
  for (std::size_t i = 0; i < kScenarioNames.size(); ++i) {
    for (const User users : {5U, 6U, 100U, 1001U}) {
      Options options;
      options.scenario = static_cast<Scenario>(i);
      options.users = users;
      const Roles roles = share_out(options);
      User next = 0;
      for (const Range& range : {roles.quiet, roles.talkers, roles.sleepers, roles.listers,
                                 roles.churners, roles.absent}) {
        EXPECT_EQ(range.first, next);
        next = range.end();
      }
      EXPECT_EQ(next, users) << kScenarioNames[i];
      EXPECT_GT(roles.recipients.count, 0U);
      // Nobody may have only himself to write to.
      const bool has_senders = roles.talkers.count + roles.churners.count > 0;
      const bool is_one_of_them = roles.recipients.first >= roles.talkers.first &&
                                  roles.recipients.first < roles.sleepers.end();
      EXPECT_TRUE(!has_senders || !is_one_of_them || roles.recipients.count > 1);
    }
  }
}

}  // namespace
}  // namespace tribar::stress
