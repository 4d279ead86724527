// SPDX-License-Identifier: MIT
//
// tribard with 80 MiB of address space, and peers who want ten times as much: it refuses, and
// lives.
#include "support/memory.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <vector>

#include "support/over_tls.h"
#include "support/patience.h"
#include "support/process.h"
#include "support/running_server.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

/// A tribard that may use `kibibytes` of address space.
class ShortServer {
 public:
  explicit ShortServer(int kibibytes) : process_(command(kibibytes), Process::Stdio::Pipes) {
    process_.read_error_until("listening on 127.0.0.1:");
    port_ = static_cast<std::uint16_t>(std::stoi(process_.read_error_until("\n")));
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Process& process() { return process_; }

  /// It answers, and ends as it should.
  void expect_alive() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    WireFrame answer;
    do {  // connections that were just closed may still count
      TestPeer peer(port_);
      peer.send(List{"nobody"});
      answer = peer.receive();
    } while (answer.data.starts_with("the server is at its limit of ") &&
             std::chrono::steady_clock::now() < deadline);
    EXPECT_EQ(answer, names({}));
    process_.signal(SIGTERM);
    EXPECT_EQ(process_.wait_for_exit(), 0) << process_.error();
  }

 private:
  std::vector<std::string> command(int kibibytes) {
    const char* path = std::getenv("TRIBARD");
    Config config;
    config.listen.resize(1);
    if (is_over_tls()) {
      use_tls(config);
    }
    write_file(folder_.file("tribard.json"),
               fmt::format(R"({{"listen": [{{"port": 0, "tls": {}}}],
                        "tls": {{"certificate": "{}", "key": "{}"}},
                        "limits": {{"undelivered_messages": 1000000}}}})",
                           is_over_tls(), config.tls.certificate, config.tls.key));
    return {"/bin/sh", "-c", "ulimit -v " + std::to_string(kibibytes) + "; exec \"$0\" -c \"$1\"",
            path == nullptr ? "tribard" : path, folder_.file("tribard.json")};
  }

  TemporaryFolder folder_;
  Process process_;
  std::uint16_t port_ = 0;
};

constexpr int kShort = 80 * 1024;

TEST(Memory, IsWhatLimitsAreLoweredTo) {
  ShortServer server(kShort);
  const std::string& log = server.process().error();
  for (const char* key : {"connections", "accounts", "queued_bytes", "buffered_bytes"}) {
    EXPECT_NE(log.find(std::string("lowered limits.") + key), std::string::npos) << log;
  }
  server.expect_alive();
}

TEST(Memory, IsNotUsedUpByAccounts) {
  ShortServer server(kShort);
  for (int i = 0; i < 100'000; ++i) {
    TestPeer peer(server.port());
    peer.send(Create{"a-name-that-is-not-short-at-all-and-takes-some-memory-" + std::to_string(i)});
    const WireFrame answer = peer.receive();
    if (answer != response()) {
      EXPECT_EQ(answer.data.substr(0, 27), "the server is at its limit ");
      EXPECT_GT(i, 1000);
      return server.expect_alive();
    }
    peer.reset();
  }
  FAIL() << "no CREATE was refused";
}

TEST(Memory, IsNotUsedUpByMessagesThatWait) {
  for (const std::size_t bytes : std::initializer_list<std::size_t>{0, 1000, 60'000}) {
    ShortServer server(kShort);
    for (int i = 0; i < 20; ++i) {
      created(server.port(), "away" + std::to_string(i)).close();
    }
    TestPeer ann = created(server.port(), "ann");
    const std::string text(bytes, 'x');
    std::size_t kept = 0;
    std::size_t refused = 0;
    // Ten times the memory that there is, or until many are refused.
    const std::size_t rounds = 10 * (std::size_t{kShort} << 10) / (100 + bytes) / 100;
    for (std::size_t round = 0; round < rounds && refused < 20'000; ++round) {
      std::string batch;
      for (int i = 0; i < 100; ++i) {
        batch += send_bytes("ann", "away" + std::to_string(i % 20), text);
      }
      ann.send_raw(batch);
      for (const WireFrame& answer : ann.receive(100)) {
        ++(answer.code == 2 ? kept : refused);
        if (answer.code != 2) {
          ASSERT_EQ(answer.data, "the server holds too many undelivered messages, try again later");
        }
      }
    }
    EXPECT_GT(kept, 50U);
    EXPECT_GT(refused, 1000U);
    server.expect_alive();
  }
}

TEST(Memory, IsNotUsedUpByPeersThatDoNotRead) {
  ShortServer server(kShort);
  constexpr int kNames = 2000;
  for (int i = 0; i < kNames; ++i) {
    created(server.port(), "a-name-that-is-not-short-at-all-" + std::to_string(i)).reset();
  }
  // 80 KB an answer, and 100 who want a hundred each and read none.
  std::vector<TestPeer> peers;
  std::string flood;
  for (int i = 0; i < 100; ++i) {
    flood += bytes_of(List{"*"});
  }
  for (int i = 0; i < 100; ++i) {
    peers.emplace_back(server.port(), TestPeer::Options{.receive_buffer_bytes = 4096});
    static_cast<void>(peers.back().send_some(flood));
  }
  TestPeer reader(server.port());
  reader.send(List{"nobody"});
  reader.expect(names({}));
  // One that reads gets its answer, whole.
  reader.send(List{"*-1999"});
  reader.expect(names({"a-name-that-is-not-short-at-all-1999"}));
  peers.clear();
  server.expect_alive();
}

TEST(Memory, IsNotUsedUpByConnections) {
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
  ShortServer server(kShort);
  TestPeer reader = created(server.port(), "a-name-that-is-not-short-at-all");
  constexpr int kNames = 200;
  for (int i = 0; i < kNames; ++i) {
    created(server.port(), "a-name-that-is-not-short-at-all-" + std::to_string(i)).reset();
  }
  // Each wants 50 KB, and reads none of it.
  std::string flood;
  for (int i = 0; i < 7; ++i) {
    flood += bytes_of(List{"*"});
  }
  std::vector<TestPeer> peers;
  for (int i = 0; i < 1500; ++i) {
    peers.emplace_back(server.port(), TestPeer::Options{.receive_buffer_bytes = 4096});
    static_cast<void>(peers.back().send_some(flood));
  }
  reader.send(List{"nobody"});
  reader.expect(names({}));
  peers.clear();
  reader.close();
  server.expect_alive();
}

TEST(Memory, IsNotUsedUpByFramesThatDoNotEnd) {
  ShortServer server(kShort);
  std::vector<TestPeer> peers;
  for (int i = 0; i < 150; ++i) {
    peers.push_back(created(server.port(), "u" + std::to_string(i)));
    const std::string frame = send_bytes("u" + std::to_string(i), "u0", std::string(65'000, 'x'));
    static_cast<void>(peers.back().send_some(frame.substr(0, 64'000)));
  }
  TestPeer reader(server.port());
  reader.send(List{"u1"});
  reader.expect(names({"u1"}));
  peers.clear();
  server.expect_alive();
}

// What a burst took is given back within seconds of quiet, not kept for the next one for ever.
TEST(Memory, ComesBackAfterABurst) {
  RunningServer server(
      R"("limits": {"undelivered_messages": 1000000, "undelivered_bytes": 1000000000})");
  const std::string frames = send_bytes("ann", "bob", std::string(1'000, 'x'));
  constexpr std::size_t kMessages = 100'000;
  TestPeer ann = created(server.port(), "ann");
  created(server.port(), "bob").close();
  const std::size_t before = resident_bytes(server.process().pid());
  for (std::size_t i = 0; i < kMessages; i += 100) {
    std::string hundred;
    for (int n = 0; n < 100; ++n) {
      hundred += frames;
    }
    ann.send_raw(hundred);
    static_cast<void>(ann.receive(100));
  }
  EXPECT_GT(resident_bytes(server.process().pid()), before + 100'000'000);
  TestPeer bob = logged_in(server.port(), "bob");
  bob.send(Deliver{});
  for (std::size_t i = 0; i < kMessages; i += 100) {
    static_cast<void>(bob.receive(100));
  }
  bob.close();
  constexpr std::size_t kKept = 40'000'000;  // for the next burst
  for (int second = 0; second < 10 && !has_grown_at_most(server.process().pid(), before, kKept);
       ++second) {
    let_pass(1000);
  }
  EXPECT_TRUE(has_grown_at_most(server.process().pid(), before, kKept))
      << resident_bytes(server.process().pid()) << " bytes, " << before << " before";
}

}  // namespace
}  // namespace tribar::test
