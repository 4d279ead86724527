// SPDX-License-Identifier: MIT
//
// tribard as a person or a script runs it: options, exit codes, signals, its log, and what happens
// when descriptors are short.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "support/memory.h"
#include "support/process.h"
#include "support/running_server.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "tls/tls_context.h"

namespace tribar::test {
namespace {

/// A config file with `text` in it, for as long as it lives.
class ConfigFile {
 public:
  explicit ConfigFile(std::string_view text) {
    std::string name = (std::filesystem::temp_directory_path() / "tribard_test_XXXXXX").string();
    const int fd = mkstemp(name.data());
    EXPECT_GE(fd, 0);
    close(fd);
    path_ = name;
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr std::string_view kAnyPort = R"("listen": [{"host": "127.0.0.1", "port": 0}])";

struct Outcome {
  int exit_code = 0;
  std::string output;
  std::string error;
};

/// Runs tribard up to its end.
Outcome run(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) {
  arguments.insert(arguments.begin(), tribard());
  Process process(arguments, Process::Stdio::Pipes, environment);
  process.end_input();
  const int exit_code = process.wait_for_exit();
  return {exit_code, process.output(), process.error()};
}

TEST(Tribard, PrintsItsVersionAndItsHelp) {
  for (const char* option : {"-V", "--version"}) {
    const Outcome outcome = run({option});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.output.substr(0, 8), "tribard ");
    EXPECT_EQ(outcome.error, "");
  }
  for (const char* option : {"-h", "--help"}) {
    const Outcome outcome = run({option});
    EXPECT_EQ(outcome.exit_code, 0);
    for (const char* text : {"-c", "--config", "-t", "--check-config", "--print-config", "-V",
                             "--version", "-h", "--help", "TRIBAR_CONFIG"}) {
      EXPECT_NE(outcome.output.find(text), std::string::npos) << text;
    }
  }
}

TEST(Tribard, RefusesWrongUsage) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"-x"}, {"--what"}, {"-c"}, {"--config"}, {"file"}, {"-t=1"}, {"--version=2"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 64) << arguments.front();
    EXPECT_EQ(outcome.output, "");
    EXPECT_NE(outcome.error, "");
  }
}

TEST(Tribard, ReportsEveryMistakeOfAConfig) {
  const ConfigFile config("{\n  \"worker\": 1,\n  \"limits\": {\"accounts\": 0}\n}\n");
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"-c", config.path(), "-t"},
                                             {"-c", config.path()},
                                             {"-c", config.path(), "--print-config"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 78);
    EXPECT_EQ(outcome.output, "");
    EXPECT_NE(outcome.error.find(config.path() + ":2:3: "), std::string::npos) << outcome.error;
    EXPECT_NE(outcome.error.find(config.path() + ":3:"), std::string::npos) << outcome.error;
    EXPECT_NE(outcome.error.find("limits.accounts"), std::string::npos) << outcome.error;
  }
  EXPECT_EQ(run({"-t", "-c", "/no/such/file"}).exit_code, 78);
}

TEST(Tribard, ChecksAConfigAndDoesNothingElse) {
  const ConfigFile config(fmt::format("{{{}}}", kAnyPort));
  const Outcome outcome = run({"--check-config", "--config", config.path()});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output, config.path() + ": the settings are valid\n");
  EXPECT_EQ(outcome.error, "");
}

/// Runs tribard with `input` as its standard input.
Outcome run_with_input(std::vector<std::string> arguments, std::string_view input) {
  arguments.insert(arguments.begin(), tribard());
  Process process(arguments, Process::Stdio::Pipes);
  process.send(input);
  process.end_input();
  const int exit_code = process.wait_for_exit();
  return {exit_code, process.output(), process.error()};
}

TEST(Tribard, ReadsItsConfigFromStandardInput) {
  const std::string config = fmt::format("{{{}, \"workers\": 3}}", kAnyPort);
  Outcome outcome = run_with_input({"-t", "-c", "-"}, config);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output, "standard input: the settings are valid\n");
  outcome = run_with_input({"--print-config", "-c", "-"}, config);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.output.find("\"workers\": 3"), std::string::npos) << outcome.output;
  outcome = run_with_input({"-c", "-"}, "{\"workers\": -1}");
  EXPECT_EQ(outcome.exit_code, 78);
  EXPECT_EQ(outcome.error, "tribard: standard input:1:13: workers must be 0 to 64, but is -1\n");

  Process server({tribard(), "-c", "-"}, Process::Stdio::Pipes);
  server.send(config);
  server.end_input();
  server.read_error_until("standard input");
  server.read_error_until("listening on 127.0.0.1:");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait_for_exit(), 0);
}

TEST(Tribard, ChecksTheConfigOfAServerThatRuns) {
  RunningServer server;
  TestPeer ann = created(server.port(), "ann");
  const ConfigFile config(
      fmt::format(R"({{"listen": [{{"host": "127.0.0.1", "port": {}}}]}})", server.port()));
  const Outcome outcome = run({"-t", "-c", config.path()});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output,
            fmt::format("127.0.0.1:{} is in use by a running tribard\n{}: the settings are valid\n",
                        server.port(), config.path()));
  EXPECT_EQ(outcome.error, "");
  ann.expect_nothing_before_an_answer();
}

TEST(Tribard, ReportsEveryAddressOnWhichItCannotListen) {
  const ConfigFile config(R"({"listen": [{"host": "no.such.host.invalid"},
      {"host": "192.0.2.1", "port": 0}, {"port": 0}]})");
  const Outcome outcome = run({"-t", "-c", config.path()});
  EXPECT_EQ(outcome.exit_code, 69);
  EXPECT_EQ(outcome.output, "");
  EXPECT_NE(outcome.error.find("tribard: cannot listen on no.such.host.invalid:9000: "),
            std::string::npos)
      << outcome.error;
  EXPECT_NE(outcome.error.find("tribard: cannot listen on 192.0.2.1:0: "), std::string::npos)
      << outcome.error;
}

// It was a success when not a byte of it could be written.
TEST(Tribard, FailsWhenItCannotPrint) {
  const ConfigFile output("");
  const ConfigFile config(fmt::format("{{{}}}", kAnyPort));
  for (const char* option : {"--help", "--version", "--print-config", "-t"}) {
    // A file that may not grow is as full as a disk.
    Process process(
        {"/bin/sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" -c \"$1\" \"$2\" >\"$3\"",
         tribard(), config.path(), option, output.path()},
        Process::Stdio::Pipes);
    process.end_input();
    EXPECT_EQ(process.wait_for_exit(), 74) << option;
    EXPECT_EQ(process.error(), "tribard: standard output: File too large\n") << option;
  }
}

TEST(Tribard, AcceptsTheConfigThatItPrints) {
  const ConfigFile config(
      R"({"workers": 3, "limits": {"accounts": 7}, "log": {"format": "json"}})");
  const Outcome first = run({"-c", config.path(), "--print-config"});
  EXPECT_EQ(first.exit_code, 0);
  EXPECT_NE(first.output.find("\"workers\": 3"), std::string::npos);
  const ConfigFile printed(first.output);
  const Outcome second = run({"-c", printed.path(), "--print-config"});
  EXPECT_EQ(second.exit_code, 0);
  EXPECT_EQ(second.output, first.output);
}

TEST(Tribard, TakesTheConfigThatTheEnvironmentNames) {
  const ConfigFile config(R"({"workers": 5})");
  const ConfigFile other(R"({"workers": 6})");
  const std::vector<std::string> environment{"TRIBAR_CONFIG=" + config.path()};
  EXPECT_NE(run({"--print-config"}, environment).output.find("\"workers\": 5"), std::string::npos);
  EXPECT_NE(run({"-c", other.path(), "--print-config"}, environment).output.find("\"workers\": 6"),
            std::string::npos);
  EXPECT_EQ(run({"-t"}, {"TRIBAR_CONFIG=/no/such/file"}).exit_code, 78);
}

TEST(Tribard, SaysWhichConfigItTookAndWhereItListens) {
  const ConfigFile config(R"({"listen": [{"host": "127.0.0.1", "port": 0},
      {"host": "::1", "port": 0}, {"host": "localhost", "port": 0}]})");
  Process server({tribard()}, Process::Stdio::Pipes, {"TRIBAR_CONFIG=" + config.path()});
  server.read_error_until(config.path());
  server.read_error_until("listening on 127.0.0.1:");
  const auto port = static_cast<std::uint16_t>(std::stoi(server.read_error_until("\n")));
  server.read_error_until("listening on [::1]:");
  const auto port_v6 = static_cast<std::uint16_t>(std::stoi(server.read_error_until("\n")));
  // A name is every address that it resolves to.
  server.read_error_until("listening on ");
  TestPeer ann = created(port, "ann");
  TestPeer bob(port_v6, {.host = "::1"});
  bob.create("bob");
  bob.send(Send{{"bob", "ann", "hello"}});
  ann.expect(message("bob", "ann", "hello"));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait_for_exit(), 0);
}

TEST(Tribard, CannotListenOnAPortInUse) {
  RunningServer first;
  const ConfigFile config(
      fmt::format(R"({{"listen": [{{"host": "127.0.0.1", "port": {}}}]}})", first.port()));
  const Outcome second = run({"-c", config.path()});
  EXPECT_EQ(second.exit_code, 69);
  EXPECT_NE(second.error.find(fmt::format("127.0.0.1:{}", first.port())), std::string::npos)
      << second.error;
  const ConfigFile nowhere(R"({"listen": [{"host": "no.such.host.invalid", "port": 0}]})");
  EXPECT_EQ(run({"-c", nowhere.path()}).exit_code, 69);
}

TEST(Tribard, EndsInOrderOnASignalWithWorkUnderWay) {
  for (const int signal : {SIGTERM, SIGINT}) {
    RunningServer server;
    TestPeer ann = created(server.port(), "ann");
    TestPeer bob = created(server.port(), "bob");
    std::string frames;
    for (int i = 0; i < 1000; ++i) {
      frames += send_bytes("ann", "bob", std::to_string(i));
    }
    ann.send_raw(frames);
    bob.expect(message("ann", "bob", "0"));
    server.process().signal(signal);
    EXPECT_EQ(server.process().wait_for_exit(), 0);
    EXPECT_EQ(ann.receive_rest().size(), bob.receive_rest().size() + 1);
    EXPECT_THROW(TestPeer(server.port()), PeerError);
  }
}

TEST(Tribard, EndsAtOnceOnASecondSignal) {
  RunningServer server(R"("limits": {"undelivered_messages": 100000})");
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.create("bob");
  std::string frames;
  for (int i = 0; i < 20'000; ++i) {
    frames += send_bytes("ann", "bob", std::to_string(i));
  }
  ann.send_raw(frames);
  static_cast<void>(ann.receive(20'000));
  server.process().signal(SIGTERM);
  server.process().read_error_until("stopping");
  server.process().signal(SIGTERM);
  EXPECT_EQ(server.process().wait_for_exit(), 128 + SIGTERM);
}

TEST(Tribard, OutlivesPeersThatGoAwayWhileItWrites) {
  RunningServer server;
  TestPeer ann = created(server.port(), "ann");
  for (int i = 0; i < 50; ++i) {
    TestPeer peer(server.port());
    std::string frames = bytes_of(Create{"u" + std::to_string(i)});
    for (int n = 0; n < 50; ++n) {
      frames += bytes_of(List{""});
    }
    peer.send_raw(frames);
    peer.reset();
  }
  ann.expect_nothing_before_an_answer();
  server.process().signal(SIGTERM);
  EXPECT_EQ(server.process().wait_for_exit(), 0);
}

TEST(Tribard, LogsOneObjectALineWhenAskedTo) {
  RunningServer server(R"("log": {"format": "json", "level": "debug"})");
  TestPeer ann = created(server.port(), "ann");
  ann.close();
  server.process().signal(SIGTERM);
  EXPECT_EQ(server.process().wait_for_exit(), 0);
  const std::string& log = server.process().error();
  std::size_t lines = 0;
  for (std::size_t at = 0; at < log.size(); ++lines) {
    const std::size_t end = log.find('\n', at);
    ASSERT_NE(end, std::string::npos) << log;
    EXPECT_EQ(log[at], '{') << log;
    EXPECT_EQ(log[end - 1], '}') << log;
    EXPECT_NE(log.substr(at, end - at).find("\"level\""), std::string::npos) << log;
    at = end + 1;
  }
  EXPECT_GT(lines, 3U);
}

TEST(Tribard, RefusesConnectionsBeforeDescriptorsRunOut) {
  const ConfigFile config(fmt::format("{{{}}}", kAnyPort));
  Process server({"/bin/sh", "-c", "ulimit -n 64; exec \"$0\" -c \"$1\"", tribard(), config.path()},
                 Process::Stdio::Pipes);
  server.read_error_until("the limit on descriptors, 64, allows ");
  const std::size_t allowed = std::stoul(server.read_error_until(" connections"));
  server.read_error_until("listening on 127.0.0.1:");
  const auto port = static_cast<std::uint16_t>(std::stoi(server.read_error_until("\n")));
  ASSERT_GT(allowed, 10U);
  ASSERT_LT(allowed, 64U);

  const WireFrame refusal = response(
      fmt::format("the server is at its limit of {} connections, try again later", allowed));
  std::vector<TestPeer> peers;
  for (int i = 0; i < 150; ++i) {
    peers.emplace_back(port).send(Create{"u" + std::to_string(i)});
  }
  std::vector<TestPeer> served;
  for (TestPeer& peer : peers) {
    const WireFrame answer = peer.receive();
    if (answer == response()) {
      served.push_back(std::move(peer));
    } else {
      EXPECT_EQ(answer, refusal);
      peer.expect_closed();
    }
  }
  EXPECT_EQ(served.size(), allowed);
  served.front().expect_nothing_before_an_answer();

  // As many as leave can come.
  for (int i = 0; i < 5; ++i) {
    served.pop_back();
  }
  served.front().expect_nothing_before_an_answer();
  for (int i = 0; i < 5; ++i) {
    served.push_back(created(port, "v" + std::to_string(i)));
  }
  TestPeer late(port);
  late.expect(refusal);
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait_for_exit(), 0);
}

/// CPU time that the process has used, in clock ticks.
unsigned long cpu_ticks(pid_t pid) {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  unsigned long user = 0;
  unsigned long system = 0;
  const std::string rest = text.substr(text.rfind(')') + 1);
  std::sscanf(rest.c_str(), " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return user + system;
}

/// Waits for a second, which another server is the clock of.
void wait_a_second() {
  RunningServer clock(R"("timeouts": {"login_ms": 1000})");
  TestPeer silent(clock.port());
  silent.expect(response("no login within 1000 ms"));
}

TEST(Tribard, DoesNotSpinOverPeersInOddStates) {
  RunningServer server(R"("limits": {"in_flight_commands": 1, "connections": 8},
      "timeouts": {"stalled_ms": 0, "frame_ms": 0})");
  TestPeer ann = created(server.port(), "ann");
  TestPeer partial(server.port());
  partial.send_raw(std::string_view("\0\0\0", 3));
  // Owed more than it takes, with a command that waits; then it is not read from, and ends.
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.create("bob");
  for (int i = 0; i < 100; ++i) {
    ann.send(Send{{"ann", "bob", std::string(10'000, 'x')}});
    static_cast<void>(ann.receive());
  }
  bob.send_raw(bytes_of(List{""}) + bytes_of(List{""}));
  bob.half_close();
  TestPeer half_closed(server.port(), {.receive_buffer_bytes = 4096});
  half_closed.create("cid");
  for (int i = 0; i < 100; ++i) {
    ann.send(Send{{"ann", "cid", std::string(10'000, 'x')}});
    static_cast<void>(ann.receive());
  }
  half_closed.half_close();
  ann.expect_nothing_before_an_answer();

  const pid_t pid = server.process().pid();
  const unsigned long before = cpu_ticks(pid);
  wait_a_second();
  EXPECT_LE(cpu_ticks(pid) - before, 5U);
}

/// How often `text` stands in `log`.
int count_of(std::string_view text, std::string_view log) {
  int count = 0;
  for (std::size_t at = log.find(text); at != std::string_view::npos;
       at = log.find(text, at + text.size())) {
    ++count;
  }
  return count;
}

// libuv's own listening goes on in a circle then, for as long as there is no descriptor.
TEST(Tribard, LetsConnectionsWaitWhileThereAreNoDescriptors) {
  RunningServer server;
  TestPeer ann = created(server.port(), "ann");
  const pid_t pid = server.process().pid();
  rlimit before{};
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, nullptr, &before), 0);
  rlimit none = before;
  none.rlim_cur = 1;
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, &none, nullptr), 0);
  std::vector<TestPeer> peers;
  for (int i = 0; i < 40; ++i) {
    peers.emplace_back(server.port()).send(Create{"u" + std::to_string(i)});
  }
  server.process().read_error_until("connections have to wait: too many open files");
  ann.expect_nothing_before_an_answer();
  const unsigned long ticks = cpu_ticks(pid);
  wait_a_second();
  EXPECT_LE(cpu_ticks(pid) - ticks, 2U);
  server.process().take_output();
  EXPECT_LE(count_of("connections have to wait", server.process().error()), 3);

  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, &before, nullptr), 0);
  const auto start = std::chrono::steady_clock::now();
  for (TestPeer& peer : peers) {
    peer.expect(response());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  ann.expect_nothing_before_an_answer();
}

TEST(Tribard, LogsOneLineASecondAboutThoseWhomItTurnsAway) {
  RunningServer server(R"("limits": {"connections": 1})");
  TestPeer ann = created(server.port(), "ann");
  const auto start = std::chrono::steady_clock::now();
  int refused = 0;
  while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(1500)) {
    TestPeer late(server.port());
    late.expect(response("the server is at its limit of 1 connections, try again later"));
    ++refused;
  }
  wait_a_second();
  server.process().signal(SIGTERM);
  EXPECT_EQ(server.process().wait_for_exit(), 0);
  const std::string& log = server.process().error();
  EXPECT_GE(count_of("rejected ", log), 1) << log;
  EXPECT_LE(count_of("rejected ", log), 4) << log;
  EXPECT_LE(count_of("\n", log), 12) << log;
  EXPECT_GT(refused, 10);
}

TEST(Tribard, WarnsWhenOthersThanThisMachineCanConnect) {
  constexpr std::string_view kWarning = "protocol 0 has no passwords";
  const auto log_of = [](std::string_view host) {
    const ConfigFile config(fmt::format(R"({{"listen": [{{"host": "{}", "port": 0}}]}})", host));
    Process server({tribard(), "-c", config.path()}, Process::Stdio::Pipes);
    server.read_error_until("listening on ");
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait_for_exit(), 0);
    return server.error();
  };
  EXPECT_EQ(count_of(kWarning, log_of("127.0.0.1")), 0);
  EXPECT_EQ(count_of(kWarning, log_of("127.1.2.3")), 0);
  EXPECT_EQ(count_of(kWarning, log_of("0.0.0.0")), 1);
}

TEST(Tribard, ListensAtASocketAndChecksIt) {
  const TemporaryFolder folder;
  const std::string path = folder.file("tribar.sock");
  const ConfigFile config(fmt::format(R"({{"listen": [{{"socket": "{}"}}]}})", path));
  for (int round = 0; round < 2; ++round) {
    Outcome check = run({"-t", "-c", config.path()});
    EXPECT_EQ(check.exit_code, 0);
    EXPECT_EQ(check.output, config.path() + ": the settings are valid\n");
    Process server({tribard(), "-c", config.path()}, Process::Stdio::Pipes);
    server.read_error_until("listening on unix:" + path);
    TestPeer ann = TestPeer::at_socket(path);
    ann.create("ann");
    check = run({"-t", "-c", config.path()});
    EXPECT_EQ(check.exit_code, 0);
    EXPECT_EQ(check.output,
              fmt::format("unix:{} is in use by a running tribard\n{}: the settings are valid\n",
                          path, config.path()));
    const Outcome second = run({"-c", config.path()});
    EXPECT_EQ(second.exit_code, 69);
    EXPECT_NE(second.error.find(fmt::format("cannot listen on unix:{}: process {} listens there",
                                            path, server.pid())),
              std::string::npos)
        << second.error;
    // The first one leaves its socket behind, at which nobody listens.
    server.signal(round == 0 ? SIGKILL : SIGTERM);
    static_cast<void>(server.wait_for_exit());
    EXPECT_EQ(mode_of(path), round == 0 ? 0660U : 0U);
  }
}

TEST(Tribard, DoesNotServeInClearTextWhatIsMeantForTls) {
  const TemporaryFolder folder;
  const std::string file = folder.file("pem");
  write_file(file, "");
  const ConfigFile config(fmt::format(
      R"({{"listen": [{{"port": 0, "tls": true}}], "tls": {{"certificate": "{0}", "key": "{0}"}}}})",
      file));
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"-c", config.path(), "-t"}, {"-c", config.path()}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 69);
    const std::string why = has_tls() ? file + ": holds no certificate in PEM" : "without TLS";
    EXPECT_NE(outcome.error.find(why), std::string::npos) << outcome.error;
    EXPECT_EQ(outcome.error.find("listening on"), std::string::npos) << outcome.error;
  }
}

TEST(Tribard, KeepsNothingOfConnectionsThatAreGone) {
  RunningServer server;
  const pid_t pid = server.process().pid();
  const auto come_and_go = [&server](int rounds) {
    for (int round = 0; round < rounds; ++round) {
      std::vector<TestPeer> peers;
      for (int i = 0; i < 50; ++i) {
        const std::string name = "u" + std::to_string(i);
        peers.emplace_back(server.port())
            .send_raw(bytes_of(Create{name}) + send_bytes(name, name, std::string(500, 'x')) +
                      bytes_of(List{"u*"}) + bytes_of(Delete{}) +
                      (i % 2 == 0 ? bytes_of(List{"x"}) : bytes_of(List{"x"}).substr(0, 30)));
      }
      for (std::size_t i = 0; i < peers.size(); ++i) {
        static_cast<void>(peers[i].receive(4));
        if (i % 3 == 0) {
          peers[i].reset();
        }
      }
    }
  };
  come_and_go(20);
  const std::size_t before = resident_bytes(pid);
  come_and_go(100);
  EXPECT_TRUE(has_grown_at_most(pid, before, 1 << 20));
}

}  // namespace
}  // namespace tribar::test
