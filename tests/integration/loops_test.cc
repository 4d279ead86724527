// SPDX-License-Identifier: MIT
//
// Several loops: connections are spread over them, and nobody can tell.
#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>
#include <string>

#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

Config with_loops(unsigned loops) {
  Config config;
  config.io_loops = loops;
  config.workers = 2;
  return config;
}

// Of 24 connections all are on one of four loops once in 4^23 times.
TEST(Loops, CarryMessagesBetweenAllConnectionsInOrder) {
  TestServer server(with_loops(4));
  std::deque<TestPeer> peers;
  constexpr int kPeers = 24;
  constexpr int kMessages = 50;
  for (int i = 0; i < kPeers; ++i) {
    peers.push_back(created(server.port(), "user" + std::to_string(i)));
  }
  for (int i = 0; i < kPeers; ++i) {
    const std::string from = "user" + std::to_string(i);
    const std::string to = "user" + std::to_string((i + 1) % kPeers);
    std::string bytes;
    for (int k = 0; k < kMessages; ++k) {
      bytes += send_bytes(from, to, std::to_string(k));
    }
    peers[static_cast<std::size_t>(i)].send_raw(bytes);
  }
  for (int i = 0; i < kPeers; ++i) {
    const std::string self = "user" + std::to_string(i);
    const std::string before = "user" + std::to_string((i + kPeers - 1) % kPeers);
    int echoes = 0;
    int pushes = 0;
    for (int k = 0; k < 2 * kMessages; ++k) {
      const WireFrame frame = peers[static_cast<std::size_t>(i)].receive();
      if (frame == message(before, self, std::to_string(pushes))) {
        ++pushes;
      } else {
        EXPECT_EQ(frame,
                  message(self, "user" + std::to_string((i + 1) % kPeers), std::to_string(echoes)));
        ++echoes;
      }
    }
    EXPECT_EQ(pushes, kMessages);
  }
}

// The end of a connection is seen on one loop, and the next login may come on another.
TEST(Loops, FreeANameAtTheEndOfItsConnectionWhereverTheNextOneIs) {
  TestServer server(with_loops(4));
  created(server.port(), "ann").close();
  for (int i = 0; i < 200; ++i) {
    logged_in(server.port(), "ann").close();
  }
}

TEST(Loops, CountConnectionsTogether) {
  Config config = with_loops(4);
  config.limits.connections = 5;
  TestServer server(config);
  std::deque<TestPeer> peers;
  for (int i = 0; i < 5; ++i) {
    peers.push_back(created(server.port(), "user" + std::to_string(i)));
  }
  TestPeer late(server.port());
  late.expect(response("the server is at its limit of 5 connections, try again later"));
  late.expect_closed();
}

TEST(Loops, DoNotLetASecondServerIn) {
  for (const unsigned loops : {1U, 2U}) {
    TestServer server(with_loops(loops));
    for (const unsigned second_loops : {1U, 2U}) {
      Config second = with_loops(second_loops);
      second.listen = {{"127.0.0.1", server.port()}};
      EXPECT_THROW(Server{second}, std::runtime_error) << loops << " and " << second_loops;
    }
  }
}

}  // namespace
}  // namespace tribar::test
