// SPDX-License-Identifier: MIT
//
// What the programs do when whoever started them did not mean well: signals, stopped time, closed
// descriptors, a log that nobody reads.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.h"
#include "support/running_server.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

using Clock = std::chrono::steady_clock;

const WireFrame kStopping = response("the server is shutting down");

TEST(Surroundings, StopInOrderOnEverySignalThatAsksForIt) {
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGXCPU}) {
    SCOPED_TRACE(strsignal(signal));
    RunningServer server;
    TestPeer ann = created(server.port(), "ann");
    server.process().signal(signal);
    ann.expect(kStopping);
    ann.expect_closed();
    ann.close();
    EXPECT_EQ(server.process().wait_for_exit(), 0);
  }
}

TEST(Surroundings, NoOtherSignalEndsTheServer) {
  RunningServer server;
  TestPeer ann = created(server.port(), "ann");
  for (const auto& [signal, name] :
       std::vector<std::pair<int, std::string>>{{SIGUSR1, "SIGUSR1"},
                                                {SIGUSR2, "SIGUSR2"},
                                                {SIGALRM, "SIGALRM"},
                                                {SIGVTALRM, "SIGVTALRM"},
                                                {SIGPROF, "SIGPROF"},
                                                {SIGPOLL, "SIGPOLL"},
                                                {SIGPWR, "SIGPWR"},
                                                {SIGSTKFLT, "SIGSTKFLT"}}) {
    SCOPED_TRACE(name);
    server.process().signal(signal);
    ann.expect_nothing_before_an_answer();
    server.process().read_error_until(name + " is ignored");
  }
  server.process().signal(SIGHUP);
  ann.expect_nothing_before_an_answer();
  server.process().read_error_until("reload: no setting changed");
  for (const int signal : {SIGPIPE, SIGXFSZ, SIGRTMIN, SIGRTMIN + 5, SIGRTMAX}) {
    SCOPED_TRACE(signal);
    server.process().signal(signal);
    ann.expect_nothing_before_an_answer();
  }
  server.process().signal(SIGTERM);
  ann.expect(kStopping);
  ann.close();
  EXPECT_EQ(server.process().wait_for_exit(), 0);
}

// The process was stopped, or the machine slept: what came meanwhile came in time.
TEST(Surroundings, TimeInWhichTheServerDidNotRunCountsAgainstNobody) {
  for (const char* loops : {"1", "3"}) {
    SCOPED_TRACE(loops);
    RunningServer server(
        fmt::format(R"("io_loops": {}, "timeouts": {{"login_ms": 400, "frame_ms": 400}})", loops));
    created(server.port(), "bob").close();
    TestPeer ann = created(server.port(), "ann");
    TestPeer late(server.port());
    TestPeer silent(server.port());
    late.expect_nothing_before_an_answer();
    silent.expect_nothing_before_an_answer();
    const std::string frame = send_bytes("ann", "ann", std::string(5'000, 'x'));
    ann.send_raw(frame.substr(0, 3'000));
    ann.send_raw(frame.substr(3'000, 10));
    server.process().signal(SIGSTOP);
    let_pass(900);
    ann.send_raw(frame.substr(3'010));
    late.send(Login{"bob"});
    server.process().signal(SIGCONT);
    const WireFrame message_to_self = message("ann", "ann", std::string(5'000, 'x'));
    ann.expect(message_to_self);
    ann.expect(message_to_self);
    late.expect(response());
    // And from here on it goes by again.
    silent.expect(response("no login within 400 ms"));
    silent.expect_closed();
  }
}

TEST(Surroundings, TimeInWhichTheServerDidNotRunDoesNotCutAStopShort) {
  RunningServer server(
      R"("timeouts": {"shutdown_ms": 400}, "limits": {"undelivered_messages": 100000})");
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
  server.process().signal(SIGSTOP);
  let_pass(900);
  server.process().signal(SIGCONT);
  EXPECT_EQ(bob.receive(20'000).size(), 20'000U);
  bob.expect(kStopping);
}

TEST(Surroundings, ClosedDescriptorsAreOpenedAsNothing) {
  for (const char* closed : {"<&-", ">&-", "<&- >&-"}) {
    SCOPED_TRACE(closed);
    RunningServer server("", closed);
    TestPeer ann = created(server.port(), "ann");
    server.process().signal(SIGTERM);
    ann.expect(kStopping);
    ann.close();
    EXPECT_EQ(server.process().wait_for_exit(), 0);
  }
}

// Also when the main loop has nothing left to do and others wait for their peers to hang up.
TEST(Surroundings, ASecondSignalEndsAStopAtOnce) {
  RunningServer server(R"("io_loops": 3, "timeouts": {"shutdown_ms": 0})");
  std::vector<TestPeer> peers;
  for (int i = 0; i < 8; ++i) {
    peers.push_back(created(server.port(), "u" + std::to_string(i)));
  }
  server.process().signal(SIGTERM);
  for (TestPeer& peer : peers) {
    peer.expect(kStopping);
  }
  server.process().signal(SIGINT);
  EXPECT_EQ(server.process().wait_for_exit(), 128 + SIGINT);
}

#ifdef TRIBAR_HAS_SQLITE
TEST(Surroundings, AStoreThatMayNotGrowIsAnErrorAndNoSignal) {
  const TemporaryFolder folder;
  write_file(folder.file("tribard.json"), fmt::format(R"({{"listen": [{{"port": 0}}],
                             "storage": {{"engine": "sqlite", "path": "{}"}}}})",
                                                      folder.file("tribar.db")));
  Process server(
      {"/bin/sh", "-c",
       fmt::format("ulimit -f 8; exec '{}' -c '{}'", tribard(), folder.file("tribard.json"))},
      Process::Stdio::Pipes);
  EXPECT_EQ(server.wait_for_exit(), 74) << server.error();
}
#endif

/// A socket that listens on the loopback.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_.fd(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_.fd(), 5), 0);
    EXPECT_EQ(::getsockname(socket_.fd(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// What the next peer sends up to its end.
  [[nodiscard]] std::string accept_and_read() const {
    pollfd ready{socket_.fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&ready, 1, 10'000), 1);
    const Channel peer(::accept(socket_.fd(), nullptr, nullptr));
    std::string all;
    char bytes[4096];
    ready.fd = peer.fd();
    while (::poll(&ready, 1, 10'000) == 1) {
      const ssize_t got = ::read(peer.fd(), bytes, sizeof bytes);
      if (got <= 0) {
        break;
      }
      all.append(bytes, static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  Channel socket_;
  std::uint16_t port_ = 0;
};

/// A port that was free a moment ago.
std::uint16_t free_port() { return Listener().port(); }

TEST(Surroundings, AServerWithoutStandardErrorServesAndStops) {
  const TemporaryFolder folder;
  const std::uint16_t port = free_port();
  write_file(folder.file("tribard.json"), fmt::format(R"({{"listen": [{{"port": {}}}]}})", port));
  Process server({"/bin/sh", "-c",
                  fmt::format("exec '{}' -c '{}' 2>&-", tribard(), folder.file("tribard.json"))},
                 Process::Stdio::Pipes);
  std::unique_ptr<TestPeer> ann;
  for (const auto begin = Clock::now(); !ann && Clock::now() - begin < std::chrono::seconds(20);) {
    try {
      ann = std::make_unique<TestPeer>(port);
    } catch (const PeerError&) {
      // It does not listen yet.
    }
  }
  ASSERT_TRUE(ann);
  ann->create("ann");
  server.signal(SIGTERM);
  ann->expect(kStopping);
  ann->close();
  EXPECT_EQ(server.wait_for_exit(), 0);
}

TEST(Surroundings, AClientWithoutStandardStreamsEnds) {
  for (const char* closed : {"<&-", ">&-", "<&- >&- 2>&-"}) {
    SCOPED_TRACE(closed);
    const Listener listener;
    Process client({"/bin/sh", "-c",
                    fmt::format("exec '{}' 127.0.0.1:{} {}", program("TRIBAR", "tribar"),
                                listener.port(), closed)},
                   Process::Stdio::Pipes);
    client.end_input();
    EXPECT_EQ(listener.accept_and_read(), "") << "what is printed went to the server";
    EXPECT_EQ(client.wait_for_exit(), 0);
  }
}

TEST(Surroundings, ALoadTesterWithoutStandardStreamsEnds) {
  RunningServer server;
  Process stress({"/bin/sh", "-c",
                  fmt::format("exec '{}' --server 127.0.0.1:{} --users 2 --seconds 1 <&- >&- 2>&-",
                              program("TRIBAR_STRESS", "tribar-stress"), server.port())},
                 Process::Stdio::Pipes);
  EXPECT_EQ(stress.wait_for_exit(), 0);
}

// What is logged fills the pipe and the queue behind it; nobody waits for that.
TEST(Surroundings, ALogThatNobodyReadsStopsNothing) {
  RunningServer server(R"("log": {"level": "debug"})");
  TestPeer ann = created(server.port(), "ann");
  for (int i = 0; i < 12'000; ++i) {
    const TestPeer passer_by(server.port());
  }
  ann.expect_nothing_before_an_answer();
  // Somebody reads again: what was dropped is counted.
  server.process().read_error_until(" lines were dropped: nobody read the log in time");
  // And again nobody.
  for (int i = 0; i < 12'000; ++i) {
    const TestPeer passer_by(server.port());
  }
  ann.expect_nothing_before_an_answer();
  server.process().signal(SIGTERM);
  ann.expect(kStopping);
  ann.expect_closed();
  ann.close();
  EXPECT_EQ(server.process().wait_for_exit(), 0);
}

TEST(Surroundings, AccountsThatComeAndGoAreLogged) {
  RunningServer server;
  TestPeer ann = created(server.port(), "ann");
  server.process().read_error_until(" info  accounts: created ann\n");
  ann.send(Delete{});
  server.process().read_error_until(" info  accounts: deleted ann\n");
  // Very many are counted.
  std::string creations;
  for (int i = 0; i < 500; ++i) {
    creations += bytes_of(Create{"u" + std::to_string(i)}) + bytes_of(Delete{});
  }
  ann.send_raw(creations);
  static_cast<void>(ann.receive(500));
  const std::string log = server.process().read_error_until(" within ");
  std::size_t created = 0;
  std::size_t deleted = 0;
  for (std::size_t at = 0; (at = log.find(": created u", at)) != std::string::npos; ++at) {
    ++created;
  }
  for (std::size_t at = 0; (at = log.find(": deleted u", at)) != std::string::npos; ++at) {
    ++deleted;
  }
  EXPECT_LE(created + deleted, 20U);
  EXPECT_NE(
      log.find(fmt::format("created {} more and deleted {} more", 500 - created, 500 - deleted)),
      std::string::npos)
      << log;
}

}  // namespace
}  // namespace tribar::test
