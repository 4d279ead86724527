// SPDX-License-Identifier: MIT
//
// Peers that go away at the worst moment: the server frees what they held and nobody else notices.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

TEST(Reset, IsALogoutAnywhereInAFrame) {
  TestServer server;
  created(server.port(), "ann").close();
  TestPeer bob = created(server.port(), "bob");
  const std::string frame = send_bytes("ann", "bob", std::string(6000, 'x'));
  for (const std::size_t bytes :
       std::initializer_list<std::size_t>{0, 1, 2, 41, 42, 43, 3000, 5000, 6041}) {
    TestPeer ann = logged_in(server.port(), "ann");
    ann.send_raw(std::string_view(frame).substr(0, bytes));
    ann.reset();
  }
  TestPeer ann = logged_in(server.port(), "ann");
  bob.expect_nothing_before_an_answer();
}

TEST(Reset, OfManyAtOnceLeavesTheOthersAlone) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  for (int round = 0; round < 20; ++round) {
    std::vector<TestPeer> peers;
    for (int i = 0; i < 50; ++i) {
      TestPeer& peer = peers.emplace_back(server.port());
      peer.send_raw(bytes_of(Create{"u" + std::to_string(round * 50 + i)}) + bytes_of(List{""}) +
                    send_bytes("ann", "ann", "no"));
      if (i % 3 == 0) {
        peer.reset();
      } else if (i % 3 == 1) {
        peer.close();
      }
    }
    ann.send(Send{{"ann", "ann", "still here"}});
    ann.expect(message("ann", "ann", "still here"));
    ann.expect(message("ann", "ann", "still here"));
  }
}

// Whoever speaks and leaves has spoken.
TEST(Reset, DoesNotTakeBackWhatWasRead) {
  TestServer server;
  created(server.port(), "ann").close();
  TestPeer bob = created(server.port(), "bob");
  for (int i = 0; i < 100; ++i) {
    TestPeer ann(server.port());
    ann.send_raw(bytes_of(Login{"ann"}) + send_bytes("ann", "bob", std::to_string(i)));
    ann.close();
    bob.expect(message("ann", "bob", std::to_string(i)));
  }
}

TEST(Reset, OfTheRecipientKeepsWhatIsSentMeanwhile) {
  constexpr int kRounds = 100;
  constexpr int kEach = 100;
  TestServer server;
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  std::size_t heard = 0;
  int last = -1;
  for (int round = 0; round < kRounds; ++round) {
    TestPeer bob = logged_in(server.port(), "bob");
    bob.send(Deliver{});
    bob.expect_nothing_before_an_answer();
    std::string frames;
    for (int i = 0; i < kEach; ++i) {
      frames += send_bytes("ann", "bob", std::to_string(round * kEach + i));
    }
    ann.send_raw(frames);
    bob.half_close();
    static_cast<void>(ann.receive(kEach));
    std::vector<WireFrame> got = bob.receive_rest();
    TestPeer again = logged_in(server.port(), "bob");
    again.send(Deliver{});
    again.half_close();
    for (WireFrame& frame : again.receive_rest()) {
      got.push_back(std::move(frame));
    }
    for (const WireFrame& frame : got) {
      if (frame == response()) {
        continue;
      }
      ++heard;
      const int number = std::stoi(frame.data.substr(frame.data.rfind('|') + 1));
      EXPECT_EQ(number, last + 1);
      last = number;
    }
  }
  EXPECT_EQ(heard, static_cast<std::size_t>(kRounds * kEach));
}

}  // namespace
}  // namespace tribar::test
