// SPDX-License-Identifier: MIT
//
// Every setting of the table that needs no restart is changed by a reload, and counts then. Those
// of TLS: tls_test.cc, which has a table of its own.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "base/log.h"
#include "config/config_table.h"
#include "secrets/vault.h"
#include "support/over_tls.h"
#include "support/patience.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "support/test_server.h"
#include "support/threads.h"
#include "support/unix_connection.h"
#include "zero/reply1.h"
#ifdef TRIBAR_HAS_SQLITE
#include "support/fault_vfs.h"
#endif

namespace tribar::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// What shows that the setting of that name counts.
using Proof = void (*)();

[[nodiscard]] bool comes(const std::function<bool()>& is_so) {
  const auto deadline = Clock::now() + milliseconds(kPatienceMs);
  while (!is_so()) {
    if (Clock::now() > deadline) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

/// Reads `change` as new settings, which must be right.
void reload(TestServer& server, const std::function<void(Config&)>& change) {
  const ReloadResult result = server.reload(change);
  EXPECT_EQ(result.mistakes, std::vector<std::string>{});
  EXPECT_EQ(result.changed.size(), 1U);
  EXPECT_EQ(result.needs_restart, std::vector<std::string>{});
}

void prove_listen() {
  TestServer server;
  reload(server, [](Config& config) {
    ListenerSettings another{"127.0.0.1", 0};
    another.tls = is_over_tls();
    config.listen.push_back(another);
  });
  ASSERT_EQ(server.ports().size(), 2U);
  TestPeer ann = created(server.ports()[1], "ann");
}

void prove_connections() {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  reload(server, [](Config& config) { config.limits.connections = 1; });
  TestPeer bob(server.port());
  bob.expect(response("the server is at its limit of 1 connections, try again later"));
}

void prove_connections_per_address() {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  reload(server, [](Config& config) { config.limits.connections_per_address = 1; });
  TestPeer bob(server.port());
  bob.expect(response("the server takes 1 connections from one address, try again later"));
}

/// `act` must take as long as there are seconds in twenty of something of which ten are allowed.
void expect_paced(const std::function<void()>& act) {
  const auto begin = Clock::now();
  act();
  EXPECT_GE(Clock::now() - begin, milliseconds(900));
}

void prove_new_connections_per_second() {
  TestServer server;
  reload(server, [](Config& config) { config.limits.new_connections_per_second = 10; });
  expect_paced([&] {
    std::vector<TestPeer> peers;
    for (int i = 0; i < 20; ++i) {
      peers.push_back(created(server.port(), fmt::format("user{}", i)));
    }
  });
}

void prove_commands_per_second() {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  reload(server, [](Config& config) { config.limits.commands_per_second = 10; });
  expect_paced([&] {
    for (int i = 0; i < 20; ++i) {
      ann.expect_nothing_before_an_answer();
    }
  });
}

void prove_accounts() {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  reload(server, [](Config& config) { config.limits.accounts = 1; });
  TestPeer bob(server.port());
  bob.send(Create{"bob"});
  bob.expect(response("the server is at its limit of 1 accounts"));
}

void prove_username_bytes() {
  TestServer server;
  reload(server, [](Config& config) { config.limits.username_bytes = 2; });
  TestPeer ann(server.port());
  ann.send(Create{"ann"});
  ann.expect(response("the username has 3 bytes, 2 are allowed"));
}

#ifdef TRIBAR_HAS_SQLITE
/// Of the messages that a client sends while none is answered no more than `few` are read with
/// `narrow`, and all of them with `wide`.
void prove_window(const std::function<void(Config&)>& narrow,
                  const std::function<void(Config&)>& wide, std::uint64_t few) {
  constexpr std::uint64_t kMessages = 20;
  const TemporaryFolder folder;
  std::atomic<bool> is_held{false};
  std::promise<void> go_on;
  const std::shared_future<void> goes_on = go_on.get_future().share();
  FaultVfs disk;
  disk.before_sync = [&] {
    if (is_held.load()) {
      goes_on.wait();
    }
  };
  Config config;
  config.storage.engine = StorageEngine::Sqlite;
  config.storage.path = folder.file("tribar.db");
  config.control.socket = folder.file("control");
  TestServer server(config);
  created(server.port(), "cid").close();
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob = created(server.port(), "bob");
  reload(server, narrow);
  const auto accepted = [&]() -> std::uint64_t {
    const int fd = connected_to(config.control.socket);
    EXPECT_EQ(send(fd, "status\n", 7, MSG_NOSIGNAL), 7);
    shutdown(fd, SHUT_WR);
    const std::string status = rest_of(fd);
    close(fd);
    constexpr std::string_view kKey = "messages_accepted=";
    const std::size_t at = status.find(kKey);
    return at == std::string::npos ? 0 : std::stoull(status.substr(at + kKey.size()));
  };
  is_held.store(true);
  const std::string text(600, 'x');
  std::string messages;
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    messages += send_bytes("ann", "cid", text);
  }
  ann.send_raw(messages);
  EXPECT_TRUE(comes([&] { return accepted() > 0; }));
  const std::uint64_t before = accepted();
  EXPECT_LE(before, few);
  // Others have a window of their own, and hers is still full when one was read.
  bob.send(Send{{"bob", "cid", "hi"}});
  EXPECT_TRUE(comes([&] { return accepted() > before; }));
  EXPECT_LE(accepted(), few + 1);
  reload(server, wide);
  EXPECT_TRUE(comes([&] { return accepted() == kMessages + 1; })) << accepted();
  is_held.store(false);
  go_on.set_value();
  EXPECT_EQ(ann.receive(kMessages), std::vector<WireFrame>(kMessages, message("ann", "cid", text)));
  bob.expect(message("bob", "cid", "hi"));
}

void prove_in_flight_commands() {
  prove_window([](Config& config) { config.limits.in_flight_commands = 2; },
               [](Config& config) { config.limits.in_flight_commands = 1024; }, 2);
}

void prove_in_flight_bytes() {
  prove_window([](Config& config) { config.limits.in_flight_bytes = 1024; },
               [](Config& config) { config.limits.in_flight_bytes = 262'144; }, 3);
}
#endif

/// Whether `server` refuses one of `most` messages of `bytes` bytes to somebody who is away.
bool refuses_one_of(TestServer& server, int most, std::size_t bytes) {
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  const std::string text(bytes, 'x');
  for (int i = 0; i < most; ++i) {
    ann.send(Send{{"ann", "bob", text}});
    if (ann.receive() != message("ann", "bob", text)) {
      return true;
    }
  }
  return false;
}

void prove_undelivered_messages() {
  TestServer server;
  reload(server, [](Config& config) { config.limits.undelivered_messages = 1; });
  EXPECT_TRUE(refuses_one_of(server, 2, 1));
}

void prove_undelivered_bytes() {
  TestServer server;
  reload(server, [](Config& config) { config.limits.undelivered_bytes = 4096; });
  EXPECT_TRUE(refuses_one_of(server, 2, 4000));
}

void prove_queued_bytes() {
  TestServer server;
  reload(server, [](Config& config) { config.limits.queued_bytes = 1 << 20; });
  EXPECT_TRUE(refuses_one_of(server, 20, 60'000));
}

void prove_buffered_bytes() {
  Config config;
  config.limits.frame_bytes = 1 << 20;
  config.timeouts.frame_ms = 0;
  TestServer server(config);
  const std::string front = send_bytes("u0", "u0", std::string(200'000, 'x')).substr(0, 100'000);
  std::vector<TestPeer> peers;
  for (int i = 0; i < 20; ++i) {
    peers.push_back(created(server.port(), fmt::format("u{}", i)));
    peers.back().send_raw(front);
  }
  reload(server, [](Config& changed) { changed.limits.buffered_bytes = 1 << 20; });
  // Some of those who hold most are disconnected: their names are free.
  EXPECT_TRUE(comes([&] {
    for (int i = 0; i < 20; ++i) {
      TestPeer again(server.port());
      again.send(Login{fmt::format("u{}", i)});
      if (again.receive() == response()) {
        return true;
      }
    }
    return false;
  }));
}

void prove_frame_bytes() {
  const std::string long_text(30'000, 'x');
  const std::string longer_text(90'000, 'x');
  TestServer server;
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  ann.send(Send{{"ann", "bob", long_text}});
  ann.expect(message("ann", "bob", long_text));
  reload(server, [](Config& config) { config.limits.frame_bytes = 100'000; });
  ann.send(Send{{"ann", "bob", longer_text}});
  ann.expect(message("ann", "bob", longer_text));
  reload(server, [](Config& config) { config.limits.frame_bytes = 2048; });
  ann.send(Send{{"ann", "bob", "short"}});
  ann.expect(message("ann", "bob", "short"));
  ann.send(Send{{"ann", "bob", long_text}});
  ann.expect(response("the frame announces more data than the limit of 2048 bytes"));
  // What waits is delivered as it is.
  TestPeer bob = logged_in(server.port(), "bob");
  bob.send(Deliver{});
  for (const std::string& text : {long_text, longer_text, std::string("short")}) {
    bob.expect(message("ann", "bob", text));
  }
}

/// A reader that acknowledges nothing gets no more than its credit.
void prove_outbox_bytes() {
  const std::string text(1000, 'x');
  Config config;
  config.limits.outbox_bytes = 10'000;
  TestServer server(config);
  TestPeer bob(server.port(), {.version = kVersion1});
  bob.send1(Create{"bob", "c"});
  EXPECT_EQ(bob.receive(), response("ok"));
  TestPeer ann = created(server.port(), "ann");
  for (int i = 0; i < 40; ++i) {
    ann.send(Send{{"ann", "bob", text}});
    ann.expect(message("ann", "bob", text));
  }
  int seen = 0;
  MessageNumber last;
  // Reads until there is nothing more for now.
  const auto read_all = [&] {
    bob.send1(Ping{"more?"});
    for (WireFrame frame = bob.receive(); frame.data != "more?"; frame = bob.receive()) {
      const auto reply = parse_reply1(frame.code, frame.data);
      last = std::get<Delivery1>(reply.value()).number;
      ++seen;
    }
  };
  const auto comes_to = [&](int messages) {
    return comes([&] {
      read_all();
      return seen >= messages;
    });
  };
  EXPECT_TRUE(comes_to(9));
  EXPECT_LE(seen, 10);
  reload(server, [](Config& changed) { changed.limits.outbox_bytes = 20'000; });
  EXPECT_TRUE(comes_to(18));
  EXPECT_LE(seen, 20);
  reload(server, [](Config& changed) { changed.limits.outbox_bytes = 4096; });
  read_all();
  const int before = seen;
  bob.send1(Acknowledge{last});
  EXPECT_TRUE(comes_to(before + 3));
  EXPECT_LE(seen, before + 5);
}

void prove_list_names() {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob = created(server.port(), "bob");
  reload(server, [](Config& config) { config.limits.list_names = 1; });
  ann.send(List{"*"});
  ann.expect(response("more than 1 usernames match, narrow the pattern"));
}

/// No time-outs but a generous one for the end.
Config patient() {
  Config config;
  config.timeouts = {0, 0, 0, 0, 60'000};
  return config;
}

void prove_login_ms() {
  TestServer server(patient());
  TestPeer silent(server.port());
  silent.send(List{"no body"});
  silent.expect(names({}));
  reload(server, [](Config& config) { config.timeouts.login_ms = 100; });
  silent.expect(response("no login within 100 ms"));
}

void prove_frame_ms() {
  TestServer server(patient());
  TestPeer ann = created(server.port(), "ann");
  ann.send_raw(send_bytes("ann", "ann", "half of it").substr(0, 8));
  reload(server, [](Config& config) { config.timeouts.frame_ms = 100; });
  ann.expect(response("the frame was not complete within 100 ms"));
}

/// Somebody who reads nothing, and is owed more than the sockets hold.
TestPeer stalled(TestServer& server) {
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.create("bob");
  TestPeer ann = created(server.port(), "ann");
  const std::string text(30'000, 'x');
  for (int i = 0; i < 300; ++i) {
    ann.send(Send{{"ann", "bob", text}});
    ann.expect(message("ann", "bob", text));
  }
  return bob;
}

void prove_stalled_ms() {
  TestServer server(patient());
  const TestPeer bob = stalled(server);
  TestPeer again(server.port());
  again.send(Login{"bob"});
  EXPECT_NE(again.receive(), response());
  reload(server, [](Config& config) { config.timeouts.stalled_ms = 100; });
  EXPECT_TRUE(comes([&] {
    again.send(Login{"bob"});
    return again.receive() == response();
  }));
}

void prove_idle_ms() {
  TestServer server(patient());
  TestPeer ann(server.port(), {.version = kVersion1});
  ann.send1(Create{"ann", "c"});
  static_cast<void>(ann.receive());
  reload(server, [](Config& config) { config.timeouts.idle_ms = 100; });
  ann.wait_for_end();
}

void prove_shutdown_ms() {
  TestServer server(patient());
  const TestPeer bob = stalled(server);
  reload(server, [](Config& config) { config.timeouts.shutdown_ms = 100; });
  const auto begin = Clock::now();
  server.stop();
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(30));
}

void prove_secrets_policy() {
  if (!can_hash_secrets()) {
    GTEST_SKIP() << "this build has no secrets";
  }
  TestServer server;
  reload(server, [](Config& config) { config.secrets.policy = SecretsPolicy::Required; });
  TestPeer ann(server.port());
  ann.send(Create{"ann"});
  EXPECT_NE(ann.receive(), response());
}

void prove_secrets_threads() {
  if (!can_hash_secrets()) {
    GTEST_SKIP() << "this build has no secrets";
  }
  const auto vault_threads = [] {
    const auto threads = thread_numbers();
    return std::count_if(threads.begin(), threads.end(),
                         [](const auto& thread) { return thread.first.starts_with("vault "); });
  };
  Config config;
  config.secrets.threads = 2;
  TestServer server(config);
  const auto create = [&](std::string_view name) {
    TestPeer peer(server.port(), {.version = kVersion1});
    peer.send1(Create{name, "c", "a long secret"});
    EXPECT_EQ(peer.receive(), response("ok"));
  };
  reload(server, [](Config& changed) { changed.secrets.threads = 5; });
  EXPECT_TRUE(comes([&] { return vault_threads() == 5; }));
  create("ann");
  reload(server, [](Config& changed) { changed.secrets.threads = 1; });
  EXPECT_TRUE(comes([&] { return vault_threads() == 1; }));
  create("bob");
}

void prove_allow_clear_secrets() {
  if (!can_hash_secrets() || is_over_tls()) {
    GTEST_SKIP() << "there are no secrets that others can read";
  }
  TestServer server({}, true);
  const auto create = [&](std::string_view name) {
    TestPeer peer(server.port(), {.version = kVersion1});
    peer.send1(Create{name, "c", "a long secret"});
    return peer.receive();
  };
  EXPECT_NE(create("ann"), response("ok"));
  reload(server, [](Config& config) { config.allow_clear_secrets = true; });
  EXPECT_EQ(create("ann"), response("ok"));
}

/// How long the server's side of `peer` is silent before the system asks whether it is there; 0: it
/// does not ask.
int keepalive_of(const TestPeer& peer) {
  const auto address_of = [](int fd, auto get) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    return get(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
                   address.sin_family == AF_INET
               ? static_cast<int>(ntohs(address.sin_port))
               : -1;
  };
  const int port = address_of(peer.fd(), getsockname);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    if (address_of(fd, getpeername) == port) {
      int is_on = 0;
      int seconds = 0;
      socklen_t size = sizeof is_on;
      EXPECT_EQ(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &is_on, &size), 0);
      EXPECT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, &size), 0);
      return is_on != 0 ? seconds : 0;
    }
  }
  return -1;
}

void prove_tcp_keepalive_s() {
  TestServer server;
  TestPeer old = created(server.port(), "old");
  EXPECT_EQ(keepalive_of(old), 60);
  reload(server, [](Config& config) { config.tcp_keepalive_s = 77; });
  TestPeer ann = created(server.port(), "ann");
  EXPECT_EQ(keepalive_of(ann), 77);
  reload(server, [](Config& config) { config.tcp_keepalive_s = 0; });
  TestPeer bob = created(server.port(), "bob");
  EXPECT_EQ(keepalive_of(bob), 0);
}

void prove_log_level() {
  TestServer server;
  reload(server, [](Config& config) { config.log.level = log::Level::Warn; });
  EXPECT_EQ(log::level(), log::Level::Warn);
}

void prove_log_file() {
  const TemporaryFolder folder;
  TestServer server;
  reload(server, [&](Config& config) { config.log.file = folder.file("log"); });
  log::error("test", "here");
  EXPECT_TRUE(read_file(folder.file("log")).ends_with(" error test: here\n"))
      << read_file(folder.file("log"));
}

void prove_log_format() {
  const TemporaryFolder folder;
  TestServer server;
  reload(server, [&](Config& config) { config.log.file = folder.file("log"); });
  reload(server, [&](Config& config) { config.log.format = log::Format::Json; });
  log::error("test", "here");
  EXPECT_TRUE(read_file(folder.file("log")).ends_with("\"subject\":\"test\",\"text\":\"here\"}\n"))
      << read_file(folder.file("log"));
}

const std::map<std::string_view, Proof> kProofs = {
    {"listen", prove_listen},
    {"limits.connections", prove_connections},
    {"limits.connections_per_address", prove_connections_per_address},
    {"limits.new_connections_per_second", prove_new_connections_per_second},
    {"limits.commands_per_second", prove_commands_per_second},
    {"limits.accounts", prove_accounts},
    {"limits.username_bytes", prove_username_bytes},
#ifdef TRIBAR_HAS_SQLITE
    {"limits.in_flight_commands", prove_in_flight_commands},
    {"limits.in_flight_bytes", prove_in_flight_bytes},
#endif
    {"limits.frame_bytes", prove_frame_bytes},
    {"limits.outbox_bytes", prove_outbox_bytes},
    {"limits.undelivered_messages", prove_undelivered_messages},
    {"limits.undelivered_bytes", prove_undelivered_bytes},
    {"limits.queued_bytes", prove_queued_bytes},
    {"limits.buffered_bytes", prove_buffered_bytes},
    {"limits.list_names", prove_list_names},
    {"timeouts.login_ms", prove_login_ms},
    {"timeouts.frame_ms", prove_frame_ms},
    {"timeouts.stalled_ms", prove_stalled_ms},
    {"timeouts.idle_ms", prove_idle_ms},
    {"timeouts.shutdown_ms", prove_shutdown_ms},
    {"secrets.policy", prove_secrets_policy},
    {"secrets.threads", prove_secrets_threads},
    {"allow_clear_secrets", prove_allow_clear_secrets},
    {"tcp_keepalive_s", prove_tcp_keepalive_s},
    {"log.level", prove_log_level},
    {"log.format", prove_log_format},
    {"log.file", prove_log_file},
};

class LiveSettings : public testing::TestWithParam<std::pair<const std::string_view, Proof>> {
 protected:
  ~LiveSettings() override {
    log::configure(log::Level::Error, log::Format::Text);
    log::write_to(std::move(log::open(std::string(log::kStandardError)).value()));
  }
};

TEST_P(LiveSettings, CountAfterAReload) { GetParam().second(); }

INSTANTIATE_TEST_SUITE_P(All, LiveSettings, testing::ValuesIn(kProofs), [](const auto& proof) {
  std::string name(proof.param.first);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST(SettingsTable, HasAProofForEachRowThatNeedsNoRestart) {
  std::vector<std::string_view> unproven;
  for (const ConfigRow& row : config_rows()) {
    const bool is_shown_here = row.reload != Reload::Restart && !is_shown_over_tls(row.key);
    if (is_shown_here != kProofs.contains(row.key)) {
      unproven.push_back(row.key);
    }
  }
#ifdef TRIBAR_HAS_SQLITE
  EXPECT_EQ(unproven, std::vector<std::string_view>{});
#endif
}

#ifdef TRIBAR_HAS_SQLITE
// The engine in the file is that of the next start, which could store longer frames.
TEST(FrameBytes, MustFitTheStoreThatThereIs) {
  const TemporaryFolder folder;
  Config config;
  config.storage.engine = StorageEngine::Sqlite;
  config.storage.path = folder.file("tribar.db");
  TestServer server(config);
  const ReloadResult result = server.reload([](Config& changed) {
    changed.storage = {};
    changed.limits.frame_bytes = 1'000'000'000;
  });
  EXPECT_EQ(result.mistakes,
            std::vector<std::string>{"limits.frame_bytes must be at most 999000000 with "
                                     "storage.engine \"sqlite\", but is 1000000000"});
  TestPeer ann = created(server.port(), "ann");
  ann.expect_nothing_before_an_answer();
}
#endif

TEST(SettingsTable, SaysWhatARestartIsNeededFor) {
  const TemporaryFolder folder;
  TestServer server;
  const ReloadResult result = server.reload([&](Config& config) {
    config.metrics = ListenerSettings{.socket = folder.file("metrics")};
    config.control.socket = folder.file("control");
  });
  EXPECT_EQ(result, (ReloadResult{{}, {"metrics", "control.socket"}, {}, true}));
  EXPECT_FALSE(std::filesystem::exists(folder.file("metrics")));
  EXPECT_FALSE(std::filesystem::exists(folder.file("control")));
}

}  // namespace
}  // namespace tribar::test
