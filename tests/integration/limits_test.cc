// SPDX-License-Identifier: MIT
//
// Each limit of the config, at its value and one past it, over the wire.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

/// Of a message from ann to bob: what it counts in limits on bytes.
std::size_t counted_bytes(std::size_t text_bytes) { return kHeaderBytes + 12 + text_bytes; }

/// Sends a text of `bytes` from ann to bob and returns the answer.
WireFrame send_to_bob(TestPeer& ann, std::size_t bytes = 0) {
  ann.send(Send{{"ann", "bob", std::string(bytes, 'x')}});
  return ann.receive();
}

TEST(Limits, HoldForAccounts) {
  Config config;
  config.limits.accounts = 2;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob = created(server.port(), "bob");
  TestPeer cid(server.port());
  cid.send(Create{"cid"});
  cid.expect(response("the server is at its limit of 2 accounts"));
  bob.send(Delete{});
  bob.expect_nothing_before_an_answer();
  cid.create("cid");
}

TEST(Limits, HoldForUsernames) {
  Config config;
  config.limits.username_bytes = 8;
  TestServer server(config);
  TestPeer ann(server.port());
  ann.send(Create{"123456789"});
  ann.expect(response("the username has 9 bytes, 8 are allowed"));
  ann.send(Create{""});
  ann.expect(response("the username is empty"));
  ann.create("12345678");
}

TEST(Limits, HoldForUndeliveredMessages) {
  Config config;
  config.limits.undelivered_messages = 10;
  TestServer server(config);
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(send_to_bob(ann), message("ann", "bob", ""));
  }
  const WireFrame refused =
      response("the recipient has too many undelivered messages, try again later");
  EXPECT_EQ(send_to_bob(ann), refused);
  TestPeer bob = logged_in(server.port(), "bob");
  bob.send(Deliver{});
  EXPECT_EQ(bob.receive(10), std::vector<WireFrame>(10, message("ann", "bob", "")));
  // A reader that keeps up is not limited.
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(send_to_bob(ann), message("ann", "bob", "")) << i;
    bob.expect(message("ann", "bob", ""));
  }
}

TEST(Limits, HoldForUndeliveredBytes) {
  Config config;
  config.limits.undelivered_bytes = 3 * counted_bytes(1000);
  TestServer server(config);
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  EXPECT_EQ(send_to_bob(ann, 1000).code, 2);
  EXPECT_EQ(send_to_bob(ann, 1000).code, 2);
  EXPECT_EQ(send_to_bob(ann, 1001),
            response("the recipient has too many undelivered messages, try again later"));
  EXPECT_EQ(send_to_bob(ann, 1000).code, 2);
  EXPECT_EQ(send_to_bob(ann, 0).code, 6);
}

TEST(Limits, HoldForWhatASlowReaderIsOwed) {
  Config config;
  config.limits.undelivered_messages = 2000;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.create("bob");
  int sent = 0;
  while (send_to_bob(ann, 1000).code == 2) {
    ++sent;
    ASSERT_LT(sent, 4000);
  }
  EXPECT_GE(sent, 2000);
  static_cast<void>(bob.receive(static_cast<std::size_t>(sent)));
  bob.expect_nothing_before_an_answer();
  EXPECT_EQ(send_to_bob(ann, 1000).code, 2);
}

TEST(Limits, HoldForAllQueuesTogether) {
  Config config;
  config.limits.queued_bytes = 1 << 20;
  config.limits.frame_bytes = 1 << 20;
  TestServer server(config);
  created(server.port(), "bob").close();
  created(server.port(), "cid").close();
  TestPeer ann = created(server.port(), "ann");
  EXPECT_EQ(send_to_bob(ann, (1 << 20) - counted_bytes(0) - counted_bytes(0)).code, 2);
  EXPECT_EQ(send_to_bob(ann, 0).code, 2);
  ann.send(Send{{"ann", "cid", ""}});
  ann.expect(response("the server holds too many undelivered messages, try again later"));
  TestPeer bob = logged_in(server.port(), "bob");
  bob.send(Deliver{});
  static_cast<void>(bob.receive(2));
  bob.expect_nothing_before_an_answer();
  ann.send(Send{{"ann", "cid", ""}});
  ann.expect(message("ann", "cid", ""));
}

TEST(Limits, HoldForNamesInAList) {
  Config config;
  config.limits.list_names = 3;
  TestServer server(config);
  for (const char* name : {"a1", "a2", "a3", "b1"}) {
    created(server.port(), name).close();
  }
  TestPeer asker(server.port());
  asker.send(List{"a*"});
  asker.expect(names({"a1", "a2", "a3"}));
  asker.send(List{""});
  asker.expect(response("more than 3 usernames match, narrow the pattern"));
}

TEST(Limits, HoldForCommandsInFlight) {
  for (const std::uint64_t commands : std::initializer_list<std::uint64_t>{1, 2, 3}) {
    Config config;
    config.limits.in_flight_commands = commands;
    TestServer server(config);
    TestPeer ann(server.port());
    std::string frames = bytes_of(Create{"ann"});
    std::vector<WireFrame> answers{response()};
    for (int i = 0; i < 500; ++i) {
      frames += bytes_of(List{""}) + send_bytes("ann", "ann", std::to_string(i));
      answers.push_back(names({"ann"}));
      answers.insert(answers.end(), 2, message("ann", "ann", std::to_string(i)));
    }
    ann.send_raw(frames);
    ann.half_close();
    EXPECT_EQ(ann.receive_rest(), answers);
  }
}

TEST(Limits, HoldForBytesInFlight) {
  Config config;
  config.limits.in_flight_bytes = 1024;
  TestServer server(config);
  TestPeer ann(server.port());
  std::string frames = bytes_of(Create{"ann"});
  std::vector<WireFrame> answers{response()};
  for (const std::size_t bytes :
       std::initializer_list<std::size_t>{0, 900, 1000, 5000, 60000, 1, 2, 3, 8192, 4096, 4095}) {
    const std::string text(bytes, 'x');
    frames += send_bytes("ann", "ann", text) + bytes_of(List{"ann"});
    answers.insert(answers.end(), 2, message("ann", "ann", text));
    answers.push_back(names({"ann"}));
  }
  ann.send_raw(frames);
  EXPECT_EQ(ann.receive(answers.size()), answers);
}

TEST(Limits, StopReadingWhatIsNotAnswered) {
  Config config;
  config.limits.in_flight_commands = 4;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.create("bob");
  // He reads nothing: in the end the kernel takes no more of what he sends.
  const std::string question = send_bytes("bob", "bob", std::string(60'000, 'x'));
  std::size_t sent = 0;
  for (int idle = 0; idle < 100; ++idle) {
    ann.expect_nothing_before_an_answer();
    while (const std::size_t taken = bob.send_some(question)) {
      sent += taken;
      idle = 0;
      ASSERT_LT(sent, std::size_t{64} << 20);
    }
  }
}

TEST(Limits, OfBuffersStopReadingAndGoOn) {
  Config config;
  config.limits.buffered_bytes = 1 << 20;
  config.limits.frame_bytes = 1 << 20;
  config.limits.undelivered_bytes = 1 << 30;
  TestServer server(config);
  // Many hold the front of a frame each, together more than the limit.
  std::vector<TestPeer> peers;
  for (int i = 0; i < 13; ++i) {
    peers.push_back(created(server.port(), "u" + std::to_string(i)));
    peers.back().send_raw(
        std::string_view(send_bytes("u0", "u0", std::string(200'000, 'x'))).substr(0, 100'000));
  }
  // Some of those that hold most are closed soon; the others go on.
  const auto begin = std::chrono::steady_clock::now();
  TestPeer ann(server.port());
  ann.create("ann");
  ann.expect_nothing_before_an_answer();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  std::size_t left = 0;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    TestPeer again(server.port());
    again.send(Login{"u" + std::to_string(i)});
    left += again.receive() == response() ? 0 : 1;
  }
  EXPECT_GE(left, 5U);
}

TEST(Limits, HoldForConnections) {
  Config config;
  config.limits.connections = 3;
  TestServer server(config);
  std::vector<TestPeer> peers;
  for (int i = 0; i < 3; ++i) {
    peers.push_back(created(server.port(), "u" + std::to_string(i)));
  }
  const WireFrame refusal =
      response("the server is at its limit of 3 connections, try again later");
  for (int i = 0; i < 40; ++i) {
    TestPeer refused(server.port());
    if (i % 2 == 0) {
      refused.send_raw(bytes_of(Create{"late"}));
    }
    refused.expect(refusal);
    refused.expect_closed();
  }
  peers.pop_back();
  // The place is free as soon as the server has seen it.
  peers.front().expect_nothing_before_an_answer();
  peers.push_back(created(server.port(), "late"));
  TestPeer refused(server.port());
  refused.expect(refusal);
}

TEST(Limits, TellEveryoneOfACrowdThatThereIsNoRoom) {
  Config config;
  config.limits.connections = 1;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  std::vector<TestPeer> crowd;
  for (int i = 0; i < 150; ++i) {
    crowd.emplace_back(server.port());
    crowd.back().send(Create{"u" + std::to_string(i)});
  }
  for (TestPeer& peer : crowd) {
    peer.expect(response("the server is at its limit of 1 connections, try again later"));
    peer.expect_closed();
  }
  ann.expect_nothing_before_an_answer();
}

/// Milliseconds since `start`.
std::int64_t ms_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start)
      .count();
}

TEST(Limits, HoldForConnectionsFromOneAddress) {
  Config config;
  config.limits.connections_per_address = 2;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob = created(server.port(), "bob");
  for (int i = 0; i < 20; ++i) {
    TestPeer refused(server.port());
    refused.expect(response("the server takes 2 connections from one address, try again later"));
    refused.expect_closed();
  }
  bob.send(Delete{});
  bob.half_close();
  bob.expect_closed();
  TestPeer cid = created(server.port(), "cid");
  ann.expect_nothing_before_an_answer();
}

TEST(Limits, LetNewConnectionsWaitForTheirSecond) {
  Config config;
  config.limits.new_connections_per_second = 10;
  TestServer server(config);
  const auto start = std::chrono::steady_clock::now();
  std::vector<TestPeer> peers;
  for (int i = 0; i < 20; ++i) {
    peers.emplace_back(server.port());
    peers.back().send(Create{"u" + std::to_string(i)});
  }
  for (TestPeer& peer : peers) {
    peer.expect(response());
  }
  EXPECT_GE(ms_since(start), 900);
}

TEST(Limits, LetCommandsWaitForTheirSecond) {
  Config config;
  config.limits.commands_per_second = 50;
  TestServer server(config);
  const auto start = std::chrono::steady_clock::now();
  TestPeer ann(server.port());
  ann.create("ann");
  std::string flood;
  for (int i = 0; i < 100; ++i) {
    flood += send_bytes("ann", "ann", std::to_string(i));
  }
  ann.send_raw(flood);
  // Its own pace is nobody else's.
  TestPeer bob = created(server.port(), "bob");
  EXPECT_LT(ms_since(start), 900);
  for (int i = 0; i < 100; ++i) {
    const WireFrame expected = message("ann", "ann", std::to_string(i));
    EXPECT_EQ(ann.receive(2), (std::vector<WireFrame>{expected, expected}));
  }
  EXPECT_GE(ms_since(start), 900);
}

}  // namespace
}  // namespace tribar::test
