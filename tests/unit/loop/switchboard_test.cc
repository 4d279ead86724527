// SPDX-License-Identifier: MIT
//
// Switchboard: connections from their first byte to their end, with a registry behind it, on
// streams in memory and a clock of the test's.
#include "loop/switchboard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "registry/registry.h"
#include "support/switchboard_rig.h"
#include "support/test_peer.h"
#include "workers/decoder.h"
#include "zero/command1.h"

namespace tribar {
namespace {

using test::bytes_of;
using test::message;
using test::names;
using test::response;
using test::send_bytes;

using test::Frames;
using test::Peer;
using test::Rig;

TEST(Switchboard, CarriesAMessageToBoth) {
  Rig rig;
  Peer ann = rig.created("ann");
  Peer bob = rig.created("bob");
  rig.send(ann, send_bytes("ann", "bob", "hi"));
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames{message("ann", "bob", "hi")});
  EXPECT_EQ(bob.frames(), Frames{message("ann", "bob", "hi")});
  EXPECT_TRUE(rig.board.is_quiet());
}

TEST(Switchboard, CarriesMessagesOfMany) {
  // More than stay in the cache: here and in the registry memory is fetched ahead.
  constexpr std::size_t kUsers = 300;
  const auto name = [](std::size_t user) { return "u" + std::to_string(user % kUsers); };
  Rig rig;
  std::vector<Peer> peers;
  for (std::size_t i = 0; i < kUsers; ++i) {
    peers.push_back(rig.created(name(i)));
  }
  for (std::size_t i = 0; i < kUsers; ++i) {
    rig.send(peers[i], send_bytes(name(i), name(i + 1), "1") + send_bytes(name(i), "nobody", "2") +
                           send_bytes(name(i), name(i + 2), "3") +
                           send_bytes(name(i), name(i + 3), "4"));
  }
  // One is gone by the time its messages are home: they go back.
  rig.board.end(*peers[7].connection, true);
  rig.turn();
  Peer again = rig.connect();
  rig.send(again, bytes_of(Login{name(7)}) + bytes_of(Deliver{}));
  rig.turn();
  EXPECT_EQ(again.frames(),
            (Frames{response(), message(name(4), name(7), "4"), message(name(5), name(7), "3"),
                    message(name(6), name(7), "1")}));
  for (std::size_t i = 0; i < kUsers; ++i) {
    if (i == 7) {
      continue;
    }
    // Its own answers in order, and in between what it got in the order in which users sent.
    Frames answers;
    Frames messages;
    for (const test::WireFrame& frame : peers[i].frames()) {
      const bool is_own = frame.code != 2 || frame.data.starts_with(name(i) + "|||");
      (is_own ? answers : messages).push_back(frame);
    }
    EXPECT_EQ(
        answers,
        (Frames{message(name(i), name(i + 1), "1"), test::response("recipient does not exist"),
                message(name(i), name(i + 2), "3"), message(name(i), name(i + 3), "4")}));
    Frames wanted;
    for (std::size_t sender = 0; sender < kUsers; ++sender) {
      for (std::size_t ahead = 1; ahead <= 3; ++ahead) {
        if ((sender + ahead) % kUsers == i) {
          wanted.push_back(message(name(sender), name(i), std::string(1, "0134"[ahead])));
        }
      }
    }
    EXPECT_EQ(messages, wanted);
  }
}

TEST(Switchboard, ReadsNoMoreThanTheWindowAndThenOn) {
  SwitchboardLimits limits;
  limits.frames.in_flight_commands = 2;
  Rig rig(limits);
  Peer ann = rig.connect();
  const std::string question = bytes_of(List{"x"});
  EXPECT_TRUE(ann.stream->is_reading);
  EXPECT_EQ(rig.send(ann, question + question + question), 3 * question.size());
  EXPECT_FALSE(ann.stream->is_reading);
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames(3, names({})));
  EXPECT_TRUE(ann.stream->is_reading);
}

TEST(Switchboard, DoesNotTakeBackALongMessageOfWhichTheKernelHasAPart) {
  for (const bool has_answer_behind : {false, true}) {
    Rig rig;
    Peer ann = rig.created("ann");
    Peer bob = rig.created("bob");
    bob.stream->room = 1000;
    const std::string text(60'000, 'x');
    rig.send(ann, send_bytes("ann", "bob", text) + send_bytes("ann", "bob", "later"));
    if (has_answer_behind) {
      rig.send(bob, send_bytes("bob", "ann", "hi"));
    }
    rig.come_back();
    // In the same poll bob ends: what is not under way goes back.
    rig.board.end(*bob.connection, false);
    rig.turn();
    rig.take_all(bob);
    Frames expected{message("ann", "bob", text)};
    if (has_answer_behind) {
      expected.push_back(message("bob", "ann", "hi"));
    }
    EXPECT_EQ(bob.frames(), expected);
    Peer again = rig.connect();
    rig.send(again, bytes_of(Login{"bob"}) + bytes_of(Deliver{}));
    rig.turn();
    EXPECT_EQ(again.frames(), (Frames{response(), message("ann", "bob", "later")}));
  }
}

TEST(Switchboard, ReturnsToTheQueueWhatAGoneConnectionDidNotTake) {
  Rig rig;
  Peer ann = rig.created("ann");
  Peer bob = rig.created("bob");
  bob.stream->room = send_bytes("ann", "bob", "0").size() + 5;
  for (int i = 0; i < 3; ++i) {
    rig.send(ann, send_bytes("ann", "bob", std::to_string(i)));
    rig.turn();
  }
  // One more is on its way to it when it goes.
  rig.send(ann, send_bytes("ann", "bob", "3"));
  rig.dispatcher.submit({});
  ASSERT_EQ(rig.sent.size(), 1U);
  BatchPtr batch = std::move(rig.sent.front());
  rig.sent.clear();
  decode(*batch, {});
  rig.inbox.note_passed();
  for (const Input& input : batch->inputs) {
    rig.registry.apply(input, {}, batch->output);
  }
  rig.board.end(*bob.connection, true);
  EXPECT_TRUE(bob.stream->is_closed);
  rig.board.deliver_replies(*batch);
  rig.dispatcher.recycle(std::move(batch));
  rig.turn();

  Peer again = rig.connect();
  rig.send(again, bytes_of(Login{"bob"}) + bytes_of(Deliver{}));
  rig.turn();
  EXPECT_EQ(again.frames(), (Frames{response(), message("ann", "bob", "1"),
                                    message("ann", "bob", "2"), message("ann", "bob", "3")}));
}

/// Brings `connection` a push of `text`, which is kept or not, with a charge of 100.
void bring(Rig& rig, ConnectionId connection, std::string_view text, bool is_kept,
           std::uint64_t number) {
  Batch batch;
  const Message message{"ann", "bob", text};
  Push push{&message, AccountId{2}, MessageNumber{number}, UnixMs{9}, true, false, is_kept};
  push.is_portable = false;
  push.came_as = Protocol::One;
  batch.output.effects.push_back({connection, 0, 100, push});
  rig.board.deliver_replies(batch);
}

/// What the loop gives back to the registry, which does not see it.
std::vector<Returned> take_returned(Rig& rig) {
  std::vector<Returned> returned;
  rig.dispatcher.submit({});
  for (BatchPtr& batch : std::exchange(rig.sent, {})) {
    decode(*batch, {});
    rig.inbox.note_passed();
    for (const Input& input : batch->inputs) {
      if (const auto* back = std::get_if<Returned>(&input.body)) {
        EXPECT_EQ(back->is_kept, back->message.text.empty());
        EXPECT_TRUE(back->is_kept || back->message == (Message{"ann", "bob", "\xc3\xa9|||"}));
        returned.push_back(*back);
        returned.back().message = {};
      }
    }
    rig.dispatcher.recycle(std::move(batch));
  }
  return returned;
}

TEST(Switchboard, ReturnsAKeptPushThatItCouldNotWriteWithoutItsText) {
  for (const Protocol protocol : {Protocol::Zero, Protocol::One}) {
    Rig rig;
    Peer bob = rig.connect({}, protocol);
    bob.stream->room = 0;
    bring(rig, bob.connection->id, "\xc3\xa9|||", true, 1);
    bring(rig, bob.connection->id, std::string(100'000, '\x80'), true, 2);
    rig.board.finish_turn();
    rig.board.end(*bob.connection, true);
    EXPECT_EQ(take_returned(rig),
              (std::vector<Returned>{{AccountId{2}, MessageNumber{2}, UnixMs{9}, {}, true, 100},
                                     {AccountId{2}, MessageNumber{1}, UnixMs{9}, {}, true, 100}}));
  }
}

TEST(Switchboard, ReturnsNoKeptPushOfAConnectionThatWasGoneBefore) {
  Rig rig;
  Peer bob = rig.connect({}, Protocol::One);
  const ConnectionId id = bob.connection->id;
  rig.board.end(*bob.connection, true);
  EXPECT_TRUE(bob.stream->is_closed);
  bring(rig, id, "\xc3\xa9|||", true, 1);
  bring(rig, id, "\xc3\xa9|||", false, 2);
  EXPECT_EQ(take_returned(rig),
            (std::vector<Returned>{{AccountId{2}, MessageNumber{2}, UnixMs{9}, {}}}));
}

TEST(Switchboard, ReturnsWhatCameBehindTheLastWord) {
  Rig rig;
  Peer bob = rig.connect({}, Protocol::One);
  Batch batch;
  batch.output.effects.push_back({bob.connection->id, 0, 0, Close{}});
  rig.board.deliver_replies(batch);
  bring(rig, bob.connection->id, "\xc3\xa9|||", true, 1);
  bring(rig, bob.connection->id, "\xc3\xa9|||", false, 2);
  EXPECT_EQ(take_returned(rig),
            (std::vector<Returned>{{AccountId{2}, MessageNumber{1}, UnixMs{9}, {}, true, 100},
                                   {AccountId{2}, MessageNumber{2}, UnixMs{9}, {}}}));
  EXPECT_EQ(bob.stream->taken, "");
}

// They were put where nobody began to write them.
TEST(Switchboard, WritesAnswersThatCameHomeBeforeTheEndWasRead) {
  Rig rig;
  Peer ann = rig.created("ann");
  rig.send(ann, bytes_of(List{"x"}));
  rig.come_back();
  rig.board.end(*ann.connection, false);
  rig.turn();
  rig.take_all(ann);
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames{names({})});
  EXPECT_TRUE(ann.stream->is_closed);
  EXPECT_TRUE(rig.board.is_quiet());
}

// The connection was closed, and the reason dropped.
TEST(Switchboard, WritesTheLastWordThatCameHomeBeforeTheEndWasRead) {
  Rig rig;
  Peer ann = rig.connect();
  rig.send(ann, "\x01");
  rig.come_back();
  rig.board.end(*ann.connection, false);
  rig.turn();
  EXPECT_EQ(ann.frames().size(), 1U);
  EXPECT_TRUE(ann.stream->is_closed);
  EXPECT_TRUE(rig.board.is_quiet());
}

// It stayed with whoever had logged out, though it was newer than what had returned.
TEST(Switchboard, ReturnsToTheQueueWhatWasOnItsWayAtALogout) {
  Rig rig;
  Peer ann = rig.created("ann");
  Peer bob = rig.created("bob");
  bob.stream->room = 0;
  rig.send(ann, send_bytes("ann", "bob", "under way"));
  rig.turn();
  rig.send(ann, send_bytes("ann", "bob", "hi"));
  rig.dispatcher.submit({});
  ASSERT_EQ(rig.sent.size(), 1U);
  BatchPtr batch = std::move(rig.sent.front());
  rig.sent.clear();
  decode(*batch, {});
  rig.inbox.note_passed();
  for (const Input& input : batch->inputs) {
    rig.registry.apply(input, {}, batch->output);
  }
  rig.board.end(*bob.connection, false);
  rig.board.deliver_replies(*batch);
  rig.dispatcher.recycle(std::move(batch));
  rig.turn();
  Peer again = rig.connect();
  rig.send(again, bytes_of(Login{"bob"}) + bytes_of(Deliver{}));
  rig.turn();
  EXPECT_EQ(again.frames(), (Frames{response(), message("ann", "bob", "hi")}));
  rig.take_all(bob);
  rig.turn();
  EXPECT_EQ(bob.frames(), Frames{message("ann", "bob", "under way")});
  EXPECT_TRUE(bob.stream->is_closed);
}

TEST(Switchboard, ReportsWhatIsWrittenToAReaderThatWasSlow) {
  SwitchboardLimits board_limits;
  board_limits.outbox_bytes = 4096;
  RegistryLimits limits;
  limits.outbox_bytes = 4096;
  Rig rig(board_limits, limits);
  Peer ann = rig.created("ann");
  Peer bob = rig.created("bob");
  bob.stream->room = 0;
  Frames sent;
  for (int i = 0; i < 20; ++i) {
    const std::string text = std::to_string(i) + std::string(1000, 'x');
    sent.push_back(message("ann", "bob", text));
    rig.send(ann, send_bytes("ann", "bob", text));
    rig.turn();
  }
  // No more than the credit is with the loop.
  EXPECT_LT(bob.connection->outbox->held_bytes(), 4096U + 1100);
  rig.send(bob, bytes_of(List{"x"}));
  rig.turn();
  while (!bob.stream->writing.empty()) {
    rig.take_all(bob);
    rig.turn();
  }
  sent.push_back(names({}));
  EXPECT_EQ(bob.frames(), sent);
  EXPECT_TRUE(rig.board.is_quiet());
}

TEST(Switchboard, AnswersWhoeverSendsNoMoreAndThenCloses) {
  Rig rig;
  Peer ann = rig.connect();
  rig.send(ann, bytes_of(Create{"ann"}) + bytes_of(List{""}) + "\0");
  rig.board.end(*ann.connection, false);
  rig.turn();
  EXPECT_EQ(ann.frames(), (Frames{response(), names({"ann"})}));
  EXPECT_TRUE(ann.stream->is_closed);
  EXPECT_EQ(rig.board.size(), 0U);
}

TEST(Switchboard, SaysWhyAndListensOnForALittle) {
  Rig rig;
  Peer ann = rig.connect();
  rig.send(ann, "x");
  EXPECT_FALSE(ann.stream->is_reading);
  rig.turn();
  EXPECT_EQ(ann.frames(),
            Frames{response("protocol version 120 is not supported, this server speaks version "
                            "0")});
  EXPECT_TRUE(ann.stream->is_shut);
  EXPECT_TRUE(ann.stream->is_reading);
  rig.send(ann, std::string(1000, 'x'));
  rig.board.tick(500);
  EXPECT_FALSE(ann.stream->is_closed);
  rig.board.tick(500);
  EXPECT_TRUE(ann.stream->is_closed);
  EXPECT_EQ(ann.stream->discards, 1);

  Peer flood = rig.connect();
  rig.send(flood, "x");
  rig.turn();
  EXPECT_LE(rig.send(flood, std::string(3 << 20, 'x')), std::size_t{2} << 20);
  EXPECT_TRUE(flood.stream->is_closed);

  Peer polite = rig.connect();
  rig.send(polite, "x");
  rig.turn();
  rig.board.end(*polite.connection, false);
  EXPECT_TRUE(polite.stream->is_closed);
}

TEST(Switchboard, TellsWhoeverMissesALogin) {
  SwitchboardLimits limits;
  limits.login_ms = 1000;
  Rig rig(limits);
  EXPECT_EQ(rig.board.tick_ms(), 0U);
  Peer ann = rig.connect();
  Peer bob = rig.created("bob");
  EXPECT_GT(rig.board.tick_ms(), 0U);
  rig.board.tick(999);
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames{});
  rig.board.tick(1);
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames{response("no login within 1000 ms")});
  EXPECT_TRUE(ann.stream->is_shut);
  EXPECT_FALSE(bob.stream->is_shut);
  rig.board.tick(1000);
  EXPECT_TRUE(ann.stream->is_closed);
  // Nothing is left to look at.
  rig.board.tick(1);
  EXPECT_EQ(rig.board.tick_ms(), 0U);
}

TEST(Switchboard, CountsAFramesTimeOnlyWhileItReads) {
  SwitchboardLimits limits;
  limits.frame_ms = 1000;
  limits.frames.in_flight_commands = 1;
  Rig rig(limits);
  Peer ann = rig.connect();
  rig.send(ann, bytes_of(Create{"ann"}) + bytes_of(List{""}).substr(0, 10));
  rig.board.tick(5000);  // CREATE is not answered yet
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames{response()});
  rig.board.tick(999);
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames{});
  rig.board.tick(1);
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames{response("the frame was not complete within 1000 ms")});
}

// It is read, but the frame that is held waits for the window and not for the peer.
TEST(Switchboard, AnswersAPingBehindAFullWindow) {
  SwitchboardLimits limits;
  limits.frame_ms = 1000;
  limits.frames.in_flight_commands = 1;
  RegistryLimits registry_limits;
  registry_limits.listing_bytes = 0;  // every LIST waits
  Rig rig(limits, registry_limits);
  Peer ann = rig.connect({}, Protocol::One);
  std::string list;
  append_command1(list, List{"*"});
  std::string ping;
  append_command1(ping, Ping{"there?"});
  rig.send(ann, list + list + ping);
  rig.turn();
  ASSERT_EQ(ann.stream->taken.size(), ping.size());
  EXPECT_TRUE(ann.stream->taken.ends_with("there?"));
  rig.board.tick(5000);
  rig.turn();
  EXPECT_TRUE(ann.stream->is_reading);
  rig.send(ann, ping);
  rig.turn();
  EXPECT_EQ(ann.stream->taken.size(), 2 * ping.size());
}

TEST(Switchboard, ClosesWhoeverTakesNothing) {
  SwitchboardLimits limits;
  limits.stalled_ms = 1000;
  Rig rig(limits);
  Peer ann = rig.created("ann");
  ann.stream->room = 0;
  rig.send(ann, send_bytes("ann", "ann", "hi"));
  rig.turn();
  rig.board.tick(900);
  EXPECT_FALSE(ann.stream->take(1));
  rig.board.tick(900);  // it took a byte
  rig.board.tick(900);
  EXPECT_FALSE(ann.stream->is_closed);
  rig.board.tick(100);
  EXPECT_TRUE(ann.stream->is_closed);
}

// What is left goes back to the queue, and the account's next session waits for that.
TEST(Switchboard, ClosesWhoeverHasLeftAndTakesTooLong) {
  SwitchboardLimits limits;
  limits.stalled_ms = 1000;
  Rig rig(limits);
  Peer ann = rig.created("ann");
  ann.stream->room = 0;
  rig.send(ann, send_bytes("ann", "ann", "under way"));
  rig.turn();
  for (int i = 0; i < 9; ++i) {
    rig.board.tick(500);
    EXPECT_FALSE(ann.stream->take(1));
  }
  EXPECT_FALSE(ann.stream->is_closed);
  rig.board.end(*ann.connection, false);
  rig.turn();
  rig.board.tick(500);
  EXPECT_FALSE(ann.stream->take(1));
  rig.board.tick(499);
  EXPECT_FALSE(ann.stream->is_closed);
  rig.board.tick(1);
  EXPECT_TRUE(ann.stream->is_closed);
}

TEST(Switchboard, ClosesSoonWhoeverWasToldToGoAndTakesNothing) {
  SwitchboardLimits limits;
  limits.stalled_ms = 0;
  Rig rig(limits);
  Peer ann = rig.created("ann");
  ann.stream->room = 0;
  rig.send(ann, "\x07");  // no version
  rig.turn();
  rig.board.tick(9000);
  EXPECT_FALSE(ann.stream->take(1));
  rig.board.tick(9999);
  rig.board.tick(9999);
  EXPECT_FALSE(ann.stream->is_closed);
  rig.board.tick(1);
  EXPECT_TRUE(ann.stream->is_closed);
}

// Our ping waits behind what it is owed, so it cannot be answered yet.
TEST(Switchboard, PingsNobodyWhoTakesWhatItIsOwed) {
  SwitchboardLimits limits;
  limits.login_ms = 0;
  limits.stalled_ms = 0;
  limits.idle_ms = 1000;
  Rig rig(limits);
  Peer ann = rig.connect({}, Protocol::One);
  ann.stream->room = 0;
  std::string ping;
  append_command1(ping, Ping{"0123456789"});
  rig.send(ann, ping);
  rig.turn();
  const std::size_t owed_bytes = ping.size();
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(ann.stream->take(1));
    rig.board.tick(500);
    rig.turn();
  }
  rig.take_all(ann);
  EXPECT_EQ(ann.stream->taken.size(), owed_bytes);
  // Who takes nothing is asked.
  rig.send(ann, ping);
  rig.turn();
  rig.board.tick(500);
  rig.board.tick(500);
  rig.turn();
  rig.take_all(ann);
  EXPECT_EQ(ann.stream->taken.size(), 2 * owed_bytes + kHeaderBytes);
}

TEST(Switchboard, ReadsNobodyWhoHoldsBuffersWhenTheyAreFull) {
  SwitchboardLimits limits;
  limits.buffered_bytes = 100'000;
  Rig rig(limits);
  Peer ann = rig.created("ann");
  Peer bob = rig.created("bob");
  Peer cat = rig.created("cat");
  const std::string frame = send_bytes("bob", "bob", std::string(60'000, 'x'));
  rig.send(ann, std::string_view(frame).substr(0, 50'000));
  EXPECT_TRUE(bob.stream->is_reading);
  rig.send(bob, std::string_view(frame).substr(0, 59'000));
  EXPECT_FALSE(ann.stream->is_reading);
  EXPECT_FALSE(bob.stream->is_reading);
  EXPECT_TRUE(cat.stream->is_reading);
  EXPECT_EQ(rig.board.tick_ms(), 100U);
  // It stays so only for a while: then whoever holds most is closed. A tick that began before is no
  // part of it.
  rig.board.tick(2000);
  EXPECT_FALSE(bob.stream->is_closed);
  rig.board.tick(999);
  EXPECT_FALSE(bob.stream->is_closed);
  rig.board.tick(1);
  EXPECT_TRUE(bob.stream->is_closed);
  EXPECT_FALSE(ann.stream->is_closed);
  EXPECT_TRUE(ann.stream->is_reading);
}

TEST(Switchboard, ReadsNobodyAtAllWhenTheReserveIsUsedUp) {
  SwitchboardLimits limits;
  limits.buffered_bytes = 100'000;
  Rig rig(limits);
  Peer ann = rig.created("ann");
  Peer bob = rig.created("bob");
  Peer cat = rig.created("cat");
  const std::string frame = send_bytes("bob", "bob", std::string(60'000, 'x'));
  rig.send(ann, std::string_view(frame).substr(0, 59'000));
  rig.send(bob, std::string_view(frame).substr(0, 50'000));
  EXPECT_TRUE(cat.stream->is_reading);
  Peer dan = rig.connect();
  EXPECT_TRUE(dan.stream->is_reading);
  rig.send(cat, std::string_view(frame).substr(0, 20'000));
  EXPECT_FALSE(dan.stream->is_reading);
  rig.board.tick(900);
  EXPECT_FALSE(ann.stream->is_closed);
  // That hurts who has no part in it, so it lasts no longer than it takes to see that it stays.
  rig.board.tick(99);
  EXPECT_FALSE(ann.stream->is_closed);
  rig.board.tick(1);
  EXPECT_TRUE(ann.stream->is_closed);
  EXPECT_FALSE(cat.stream->is_closed);
  EXPECT_TRUE(dan.stream->is_reading);
}

TEST(Switchboard, WaitsASecondForTheDisk) {
  SwitchboardLimits limits;
  limits.buffered_bytes = 1'000'000;
  Rig rig(limits);
  std::vector<Peer> peers;
  for (int i = 0; i < 10; ++i) {
    peers.push_back(rig.created("u" + std::to_string(i)));
  }
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const std::string name = "u" + std::to_string(i);
    for (int message = 0; message < 150; ++message) {
      rig.send(peers[i], send_bytes(name, name, std::string(900, 'x')));
    }
  }
  EXPECT_FALSE(peers.back().stream->is_reading);
  const auto closed = [&peers] {
    return std::count_if(peers.begin(), peers.end(),
                         [](const Peer& peer) { return peer.stream->is_closed; });
  };
  for (int ms = 0; ms <= 900; ms += 100) {
    rig.board.tick(100);
    EXPECT_EQ(closed(), 0) << ms;
  }
  rig.board.tick(100);
  EXPECT_GT(closed(), 0);
}

TEST(Switchboard, ClosesNobodyForBuffersWhenItStops) {
  SwitchboardLimits limits;
  limits.buffered_bytes = 100'000;
  Rig rig(limits);
  Peer ann = rig.created("ann");
  const std::string frame = send_bytes("ann", "ann", std::string(60'000, 'x'));
  Peer bob = rig.created("bob");
  rig.send(ann, std::string_view(frame).substr(0, 59'000));
  rig.send(bob, std::string_view(frame).substr(0, 59'000));
  rig.board.stop_reading();
  for (int i = 0; i < 30; ++i) {
    rig.board.tick(100);
  }
  EXPECT_FALSE(ann.stream->is_closed);
  EXPECT_FALSE(bob.stream->is_closed);
}

TEST(Switchboard, WaitsASecondForBuffersThatShrink) {
  SwitchboardLimits limits;
  limits.buffered_bytes = 100'000;
  limits.outbox_bytes = 1 << 20;
  RegistryLimits registry_limits;
  registry_limits.outbox_bytes = 1 << 20;
  Rig rig(limits, registry_limits);
  std::vector<Peer> peers;
  for (int i = 0; i < 75; ++i) {
    peers.push_back(rig.created("u" + std::to_string(i)));
    peers.back().stream->room = 0;
  }
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const std::string name = "u" + std::to_string(i);
    rig.send(peers[i], send_bytes(name, name, std::string(900, 'x')));
  }
  rig.turn();
  const auto are_here = [&peers] {
    return std::none_of(peers.begin(), peers.end(),
                        [](const Peer& peer) { return peer.stream->is_closed; });
  };
  rig.board.tick(50);
  for (std::size_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(are_here()) << i;
    peers[i].stream->take();
    rig.board.written(*peers[i].connection, true);
    rig.board.tick(50);
  }
  EXPECT_FALSE(are_here());
}

TEST(Switchboard, ClosesAsManyAsItTakesWhenBuffersAreShort) {
  SwitchboardLimits limits;
  limits.buffered_bytes = 200'000;
  limits.outbox_bytes = 1 << 20;
  RegistryLimits registry_limits;
  registry_limits.outbox_bytes = 1 << 20;
  Rig rig(limits, registry_limits);
  std::vector<Peer> peers;
  for (int i = 0; i < 4; ++i) {
    peers.push_back(rig.created("u" + std::to_string(i)));
    peers.back().stream->room = 0;
  }
  // Each one's own message comes to it twice: 400 kB in all, from 200 kB that came in.
  for (int i = 0; i < 4; ++i) {
    const std::string name = "u" + std::to_string(i);
    rig.send(peers[static_cast<std::size_t>(i)], send_bytes(name, name, std::string(49'000, 'x')));
  }
  rig.turn();
  rig.board.tick(1);
  rig.board.tick(1000);
  EXPECT_EQ(std::count_if(peers.begin(), peers.end(),
                          [](const Peer& peer) { return peer.stream->is_closed; }),
            3);
  rig.turn();
  EXPECT_EQ(std::count_if(peers.begin(), peers.end(),
                          [](const Peer& peer) { return peer.stream->is_reading; }),
            1);
}

// What waited in the registry counted nowhere.
TEST(Switchboard, CountsCommandsThatWait) {
  SwitchboardLimits limits;
  limits.buffered_bytes = 100'000;
  limits.outbox_bytes = 4096;
  RegistryLimits registry_limits;
  registry_limits.outbox_bytes = 4096;
  Rig rig(limits, registry_limits);
  Peer ann = rig.created("ann");
  Peer bob = rig.created("bob");
  ann.stream->room = 0;
  for (int i = 0; i < 50; ++i) {
    rig.send(ann, send_bytes("ann", "ann", std::string(1000, 'x')));
    rig.turn();
  }
  EXPECT_TRUE(ann.stream->is_reading);
  for (int i = 0; i < 50; ++i) {
    rig.send(ann, send_bytes("ann", "ann", std::string(1000, 'x')));
    rig.turn();
  }
  EXPECT_FALSE(ann.stream->is_reading);
  EXPECT_TRUE(bob.stream->is_reading);
  rig.board.tick(1);
  rig.board.tick(1000);
  EXPECT_TRUE(ann.stream->is_closed);
  EXPECT_TRUE(bob.stream->is_reading);
}

TEST(Switchboard, LooksAtNothingThatHasNoDeadline) {
  SwitchboardLimits limits;
  limits.login_ms = 0;
  Rig rig(limits);
  Peer ann = rig.connect();
  rig.turn();
  rig.board.tick(1000);
  EXPECT_EQ(rig.board.tick_ms(), 0U);
  EXPECT_FALSE(ann.stream->is_closed);
}

TEST(Switchboard, TellsStrangersThatThereIsNoRoomAndKeepsAFewOfThem) {
  SwitchboardLimits limits;
  limits.connections = 1;
  Rig rig(limits);
  Peer ann = rig.created("ann");
  std::vector<Peer> rejected;
  for (std::size_t i = 0; i < Rejections::kMost + 1; ++i) {
    rejected.push_back(rig.connect());
    EXPECT_EQ(rejected.back().frames(),
              Frames{response("the server is at its limit of 1 connections, try again later")});
    EXPECT_FALSE(rejected.back().stream->is_reading);
    rig.turn();
    EXPECT_TRUE(rejected.back().stream->is_shut);
  }
  EXPECT_TRUE(rejected.front().stream->is_closed);
  EXPECT_EQ(rejected.front().stream->discards, 1);
  EXPECT_FALSE(rejected[1].stream->is_closed);
  EXPECT_EQ(rig.board.size(), 1 + Rejections::kMost);
  rig.board.end(*ann.connection, false);
  rig.turn();
  EXPECT_TRUE(ann.stream->is_closed);
  // There is room, though rejected connections connections are still around.
  Peer bob = rig.created("bob");
  EXPECT_TRUE(bob.stream->is_reading);
  rig.board.tick(1000);
  EXPECT_EQ(rig.board.size(), 1U);
}

TEST(Switchboard, TurnsAwayWhoHasTooManyConnectionsFromOneAddress) {
  SwitchboardLimits limits;
  limits.connections_per_address = 2;
  Rig rig(limits);
  const Frames refused{
      response("the server takes 2 connections from one address, try again later")};
  Peer ann = rig.connect({7});
  Peer bob = rig.connect({7});
  Peer cid = rig.connect({7});
  EXPECT_EQ(ann.frames(), Frames{});
  EXPECT_EQ(bob.frames(), Frames{});
  EXPECT_EQ(cid.frames(), refused);
  EXPECT_FALSE(cid.stream->is_reading);
  rig.turn();
  EXPECT_TRUE(cid.stream->is_shut);
  // Another address has a count of its own.
  EXPECT_EQ(rig.connect({8}).frames(), Frames{});
  // One that was turned away holds no place, and one that leaves gives its own back.
  rig.board.end(*cid.connection, false);
  EXPECT_TRUE(cid.stream->is_closed);
  EXPECT_EQ(rig.connect({7}).frames(), refused);
  rig.board.end(*ann.connection, true);
  EXPECT_EQ(rig.connect({7}).frames(), Frames{});
  EXPECT_EQ(rig.connect({7}).frames(), refused);
}

TEST(Switchboard, TurnsEverybodyAwayWhileItIsTold) {
  Rig rig;
  rig.board.turn_away(FinalWord{{RefusalCode::Standby}, "db2:9000"});
  Peer ann = rig.connect();
  EXPECT_EQ(ann.frames(),
            Frames{response("this server is a standby; the one that serves: db2:9000")});
  EXPECT_FALSE(ann.stream->is_reading);
  rig.turn();
  EXPECT_TRUE(ann.stream->is_shut);
  rig.board.end(*ann.connection, false);
  EXPECT_TRUE(ann.stream->is_closed);
  EXPECT_TRUE(rig.board.is_quiet());
  rig.board.turn_away(std::nullopt);
  Peer bob = rig.created("bob");
  EXPECT_TRUE(bob.stream->is_reading);
  rig.board.send_final_word({{RefusalCode::TakenOver}, "db1:9000"});
  EXPECT_EQ(bob.frames(), Frames{response("another server has taken over: db1:9000")});
}

// The peer may have read so little before that the kernel has no room for all of it.
TEST(Switchboard, WritesAFinalWordWhole) {
  Rig rig;
  Peer ann = rig.created("ann");
  Peer bob = rig.created("bob");
  const Frames all{response("the server is shutting down")};
  ann.stream->room = 3;
  bob.stream->room = 0;
  rig.board.send_final_word({});
  EXPECT_FALSE(ann.stream->is_shut);
  EXPECT_FALSE(rig.board.is_quiet());
  for (const Peer& peer : {ann, bob}) {
    EXPECT_FALSE(peer.stream->take(7));
    EXPECT_TRUE(peer.stream->take());
    rig.board.written(*peer.connection, true);
    EXPECT_TRUE(peer.stream->is_shut);
  }
  EXPECT_EQ(ann.frames(), all);
  EXPECT_EQ(bob.frames(), all);
  rig.turn();
  EXPECT_TRUE(rig.board.is_quiet());
}

// Who had been told counted as still there until it was gone, so others were told ahead of time.
TEST(Switchboard, DrainsAtAnEvenPaceWhoeverIsSlowToGo) {
  SwitchboardLimits limits;
  limits.connections = 6;
  Rig rig(limits);
  std::vector<Peer> peers;
  for (int i = 0; i < 6; ++i) {
    peers.push_back(rig.created("user" + std::to_string(i)));
  }
  const auto told = [&] {
    return std::count_if(peers.begin(), peers.end(),
                         [](const Peer& peer) { return peer.stream->is_shut; });
  };
  const Peer rejected = rig.connect();  // is told by itself
  rig.board.drain_to(4, 4);
  EXPECT_EQ(told(), 0);
  rig.board.drain_to(3, 4);
  EXPECT_EQ(told(), 1);  // five are more than three quarters of six
  rig.board.drain_to(3, 4);
  EXPECT_EQ(told(), 1);
  // One leaves by itself, and one is gone that was told: neither is another one's turn.
  rig.board.end(*peers[5].connection, false);
  rig.turn();
  EXPECT_TRUE(peers[5].stream->is_shut || peers[5].stream->is_closed);
  rig.board.end(*peers[0].connection, false);
  EXPECT_TRUE(peers[0].stream->is_closed);
  rig.board.drain_to(2, 4);
  EXPECT_EQ(told(), 2);
  EXPECT_EQ(peers[1].frames(), Frames{response("the server is shutting down")});
  // Who waits for an answer is not told now.
  rig.send(peers[2], bytes_of(List{"*"}));
  rig.board.drain_to(1, 4);
  EXPECT_FALSE(peers[2].stream->is_shut);
  EXPECT_TRUE(peers[3].stream->is_shut);
  EXPECT_FALSE(peers[4].stream->is_shut);
  rig.turn();
  rig.board.drain_to(0, 4);
  EXPECT_TRUE(peers[2].stream->is_shut);
  EXPECT_TRUE(peers[4].stream->is_shut);
}

TEST(Switchboard, DrainsInTurnsWithOtherLoops) {
  std::string told;
  std::vector<std::unique_ptr<Rig>> rigs;
  std::vector<Peer> peers;
  for (std::uint32_t i = 0; i < 3; ++i) {
    rigs.push_back(
        std::make_unique<Rig>(SwitchboardLimits{}, RegistryLimits{}, nullptr, LoopPlace{i, 3}));
    peers.push_back(rigs.back()->created("ann"));
  }
  for (std::uint64_t left = 6; left-- > 0;) {
    for (std::size_t i = 0; i < rigs.size(); ++i) {
      rigs[i]->board.drain_to(left, 6);
      told += peers[i].stream->is_shut ? 'x' : '-';
    }
    told += ' ';
  }
  EXPECT_EQ(told, "--- --x --x -xx -xx xxx ");
}

TEST(Switchboard, GivesUpAFinalWordThatNobodyReads) {
  Rig rig;
  Peer ann = rig.created("ann");
  ann.stream->room = 0;
  rig.board.send_final_word({});
  rig.board.tick(9'999);
  EXPECT_FALSE(ann.stream->is_closed);
  rig.board.tick(1);
  EXPECT_TRUE(ann.stream->is_closed);
}

TEST(Switchboard, LetsCommandsAboveTheLimitPerSecondWait) {
  SwitchboardLimits limits;
  limits.commands_per_second = 4;
  limits.frame_ms = 1000;
  Rig rig(limits);
  Peer ann = rig.connect();
  Peer bob = rig.connect();
  std::string bytes;
  for (int i = 0; i < 7; ++i) {
    bytes += bytes_of(List{"x"});
  }
  bytes += bytes_of(List{"y"}).substr(0, 20);
  EXPECT_EQ(rig.send(ann, bytes), bytes.size());
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames(4, names({})));
  EXPECT_FALSE(ann.stream->is_reading);
  // Nobody else waits for it.
  rig.send(bob, bytes_of(List{"x"}));
  rig.turn();
  EXPECT_EQ(bob.frames(), Frames{names({})});
  // Time passes, and with it nobody's patience: it is the server that waits.
  const auto tick_at = [&](std::uint64_t ms, std::uint64_t elapsed_ms) {
    rig.board.set_time(ms);
    rig.board.tick(elapsed_ms);
    rig.turn();
  };
  tick_at(249, 2000);
  EXPECT_EQ(ann.frames(), Frames{});
  tick_at(250, 1);
  EXPECT_EQ(ann.frames(), Frames{names({})});
  EXPECT_FALSE(ann.stream->is_reading);
  tick_at(700, 450);
  EXPECT_EQ(ann.frames(), Frames{names({})});
  tick_at(750, 50);
  EXPECT_EQ(ann.frames(), Frames{names({})});
  // What is left is the front of a frame, and that has to be completed in time.
  EXPECT_TRUE(ann.stream->is_reading);
  tick_at(1750, 1000);
  EXPECT_EQ(ann.frames(), Frames{response("the frame was not complete within 1000 ms")});
}

TEST(Switchboard, PacesALoginAndAHalfClosedConnectionToo) {
  SwitchboardLimits limits;
  limits.commands_per_second = 1;
  Rig rig(limits);
  Peer ann = rig.connect();
  rig.send(ann, bytes_of(List{"x"}) + bytes_of(Login{"ann"}) + bytes_of(List{"x"}));
  rig.board.end(*ann.connection, false);
  Frames answers;
  for (std::uint64_t ms = 0; ms <= 4000; ms += 500) {
    rig.board.set_time(ms);
    rig.board.tick(500);
    rig.turn();
    for (const test::WireFrame& frame : ann.frames()) {
      answers.push_back(frame);
    }
    EXPECT_LE(answers.size(), 1 + ms / 1000) << ms;
  }
  EXPECT_EQ(answers, (Frames{names({}), response("username does not exist"), names({})}));
  EXPECT_TRUE(ann.stream->is_closed);
}

TEST(Switchboard, GivesAFloodNoMoreThanItsShareOfATurn) {
  SwitchboardLimits limits;
  limits.frames.in_flight_bytes = 1 << 30;
  limits.frames.in_flight_commands = 1 << 30;
  limits.frames.frame_bytes = 1 << 30;
  Rig rig(limits);
  Peer ann = rig.created("ann");
  Peer bob = rig.created("bob");
  const std::size_t share = Switchboard::kReadsPerTurn * Framer::kReadBytes;
  std::string flood;
  while (flood.size() < 8 * share) {
    flood += bytes_of(List{"x"});
  }
  // What bob asks in the same turn goes with the same batch, and the flood goes on after it.
  EXPECT_EQ(rig.send(ann, flood), share);
  rig.send(bob, bytes_of(List{"bob"}));
  EXPECT_TRUE(ann.stream->is_reading);
  EXPECT_LE(rig.dispatcher.batch_of(ann.connection->id).bytes.size(), share + 100);
  rig.turn();
  EXPECT_EQ(bob.frames(), Frames{names({"bob"})});
  EXPECT_EQ(ann.frames().size(), share / bytes_of(List{"x"}).size());
  EXPECT_EQ(rig.send(ann, flood.substr(share)), share);
}

TEST(Switchboard, OpensAndClosesWindowsWhenItsLimitsChange) {
  SwitchboardLimits limits;
  limits.frames.in_flight_commands = 1;
  Rig rig(limits);
  Peer ann = rig.connect();
  const std::string question = bytes_of(List{"x"});
  EXPECT_EQ(rig.send(ann, question + question), 2 * question.size());
  EXPECT_FALSE(ann.stream->is_reading);
  limits.frames.in_flight_commands = 3;
  rig.board.set_limits(limits);
  rig.board.finish_turn();
  EXPECT_TRUE(ann.stream->is_reading);
  limits.frames.in_flight_commands = 2;
  rig.board.set_limits(limits);
  rig.board.finish_turn();
  EXPECT_FALSE(ann.stream->is_reading) << "two are under way";
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames(2, names({})));
  EXPECT_TRUE(ann.stream->is_reading);
}

TEST(Switchboard, ALowerLimitOnFramesHarmsNoneThatWasAccepted) {
  SwitchboardLimits limits;
  Rig rig(limits);
  Peer ann = rig.created("ann");
  Peer bob = rig.created("bob");
  rig.board.end(*rig.created("cid").connection, true);
  rig.turn();
  const std::string text(6000, 'x');
  rig.send(ann, send_bytes("ann", "cid", text));
  const std::string bytes = send_bytes("ann", "bob", text);
  rig.send(ann, bytes.substr(0, 100));
  rig.turn();
  limits.frames.frame_bytes = 2000;
  rig.board.set_limits(limits);
  RegistryLimits registry_limits;
  registry_limits.frame_bytes = 2000;
  rig.reconfigure(registry_limits);
  rig.send(ann, bytes.substr(100));
  rig.turn();
  EXPECT_EQ(bob.frames(), Frames{message("ann", "bob", text)});
  EXPECT_EQ(ann.frames(), (Frames{message("ann", "cid", text), message("ann", "bob", text)}));
  rig.send(bob, bytes);
  rig.turn();
  EXPECT_EQ(bob.frames(),
            Frames{response("the frame announces more data than the limit of 2000 bytes")});
  limits.frames.frame_bytes = 8000;
  rig.board.set_limits(limits);
  rig.send(ann, send_bytes("ann", "cid", std::string(7900, 'x')));
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames{message("ann", "cid", std::string(7900, 'x'))});
}

TEST(Switchboard, KeepsThoseWhoAreAboveALowerLimit) {
  SwitchboardLimits limits;
  Rig rig(limits);
  const PeerNetwork here{7};
  std::vector<Peer> peers;
  for (int i = 0; i < 3; ++i) {
    peers.push_back(rig.connect(here));
  }
  limits.connections_per_address = 2;
  rig.board.set_limits(limits);
  rig.turn();
  Peer fourth = rig.connect(here);
  EXPECT_EQ(fourth.frames(),
            Frames{response("the server takes 2 connections from one address, try again later")});
  Peer other = rig.connect(PeerNetwork{8});
  for (Peer& peer : peers) {
    rig.send(peer, bytes_of(List{"x"}));
  }
  rig.send(other, bytes_of(List{"x"}));
  rig.turn();
  for (Peer& peer : peers) {
    EXPECT_EQ(peer.frames(), Frames{names({})});
  }
  EXPECT_EQ(other.frames(), Frames{names({})});
  // They are counted, though the limit came later than they.
  rig.board.end(*peers[0].connection, true);
  EXPECT_FALSE(rig.connect(here).frames().empty());
  rig.board.end(*peers[1].connection, true);
  EXPECT_TRUE(rig.connect(here).frames().empty());
  limits.connections = 1;
  rig.board.set_limits(limits);
  EXPECT_EQ(rig.connect(PeerNetwork{9}).frames(),
            Frames{response("the server is at its limit of 1 connections, try again later")});
}

TEST(Switchboard, CountsDeadlinesThatBeginWhileSomebodyIsConnected) {
  SwitchboardLimits limits;
  limits.login_ms = 0;
  limits.idle_ms = 0;
  limits.stalled_ms = 0;
  limits.frame_ms = 0;
  Rig rig(limits);
  Peer silent = rig.connect();
  rig.turn();
  rig.board.tick(1000);
  EXPECT_EQ(rig.board.tick_ms(), 0U) << "nothing to wait for";
  limits.login_ms = 500;
  rig.board.set_limits(limits);
  rig.turn();
  EXPECT_GT(rig.board.tick_ms(), 0U);
  rig.board.tick(499);
  rig.turn();
  EXPECT_TRUE(silent.frames().empty());
  rig.board.tick(1);
  rig.turn();
  EXPECT_EQ(silent.frames(), Frames{response("no login within 500 ms")});
}

TEST(Switchboard, PacesThoseWhoWereConnectedBeforeThereWasALimit) {
  SwitchboardLimits limits;
  Rig rig(limits);
  Peer ann = rig.connect();
  limits.commands_per_second = 1;
  rig.board.set_limits(limits);
  rig.turn();
  const std::string question = bytes_of(List{"x"});
  rig.send(ann, question + question);
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames(1, names({})));
  limits.commands_per_second = 0;
  rig.board.set_limits(limits);
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames(1, names({})));
}

TEST(Switchboard, ReportsAllThatWasWrittenWhenAsked) {
  RegistryLimits registry_limits;
  Rig rig({}, registry_limits);
  Peer ann = rig.created("ann");
  Peer bob = rig.created("bob");
  rig.send(ann, send_bytes("ann", "bob", "hi"));
  rig.turn();
  EXPECT_GT(rig.registry.queued_bytes(), 0U) << "a report is not urgent";
  rig.board.report_all();
  rig.turn();
  EXPECT_EQ(rig.registry.queued_bytes(), 0U);
  rig.board.report_all();
  EXPECT_TRUE(rig.dispatcher.is_idle()) << "there is nothing to report";
}

// In parts, so that a change of limits holds up nobody.
TEST(Switchboard, LooksAtEverybodyAfterAChangeOfLimits) {
  Rig rig;
  std::vector<Peer> peers;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "u" + std::to_string(i);
    peers.push_back(rig.created(name));
    rig.send(peers.back(), send_bytes(name, name, "hi"));
  }
  rig.turn();
  EXPECT_GT(rig.registry.queued_bytes(), 0U) << "a report is not urgent";
  rig.board.report_all();
  EXPECT_TRUE(rig.board.has_unseen());
  EXPECT_FALSE(rig.board.is_quiet());
  while (rig.board.has_unseen()) {
    rig.turn();
  }
  rig.turn();
  EXPECT_EQ(rig.registry.queued_bytes(), 0U);
  EXPECT_TRUE(rig.board.is_quiet());
}

/// A reload, which reaches the registry and the loop at different times.
struct CreditChange {
  std::uint64_t before;
  std::uint64_t after;
  bool is_registry_first;
  bool must_wait;  // until the other one has heard, too
};

void PrintTo(const CreditChange& change, std::ostream* out) {
  *out << change.before << " to " << change.after << ", "
       << (change.is_registry_first ? "registry" : "loop") << " first";
}

class SwitchboardCredit : public testing::TestWithParam<CreditChange> {
 protected:
  void tell(bool is_registry, std::uint64_t bytes) {
    if (is_registry) {
      RegistryLimits limits;
      limits.outbox_bytes = bytes;
      rig_.reconfigure(limits);
    } else {
      SwitchboardLimits limits;
      limits.outbox_bytes = bytes;
      rig_.board.set_limits(limits);
    }
  }

  Rig rig_;
};

TEST_P(SwitchboardCredit, NobodyWaitsForAReportForEver) {
  const CreditChange change = GetParam();
  for (const bool is_registry : {true, false}) {
    tell(is_registry, change.before);
  }
  Peer ann = rig_.created("ann");
  const std::string question = bytes_of(List{"x"});
  constexpr std::size_t kQuestions = 300;
  std::string questions;
  for (std::size_t i = 0; i < kQuestions; ++i) {
    questions += question;
  }
  // Half of it while one has heard of the change, who says what is to be done next.
  tell(change.is_registry_first, change.after);
  rig_.send(ann, questions);
  rig_.turn();
  const std::size_t before = ann.frames().size();
  EXPECT_EQ(before < kQuestions, change.must_wait) << before;
  tell(!change.is_registry_first, change.after);
  rig_.turn();
  EXPECT_EQ(before + ann.frames().size(), kQuestions);
  rig_.send(ann, questions);
  rig_.turn();
  EXPECT_EQ(ann.frames(), Frames(kQuestions, names({})));
}

INSTANTIATE_TEST_SUITE_P(Changes, SwitchboardCredit,
                         testing::Values(CreditChange{4096, 100'000, false, true},
                                         CreditChange{4096, 100'000, true, false},
                                         CreditChange{100'000, 4096, true, true},
                                         CreditChange{100'000, 4096, false, false}));

TEST(Switchboard, ReportsWhatIsDueByALowerLimit) {
  SwitchboardLimits limits;
  limits.outbox_bytes = 100'000;
  Rig rig(limits);
  Peer ann = rig.created("ann");
  rig.send(ann, send_bytes("ann", "ann", std::string(3000, 'x')));
  rig.turn();
  EXPECT_GT(rig.registry.queued_bytes(), 0U) << "a report is not urgent";
  limits.outbox_bytes = 4096;
  rig.board.set_limits(limits);
  rig.turn();
  EXPECT_EQ(rig.registry.queued_bytes(), 0U);
}

TEST(Switchboard, IsQuietOnlyWhenAllIsAnsweredAndWritten) {
  Rig rig;
  Peer ann = rig.created("ann");
  ann.stream->room = 0;
  rig.send(ann, send_bytes("ann", "ann", "hi") + bytes_of(List{""}).substr(0, 10));
  EXPECT_FALSE(rig.board.is_quiet());
  rig.board.stop_reading();
  EXPECT_FALSE(ann.stream->is_reading);
  rig.turn();
  EXPECT_FALSE(rig.board.is_quiet());
  rig.take_all(ann);
  rig.turn();
  EXPECT_EQ(ann.frames(), Frames(2, message("ann", "ann", "hi")));
  EXPECT_TRUE(rig.board.is_quiet());
  rig.board.drop_all();
  EXPECT_TRUE(ann.stream->is_closed);
}

// The end of a connection is read a poll later than its last bytes, and a LOGIN came between.
TEST(Switchboard, SeesALogoutBeforeALoginThatCameAfterIt) {
  Rig rig;
  Peer ann = rig.created("ann");
  Peer again = rig.connect();
  rig.send(ann, bytes_of(List{""}));
  const std::string bytes = bytes_of(List{"x"}) + bytes_of(Login{"ann"}) + bytes_of(List{"x"});
  EXPECT_EQ(rig.send(again, bytes), bytes.size());
  EXPECT_FALSE(again.stream->is_reading);
  EXPECT_FALSE(rig.board.is_quiet());
  EXPECT_TRUE(rig.board.defer_logins());
  rig.board.end(*ann.connection, false);
  rig.board.admit_logins();
  rig.turn();
  EXPECT_EQ(again.frames(), (Frames{names({}), response(), names({})}));
  EXPECT_TRUE(again.stream->is_reading);
  EXPECT_FALSE(rig.board.defer_logins());
}

TEST(Switchboard, SaysWhomACertificateNamesIfThatProvesAnything) {
  for (const bool is_on : {true, false}) {
    Rig rig({.frames = {.certificate_names = is_on}});
    Peer ann = rig.created("ann");
    Peer again = rig.connect();
    again.stream->certificate_name = "ann";
    rig.send(again, bytes_of(List{"x"}) + bytes_of(Login{"ann"}));
    EXPECT_TRUE(rig.board.defer_logins());
    rig.board.admit_logins();
    rig.turn();
    EXPECT_EQ(again.frames(),
              (Frames{names({}), response(is_on ? "" : "user is already logged in")}));
    EXPECT_EQ(ann.stream->is_shut, is_on);
  }
}

TEST(Switchboard, CountsTheMemoryOfWhatItDrops) {
  Rig rig;
  static_cast<void>(rig.board.take_dropped_bytes());
  for (const std::size_t bytes : {0U, 50'000U}) {
    Peer peer = rig.connect();
    peer.stream->memory_bytes = bytes;
    rig.board.end(*peer.connection, true);
    const std::uint64_t dropped = rig.board.take_dropped_bytes();
    EXPECT_GT(dropped, bytes);
    EXPECT_LT(dropped, bytes + 4096);
  }
}

TEST(Switchboard, GivesEveryConnectionANewId) {
  Rig rig;
  std::vector<ConnectionId> ids;
  for (int i = 0; i < 100; ++i) {
    Peer peer = rig.connect();
    ids.push_back(peer.connection->id);
    rig.board.end(*peer.connection, i % 2 == 0);
    rig.turn();
    EXPECT_TRUE(peer.stream->is_closed);
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

}  // namespace
}  // namespace tribar
