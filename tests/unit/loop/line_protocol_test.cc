// SPDX-License-Identifier: MIT
//
// A second protocol beside protocol 0 on one server: the three places that ask for a connection's
// protocol are all that it takes. This program has them with a case more.
#include "support/line_protocol.h"

#include <gtest/gtest.h>

#include <string>

#include "support/switchboard_rig.h"

namespace tribar::test {
namespace {

/// What the kernel took for `peer` since the last call.
std::string heard(Peer& peer) {
  const std::string text = peer.stream->taken.substr(peer.seen);
  peer.seen = peer.stream->taken.size();
  return text;
}

struct LineProtocol : testing::Test {
  Rig rig;
  Peer ann = rig.created("ann");  // of protocol 0
  Peer bob = rig.connect({}, Protocol::Line);

  std::string ask(const std::string& text) {
    rig.send(bob, text);
    rig.turn();
    return heard(bob);
  }
};

TEST_F(LineProtocol, DoesWhatTheOtherDoes) {
  EXPECT_EQ(ask("create bob\n"), "ok\n");
  EXPECT_EQ(ask("list *\nlist nobody\n"), "names ann bob\nnames\n");
  EXPECT_EQ(ask("what\nlogin ann\n"), "no unknown-command\nno logged-in-elsewhere\n");
  EXPECT_EQ(ask("delete\nlist bob\n"), "names\n");
}

TEST_F(LineProtocol, MeetsProtocol0) {
  EXPECT_EQ(ask("create bob\nsend bob ann hello, you\n"), "ok\nok\n");
  EXPECT_EQ(ann.frames(), Frames{message("bob", "ann", "hello, you")});
  rig.send(ann, send_bytes("ann", "bob", "and you"));
  rig.turn();
  EXPECT_EQ(heard(bob), "message ann bob and you\n");
  EXPECT_EQ(ann.frames(), Frames{message("ann", "bob", "and you")});
}

TEST_F(LineProtocol, IsCutAByteAtATime) {
  std::string answers;
  for (const char c : std::string("create bob\nsend bob bob a b\nsend bob bob c\nlogin ann\n")) {
    answers += ask(std::string(1, c));
  }
  EXPECT_EQ(answers,
            "ok\nmessage bob bob a b\nok\nmessage bob bob c\nok\nno logged-in-elsewhere\n");
}

TEST_F(LineProtocol, ConfirmsEachOfManyInARow) {
  ask("create bob\n");
  std::string sent;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    sent += "send bob ann x\n";
    expected += "ok\n";
  }
  EXPECT_EQ(ask(sent), expected);
  EXPECT_EQ(ann.frames(), Frames(100, message("bob", "ann", "x")));
}

TEST_F(LineProtocol, IsClosedOverItsLimit) {
  EXPECT_EQ(ask(std::string(2000, 'x')), "no frame-too-long\n");
  EXPECT_TRUE(bob.stream->is_shut);
}

// What was on its way and could not be written is asked for by the other protocol.
TEST_F(LineProtocol, GivesBackWhatItCouldNotWrite) {
  ask("create bob\n");
  bob.stream->room = 0;
  rig.send(ann, send_bytes("ann", "bob", "one") + send_bytes("ann", "bob", "two"));
  rig.turn();
  rig.board.end(*bob.connection, true);
  rig.turn();
  Peer again = rig.connect();
  rig.send(again, bytes_of(Login{"bob"}) + bytes_of(Deliver{}));
  rig.turn();
  EXPECT_EQ(again.frames(),
            (Frames{response(), message("ann", "bob", "one"), message("ann", "bob", "two")}));
}

}  // namespace
}  // namespace tribar::test
