// SPDX-License-Identifier: MIT
//
// A client that sends no more and still reads: that is its logout, and it gets its answers.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

TEST(HalfClose, AnswersWhatWasAskedAndThenCloses) {
  TestServer server;
  TestPeer ann(server.port());
  ann.send_raw(bytes_of(Create{"ann"}) + send_bytes("ann", "ann", "hi") + bytes_of(List{""}));
  ann.half_close();
  EXPECT_EQ(ann.receive_rest(),
            (std::vector<WireFrame>{response(), message("ann", "ann", "hi"),
                                    message("ann", "ann", "hi"), names({"ann"})}));
}

TEST(HalfClose, ClosesWhenNothingWasAsked) {
  TestServer server;
  TestPeer silent(server.port());
  silent.half_close();
  silent.expect_closed();
  TestPeer ann = created(server.port(), "ann");
  ann.half_close();
  ann.expect_closed();
}

TEST(HalfClose, DropsTheFrontOfAFrame) {
  TestServer server;
  TestPeer ann(server.port());
  ann.send_raw(bytes_of(Create{"ann"}) + bytes_of(Delete{}).substr(0, 41));
  ann.half_close();
  ann.expect(response());
  ann.expect_closed();
  TestPeer again = logged_in(server.port(), "ann");
}

TEST(HalfClose, FreesTheNameAtOnce) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  for (int i = 0; i < 200; ++i) {
    ann.half_close();
    TestPeer again = logged_in(server.port(), "ann");
    ann.expect_closed();
    again.half_close();
    ann = logged_in(server.port(), "ann");
  }
}

TEST(HalfClose, FreesTheNameForALoginThatIsSentRightAfterIt) {
  TestServer server;
  created(server.port(), "ann").close();
  for (int i = 0; i < 200; ++i) {
    TestPeer ann = logged_in(server.port(), "ann");
    TestPeer again(server.port());
    again.expect_nothing_before_an_answer();
    ann.send(Send{{"ann", "ann", "hi"}});
    ann.half_close();
    again.login("ann");
  }
}

TEST(HalfClose, StillGetsWhatDeliverAskedFor) {
  constexpr int kMessages = 20'000;
  Config config;
  config.limits.undelivered_messages = kMessages;
  TestServer server(config);
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  std::vector<WireFrame> expected{response()};
  std::string frames;
  for (int i = 0; i < kMessages; ++i) {
    const std::string text = std::to_string(i);
    frames += send_bytes("ann", "bob", text);
    expected.push_back(message("ann", "bob", text));
  }
  ann.send_raw(frames);
  static_cast<void>(ann.receive(kMessages));

  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.send_raw(bytes_of(Login{"bob"}) + bytes_of(Deliver{}));
  bob.expect(response());
  expected.erase(expected.begin());
  bob.half_close();
  // Its name is free while the answer is still on its way.
  TestPeer again = logged_in(server.port(), "bob");
  ann.send(Send{{"ann", "bob", "live"}});
  again.expect(message("ann", "bob", "live"));
  EXPECT_EQ(bob.receive_rest(), expected);
  again.send(Deliver{});
  again.expect_nothing_before_an_answer();
}

std::size_t number_in(const WireFrame& frame) {
  return std::stoul(frame.data.substr(frame.data.rfind("|||") + 3));
}

/// The numbers of the messages that DELIVER brings.
std::vector<std::size_t> delivered(TestPeer& peer) {
  peer.send_raw(bytes_of(Deliver{}) + bytes_of(List{"no body"}));
  std::vector<std::size_t> numbers;
  for (WireFrame frame = peer.receive(); frame != names({}); frame = peer.receive()) {
    numbers.push_back(number_in(frame));
  }
  return numbers;
}

TEST(HalfClose, ReturnsLiveMessagesThatWereNotWritten) {
  constexpr std::size_t kMessages = 20'000;
  Config config;
  config.limits.undelivered_messages = kMessages;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.create("bob");
  std::string frames;
  std::vector<std::size_t> sent;
  for (std::size_t i = 0; i < kMessages; ++i) {
    frames += send_bytes("ann", "bob", std::to_string(i));
    sent.push_back(i);
  }
  ann.send_raw(frames);
  static_cast<void>(ann.receive(kMessages));
  bob.half_close();

  // What has returned is there at once, in order, and the rest when the old connection has ended;
  // between the two of them, everything once.
  TestPeer again = logged_in(server.port(), "bob");
  const std::vector<std::size_t> at_once = delivered(again);
  std::vector<std::size_t> all;
  for (const WireFrame& frame : bob.receive_rest()) {
    all.push_back(number_in(frame));
  }
  EXPECT_GT(at_once.size(), all.size());
  const std::vector<std::size_t> later = delivered(again);
  for (const auto* part : {&std::as_const(all), &at_once, &later}) {
    EXPECT_TRUE(std::is_sorted(part->begin(), part->end()));
  }
  all.insert(all.end(), at_once.begin(), at_once.end());
  all.insert(all.end(), later.begin(), later.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, sent);
}

}  // namespace
}  // namespace tribar::test
