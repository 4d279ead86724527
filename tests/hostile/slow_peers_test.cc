// SPDX-License-Identifier: MIT
//
// Peers that take their time: those that have a deadline are gone at it, however they trickle, and
// those that have none stay and disturb nobody.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "hostile/attack.h"
#include "support/over_tls.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

enum Kind : std::size_t {
  kTrickles,          // a frame that never ends, a byte at a time
  kTricklesLoggedIn,  // the same after login
  kSilent,            // says nothing
  kNeverReads,        // asks for more than the kernel holds
  kReadsSlowly,       // logged in, a byte at a time
  kKinds,
};

TEST(SlowPeers, HaveTheirDeadlinesAndNoMore) {
  const milliseconds frame_ms = sized(milliseconds(800), milliseconds(6000));
  // A frame's time begins after the handshake, the login's before it.
  const milliseconds login_ms =
      sized(milliseconds(1200), milliseconds(9000)) + milliseconds(is_over_tls() ? 800 : 0);
  const milliseconds stalled_ms = sized(milliseconds(2000), milliseconds(12'000));
  const milliseconds pace = sized(milliseconds(100), milliseconds(1000));
  const std::size_t each = sized<std::size_t>(60, 1000);
  Attack attack({.settings = fmt::format(R"("timeouts": {{"frame_ms": {}, "login_ms": {},
                     "stalled_ms": {}}}, "limits": {{"outbox_bytes": 32768}})",
                                         frame_ms.count(), login_ms.count(), stalled_ms.count())});
  Crowd& crowd = attack.crowd();
  populate(crowd, "user", 100, 64);
  attack.begin();
  std::string lists;
  for (int i = 0; i < 200; ++i) {
    lists += bytes_of(List{""});
  }
  for (std::size_t i = 0; i < kKinds * each; ++i) {
    const std::size_t kind = i % kKinds;
    const bool reads = kind < kNeverReads;
    Crowd::Peer& peer = crowd.connect(
        {.reads = reads, .receive_buffer_bytes = kind == kNeverReads ? 4096 : 0, .address = 2});
    peer.number = kind;
    peer.began = Crowd::Clock::now();
    const std::string login = bytes_of(Create{"slow" + std::to_string(i)});
    if (kind == kTrickles) {
      crowd.send(peer, bytes_of(WireFrame{0, std::string(1000, 'x')}).substr(0, 43));
    } else if (kind == kTricklesLoggedIn) {
      crowd.send(peer, login + send_bytes("a", "b", std::string(60'000, 'x')).substr(0, 50));
    } else if (kind == kNeverReads) {
      crowd.send(peer, login + lists);
    } else if (kind == kReadsSlowly) {
      crowd.send(peer, login + bytes_of(List{"slow?"}));
    }
  }
  // Connecting is over; from here on there are only slow ones.
  ASSERT_TRUE(crowd.shake_hands(milliseconds(20'000)));
  crowd.turn_for(pace / 2);
  const Bystanders::Times coming = attack.take_times();
  std::deque<Crowd::Peer>& peers = crowd.peers();
  std::size_t moved = 0;  // so many times a peer was given its byte, one after the other
  std::ptrdiff_t left = 0;
  std::ptrdiff_t left_before_stalled = 0;
  const auto begin = Crowd::Clock::now();
  auto looked = begin;
  const auto most = static_cast<std::ptrdiff_t>(each);
  ASSERT_TRUE(crowd.turn_until(stalled_ms * 2 + milliseconds(5000), [&] {
    const auto now = Crowd::Clock::now();
    const auto due = static_cast<std::size_t>((now - begin) * peers.size() / pace);
    for (; moved < due; ++moved) {
      Crowd::Peer& peer = peers[moved % peers.size()];
      if (peer.number <= kTricklesLoggedIn) {
        crowd.send(peer, "x");
      } else if (peer.number == kReadsSlowly) {
        crowd.read_some(peer, 1);
      }
    }
    // Looking takes the kernel milliseconds in which it holds up the server.
    if (now - looked < sized(milliseconds(50), milliseconds(2000))) {
      return false;
    }
    looked = now;
    left = attack.more_descriptors();
    if (now - begin < stalled_ms / 4 * 3) {
      left_before_stalled = left;
    }
    return left <= most;
  })) << left;
  // Until their time they are there, the others no longer.
  EXPECT_GE(left_before_stalled, 2 * most);
  const milliseconds late = milliseconds(1000);
  for (const Crowd::Peer& peer : crowd.peers()) {
    if (peer.number > kSilent) {
      continue;
    }
    const milliseconds due = peer.number == kSilent ? login_ms : frame_ms;
    EXPECT_EQ(peer.end, Crowd::End::Order);
    EXPECT_GE(peer.ended - peer.began, due / 8 * 7);
    EXPECT_LE(peer.ended - peer.began, due / 8 * 9 + late);
    const std::string reason =
        peer.number == kSilent
            ? fmt::format("no login within {} ms", login_ms.count())
            : fmt::format("the frame was not complete within {} ms", frame_ms.count());
    EXPECT_TRUE(peer.heard.ends_with(bytes_of(response(reason)))) << peer.heard;
  }
  // Who reads slowly is still served.
  for (Crowd::Peer& peer : crowd.peers()) {
    if (peer.number == kReadsSlowly) {
      crowd.set_reads(peer, true);
      crowd.send(peer, bytes_of(List{"no body"}));
    }
  }
  EXPECT_TRUE(crowd.turn_until(milliseconds(10'000), [&] {
    for (const Crowd::Peer& peer : crowd.peers()) {
      if (peer.number == kReadsSlowly && !peer.heard.ends_with(bytes_of(names({})))) {
        return false;
      }
    }
    return true;
  }));
  attack.end(
      fmt::format(
          "{} at once: endless frames at {} bytes a second, silent connections, clients that "
          "never read, clients that read {} bytes a second (p99 while they connect: {} us)",
          kKinds * each, 1000 / pace.count(), 1000 / pace.count(), coming.p99.count()),
      "each is closed at the deadline of its kind; the slow readers stay connected");
}

}  // namespace
}  // namespace tribar::test
