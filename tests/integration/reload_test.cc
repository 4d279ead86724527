// SPDX-License-Identifier: MIT
//
// Settings that a running server reads again: what counts for whom from then on, and that nothing
// does when anything is wrong.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "config/config.h"
#include "secrets/vault.h"
#include "server/server.h"
#include "support/over_tls.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "support/test_server.h"
#include "support/threads.h"

namespace tribar::test {
namespace {

using Clock = std::chrono::steady_clock;
using Keys = std::vector<std::string>;

constexpr std::chrono::seconds kDeadline{20};

/// Sends from ann to bob until `answer` comes.
void send_until(TestPeer& ann, const WireFrame& answer) {
  const auto begin = Clock::now();
  WireFrame last;
  while (last != answer) {
    ASSERT_LT(Clock::now() - begin, kDeadline) << last.data;
    ann.send(Send{{"ann", "bob", "hi"}});
    last = ann.receive();
  }
}

TEST(Reload, SaysWhatChangedAndWhatNeedsARestart) {
  TestServer server;
  EXPECT_EQ(server.reload([](Config&) {}), ReloadResult{});
  EXPECT_EQ(server.reload([](Config& config) {
    config.limits.accounts = 5;
    config.workers += 1;
  }),
            (ReloadResult{{"limits.accounts"}, {"workers"}, {}, true}));
  EXPECT_EQ(server.reload([](Config&) {}), (ReloadResult{{}, {"workers"}, {}, true}));
}

TEST(Reload, LimitsCountAtOnceAndTakeNothingAway) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob = created(server.port(), "bob");
  TestPeer cid(server.port());
  cid.expect_nothing_before_an_answer();
  EXPECT_EQ(server.reload([](Config& config) {
    config.limits.connections = 1;
    config.limits.accounts = 1;
    config.limits.username_bytes = 4;
  }),
            (ReloadResult{
                {"limits.connections", "limits.accounts", "limits.username_bytes"}, {}, {}, true}));
  cid.send(Create{"cid"});
  cid.expect(response("the server is at its limit of 1 accounts"));
  cid.send(Create{"12345"});
  cid.expect(response("the username has 5 bytes, 4 are allowed"));
  ann.send(Send{{"ann", "bob", "hi"}});
  ann.expect(message("ann", "bob", "hi"));
  bob.expect(message("ann", "bob", "hi"));
  TestPeer dan(server.port());
  dan.expect(response("the server is at its limit of 1 connections, try again later"));
  dan.expect_closed();
  EXPECT_EQ(server.reload([](Config& config) { config.limits = Config{}.limits; }).mistakes,
            Keys{});
  cid.create("cid");
  TestPeer eve = created(server.port(), "eve");
}

// What a reader had was not reported while limits were far; a lower one would have refused all.
TEST(Reload, ALowerLimitOnQueuesCountsNothingThatWasDelivered) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob = created(server.port(), "bob");
  for (int i = 0; i < 10; ++i) {
    ann.send(Send{{"ann", "bob", "hi"}});
    ann.expect(message("ann", "bob", "hi"));
    bob.expect(message("ann", "bob", "hi"));
  }
  EXPECT_EQ(server.reload([](Config& config) { config.limits.undelivered_messages = 2; }).mistakes,
            Keys{});
  for (int i = 0; i < 20; ++i) {
    send_until(ann, message("ann", "bob", "hi"));
    bob.expect(message("ann", "bob", "hi"));
  }
}

// Its send queue is fuller than the new limit allows, or as full as the old one did.
TEST(Reload, ASlowReaderGetsEverythingWhateverItsCreditBecomes) {
  constexpr int kMessages = 300;
  const std::string text(30'000, 'x');
  for (const auto& [before, after] :
       {std::pair{std::uint64_t{1} << 20, std::uint64_t{4096}}, {4096, std::uint64_t{1} << 20}}) {
    Config config;
    config.limits.outbox_bytes = before;
    TestServer server(config);
    TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
    bob.create("bob");
    TestPeer ann = created(server.port(), "ann");
    const auto send = [&](int count) {
      for (int i = 0; i < count; ++i) {
        ann.send(Send{{"ann", "bob", text}});
        ann.expect(message("ann", "bob", text));
      }
    };
    send(kMessages);
    bob.send(List{"bob"});
    const ReloadResult result =
        server.reload([bytes = after](Config& changed) { changed.limits.outbox_bytes = bytes; });
    EXPECT_EQ(result, (ReloadResult{{"limits.outbox_bytes"}, {}, {}, true}));
    bob.send(List{"nobody"});
    send(10);
    int messages = 0;
    std::vector<WireFrame> answers;
    while (messages < kMessages + 10 || answers.size() < 2) {
      WireFrame frame = bob.receive();
      if (frame == message("ann", "bob", text)) {
        ++messages;
      } else {
        answers.push_back(std::move(frame));
      }
    }
    EXPECT_EQ(answers, (std::vector<WireFrame>{names({"bob"}), names({})}));
    bob.expect_nothing_before_an_answer();
  }
}

TEST(Reload, TimeoutsCountForThoseWhoAreConnected) {
  Config config;
  config.timeouts = {0, 0, 0, 0, 5000};
  TestServer server(config);
  TestPeer silent(server.port());
  TestPeer bob = created(server.port(), "bob");
  EXPECT_EQ(server.reload([](Config& changed) { changed.timeouts.login_ms = 100; }).changed,
            Keys{"timeouts.login_ms"});
  silent.expect(response("no login within 100 ms"));
  silent.expect_closed();
  bob.expect_nothing_before_an_answer();
}

TEST(Reload, ListenersComeAndGoUnderTheirConnections) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  const auto at_port = [] {
    ListenerSettings listener{"127.0.0.1", 0};
    listener.tls = is_over_tls();
    return listener;
  };
  EXPECT_EQ(server.reload([&](Config& config) { config.listen.push_back(at_port()); }).changed,
            Keys{"listen"});
  ASSERT_EQ(server.ports().size(), 2U);
  EXPECT_EQ(server.ports()[0], server.port());
  const std::uint16_t added = server.ports()[1];
  TestPeer bob = created(added, "bob");
  // The first one goes; of two that look the same the first is kept, so another host.
  EXPECT_EQ(server
                .reload([&](Config& config) {
                  config.listen = {at_port()};
                  config.listen.front().host = "127.0.0.2";
                })
                .changed,
            Keys{"listen"});
  ASSERT_EQ(server.ports().size(), 1U);
  for (const std::uint16_t port : {server.port(), added}) {
    // The other loops hear of it in their next turn.
    const auto begin = Clock::now();
    bool is_gone = false;
    while (!is_gone) {
      ASSERT_LT(Clock::now() - begin, kDeadline);
      try {
        const TestPeer late(port);
      } catch (const PeerError&) {
        is_gone = true;
      }
    }
  }
  ann.send(Send{{"ann", "bob", "hi"}});
  ann.expect(message("ann", "bob", "hi"));
  bob.expect(message("ann", "bob", "hi"));
  if (!is_over_tls()) {  // the certificate is of 127.0.0.1
    TestPeer cid(server.ports()[0], {.host = "127.0.0.2"});
    cid.create("cid");
  }
}

TEST(Reload, AListenerMayDecideSomethingElseForNewConnections) {
  Config config;
  TestServer server(config);
  TestPeer old = created(server.port(), "old");
  EXPECT_EQ(
      server.reload([](Config& changed) { changed.listen.front().allows_zero = false; }).changed,
      Keys{"listen"});
  old.expect_nothing_before_an_answer();
  const auto begin = Clock::now();
  while (true) {
    ASSERT_LT(Clock::now() - begin, kDeadline);
    TestPeer late(server.port(), {.version = kVersion1});
    late.send(List{"x"});
    if (late.receive_rest().size() == 1) {
      break;  // "protocol 1 is spoken here"
    }
  }
}

TEST(Reload, AMistakeChangesNothing) {
  TestServer server;
  TestServer other;
  TestPeer ann = created(server.port(), "ann");
  const ReloadResult wrong = server.reload(R"({"limits": {"accounts": 1,
  "connections": 0}})");
  ASSERT_EQ(wrong.mistakes.size(), 1U);
  EXPECT_TRUE(wrong.mistakes.front().ends_with(
      "/tribard.json:2:18: limits.connections must be 1 to 1000000, but is 0"))
      << wrong.mistakes.front();
  EXPECT_EQ(wrong.changed, Keys{});
  const std::vector<std::uint16_t> ports = server.ports();
  const ReloadResult taken = server.reload([&](Config& config) {
    config.limits.accounts = 1;
    config.listen.push_back({"127.0.0.1", 0});
    config.listen.push_back({"127.0.0.1", other.port()});
    config.log.file = "/nowhere/log";
  });
  EXPECT_EQ(taken.mistakes, (Keys{"log.file: cannot open /nowhere/log: No such file or directory",
                                  "cannot listen on 127.0.0.1:" + std::to_string(other.port()) +
                                      ": address already in use"}));
  EXPECT_EQ(taken.changed, Keys{});
  EXPECT_EQ(server.ports(), ports);
  TestPeer bob = created(server.port(), "bob");
  ann.expect_nothing_before_an_answer();
}

TEST(Reload, SecretsMayBeRequiredFromThenOn) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  const ReloadResult result =
      server.reload([](Config& config) { config.secrets.policy = SecretsPolicy::Required; });
  TestPeer bob(server.port());
  bob.send(Create{"bob"});
  if (can_hash_secrets()) {
    EXPECT_EQ(result.changed, Keys{"secrets.policy"});
    EXPECT_NE(bob.receive(), response());
  } else {
    EXPECT_EQ(result.mistakes.size(), 1U);
    bob.expect(response());
  }
  ann.expect_nothing_before_an_answer();
}

TEST(Reload, IsOverWhenTheServerStops) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  EXPECT_EQ(server.reload([](Config& config) { config.timeouts.shutdown_ms = 20'000; }).changed,
            Keys{"timeouts.shutdown_ms"});
  server.stop();
  EXPECT_EQ(server.ending(), Ending::Fine);
}

// As on a file system that hangs: the process may go on, with another server, when it does not hang
// any more.
TEST(Reload, WhatIsReadWhenTheServerEndsNeedsNoServer) {
  TemporaryFolder folder;
  const std::string file = folder.file("tribard.json");
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  Config config;
  config.listen = {{"127.0.0.1", 0}};
  config.log.level = log::Level::Error;
  log::configure(config.log.level, config.log.format);
  if (is_over_tls()) {
    use_tls(config);
  }
  auto server = std::make_unique<Server>(config);
  server->set_config_file(file);
  Ending ending = Ending::LeftOpen;
  std::thread thread([&] { ending = server->run(false); });
  server->reload([](const ReloadResult&) { ADD_FAILURE() << "the reload has ended"; });
  std::ofstream settings(file);  // waits until they are read
  server->stop();
  thread.join();
  EXPECT_EQ(ending, Ending::Fine);
  server.reset();
  settings << print_config(config);
  settings.close();
  const auto deadline = Clock::now() + kDeadline;
  while (thread_numbers().contains("background")) {
    ASSERT_LT(Clock::now(), deadline);
    std::this_thread::yield();
  }
}

}  // namespace
}  // namespace tribar::test
