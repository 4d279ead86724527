// SPDX-License-Identifier: MIT
//
// A server that is told to stop with work under way.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

using Clock = std::chrono::steady_clock;

const WireFrame kStopping = response("the server is shutting down");

TEST(Shutdown, IsCleanWithNobodyThere) { TestServer server; }

TEST(Shutdown, ClosesPeersInEveryState) {
  TestServer server;
  TestPeer silent(server.port());
  TestPeer ann = created(server.port(), "ann");
  TestPeer partial = created(server.port(), "bob");
  partial.send_raw(bytes_of(Delete{}).substr(0, 20));
  TestPeer mistaken(server.port());
  mistaken.send_raw("x");
  TestPeer half_closed(server.port());
  half_closed.half_close();
  ann.expect_nothing_before_an_answer();
  server.stop();
  ann.wait_for_end();
  silent.wait_for_end();
  partial.wait_for_end();
  mistaken.wait_for_end();
  half_closed.wait_for_end();
}

TEST(Shutdown, TellsEveryPeerLast) {
  TestServer server;
  TestPeer silent(server.port());
  TestPeer partial = created(server.port(), "bob");
  partial.send_raw(bytes_of(Delete{}).substr(0, 20));
  TestPeer ann = created(server.port(), "ann");
  ann.expect_nothing_before_an_answer();
  server.begin_stop();
  for (TestPeer* peer : {&silent, &partial, &ann}) {
    peer->expect(kStopping);
    peer->expect_closed();
  }
}

// What it had asked and what the server did not read is refused with the rest.
TEST(Shutdown, TellsAPeerThatSendsOn) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  ann.expect_nothing_before_an_answer();
  server.begin_stop();
  ann.expect(kStopping);
  ann.send(List{""});
  ann.expect_closed();
}

// Whoever is told that the server stops while an answer is due would take it for the answer.
TEST(Shutdown, TellsNobodyWhoIsOwedSomething) {
  Config config;
  config.timeouts.shutdown_ms = 300;
  config.limits.undelivered_messages = 1'000'000;
  TestServer server(config);
  TestPeer idle = created(server.port(), "idle");
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.create("bob");
  TestPeer ann = created(server.port(), "ann");
  std::string frames;
  for (int i = 0; i < 20'000; ++i) {
    frames += send_bytes("ann", "bob", std::to_string(i));
  }
  ann.send_raw(frames);
  static_cast<void>(ann.receive(20'000));
  bob.send(List{""});
  server.stop();
  idle.expect(kStopping);
  std::vector<WireFrame> got;
  while (bob.receive_some(got)) {
    // What is left is there already.
  }
  for (const WireFrame& frame : got) {
    EXPECT_EQ(frame.code, 2);
  }
}

// What it sent beyond its rate is not carried out any more; otherwise a stop would take as long as
// the peer likes.
TEST(Shutdown, DoesNotWaitForWhatARateLimitHoldsBack) {
  Config config;
  config.limits.commands_per_second = 1;
  config.timeouts.shutdown_ms = 0;
  TestServer server(config);
  std::vector<TestPeer> peers;
  std::string questions;
  for (int i = 0; i < 200; ++i) {
    questions += bytes_of(List{"nobody"});
  }
  for (int i = 0; i < 9; ++i) {
    TestPeer& peer = peers.emplace_back(server.port());
    peer.send_raw(questions);
    peer.expect(names({}));
    if (i % 3 == 0) {
      peer.half_close();
    }
  }
  server.begin_stop();
  for (TestPeer& peer : peers) {
    const std::vector<WireFrame> rest = peer.receive_rest();
    ASSERT_FALSE(rest.empty());
    EXPECT_EQ(rest.back(), kStopping);
    EXPECT_LT(rest.size(), 10U);
  }
}

TEST(Shutdown, AnswersWhatWasRead) {
  for (int round = 0; round < 20; ++round) {
    TestServer server;
    TestPeer ann = created(server.port(), "ann");
    TestPeer bob = created(server.port(), "bob");
    std::string frames;
    for (int i = 0; i < 1000; ++i) {
      frames += send_bytes("ann", "bob", std::to_string(i));
    }
    ann.send_raw(frames);
    // The first one is in: some are read.
    const WireFrame first = bob.receive();
    EXPECT_EQ(first, message("ann", "bob", "0"));
    server.begin_stop();
    // What bob got and what ann was confirmed is the same, from the first on.
    std::vector<WireFrame> pushes{first};
    const std::vector<WireFrame> echoes = ann.receive_rest();
    for (WireFrame& frame : bob.receive_rest()) {
      pushes.push_back(std::move(frame));
    }
    EXPECT_EQ(echoes, pushes);
  }
}

TEST(Shutdown, WritesToASlowReaderUntilTheDeadline) {
  Config config;
  config.limits.undelivered_messages = 1'000'000;
  TestServer server(config);
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  std::vector<WireFrame> sent;
  std::string frames;
  for (int i = 0; i < 20'000; ++i) {
    frames += send_bytes("ann", "bob", std::to_string(i));
    sent.push_back(message("ann", "bob", std::to_string(i)));
  }
  ann.send_raw(frames);
  static_cast<void>(ann.receive(sent.size()));
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.login("bob");
  bob.send(Deliver{});
  EXPECT_EQ(bob.receive(), sent.front());
  server.begin_stop();
  sent.erase(sent.begin());
  sent.push_back(kStopping);
  EXPECT_EQ(bob.receive_rest(), sent);
}

// It was no time at all.
TEST(Shutdown, WithoutADeadlineWaitsForAReader) {
  Config config;
  config.timeouts.shutdown_ms = 0;
  TestServer server(config);
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.create("bob");
  const std::string text(60'000, 'x');
  std::string frames;
  for (int i = 0; i < 10; ++i) {
    frames += send_bytes("bob", "bob", text);
  }
  bob.send_raw(frames);
  bob.expect(message("bob", "bob", text));
  server.begin_stop();
  std::vector<WireFrame> rest = bob.receive_rest();
  EXPECT_EQ(rest.back(), kStopping);
  rest.pop_back();
  EXPECT_EQ(rest.size() % 2, 1U);
  EXPECT_EQ(rest, std::vector<WireFrame>(rest.size(), message("bob", "bob", text)));
}

TEST(Shutdown, DoesNotWaitForAReaderLongerThanItSays) {
  Config config;
  config.timeouts.shutdown_ms = 300;
  config.limits.undelivered_messages = 1'000'000;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.create("bob");
  std::string frames;
  for (int i = 0; i < 20'000; ++i) {
    frames += send_bytes("ann", "bob", std::to_string(i));
  }
  ann.send_raw(frames);
  static_cast<void>(ann.receive(20'000));
  const auto begin = Clock::now();
  server.stop();
  EXPECT_GE(Clock::now() - begin, std::chrono::milliseconds(250));
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(10));
  bob.wait_for_end();
}

TEST(Shutdown, AnswersALongList) {
  TestServer server;
  std::string creations;
  TestPeer ann(server.port());
  for (int i = 0; i < 30'000; ++i) {
    creations += bytes_of(Create{"u" + std::to_string(i)}) + bytes_of(Delete{});
    if (i % 2 == 0) {
      creations += bytes_of(Create{"v" + std::to_string(i)});
      ann.send_raw(creations);
      creations.clear();
      ann.expect(response());
      ann.expect(response());
      ann = TestPeer(server.port());
    }
  }
  TestPeer asker(server.port());
  asker.expect_nothing_before_an_answer();
  asker.send(List{"*[!x]*"});
  asker.send(List{"v0"});
  // What was read by now includes both.
  ann.expect_nothing_before_an_answer();
  server.begin_stop();
  EXPECT_EQ(asker.receive().data.substr(0, 11), "v0|||v2|||v");
  asker.expect(names({"v0"}));
}

TEST(Shutdown, EndsUnderLoad) {
  for (int round = 0; round < 10; ++round) {
    Config config;
    config.workers = 2;
    config.timeouts.shutdown_ms = 100;  // nobody reads
    TestServer server(config);
    std::vector<TestPeer> peers;
    for (int i = 0; i < 10; ++i) {
      peers.push_back(created(server.port(), "u" + std::to_string(i)));
    }
    const std::string frame = send_bytes("u1", "u2", std::string(1000, 'x'));
    for (TestPeer& peer : peers) {
      for (int i = 0; i < 200; ++i) {
        static_cast<void>(peer.send_some(frame));
      }
    }
    server.stop();
  }
}

}  // namespace
}  // namespace tribar::test
