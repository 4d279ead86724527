// SPDX-License-Identifier: MIT
//
// A client that sends no more and still reads: that is its logout, and it gets its answers.
#include <gtest/gtest.h>

#include <string>
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

TEST(HalfClose, ReturnsLiveMessagesThatWereNotWritten) {
  constexpr int kMessages = 20'000;
  Config config;
  config.limits.undelivered_messages = kMessages;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.create("bob");
  std::string frames;
  std::vector<WireFrame> sent;
  for (int i = 0; i < kMessages; ++i) {
    frames += send_bytes("ann", "bob", std::to_string(i));
    sent.push_back(message("ann", "bob", std::to_string(i)));
  }
  ann.send_raw(frames);
  static_cast<void>(ann.receive(kMessages));
  bob.half_close();

  TestPeer again = logged_in(server.port(), "bob");
  again.send_raw(bytes_of(Deliver{}) + bytes_of(List{"no body"}));
  std::vector<WireFrame> returned;
  for (WireFrame frame = again.receive(); frame != names({}); frame = again.receive()) {
    returned.push_back(frame);
  }
  // Between the two of them, everything once; and most of it at once.
  std::vector<WireFrame> all = bob.receive_rest();
  EXPECT_GT(returned.size(), all.size());
  all.insert(all.end(), returned.begin(), returned.end());
  EXPECT_EQ(all, sent);
}

}  // namespace
}  // namespace tribar::test
