// SPDX-License-Identifier: MIT
//
// As much of everything as one core can send: the server does what it can and no more, keeps little
// for it, and others still have their turn.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "hostile/attack.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

class Floods : public testing::TestWithParam<Engine> {};

INSTANTIATE_TEST_SUITE_P(, Floods, testing::Values(Engine::Memory, Engine::Sqlite),
                         [](const auto& engine) {
                           return engine.param == Engine::Memory ? "Memory" : "Sqlite";
                         });

const milliseconds kShort{500};
const milliseconds kLong{4000};

std::string repeated(std::string_view text, std::size_t bytes) {
  std::string all;
  while (all.size() < bytes) {
    all += text;
  }
  return all;
}

/// Ten connections send `commands` over and over and read what they are answered.
void flood_with(Engine engine, std::string_view what, std::string_view commands) {
  constexpr std::size_t kPeers = 10;
  Attack attack({.engine = engine});
  Crowd& crowd = attack.crowd();
  populate(crowd, "user", 1);
  attack.begin();
  for (std::size_t i = 0; i < kPeers; ++i) {
    crowd.connect();
  }
  const std::string block = repeated(commands, 32'768);
  const auto begin = Crowd::Clock::now();
  static_cast<void>(crowd.turn_until(sized(kShort, kLong), [&] {
    for (Crowd::Peer& peer : crowd.peers()) {
      // What the kernel does not take whole goes on behind it.
      if (peer.unsent.empty()) {
        crowd.send(peer, block);
      }
    }
    return crowd.open_count() < kPeers;
  }));
  const std::chrono::duration<double> time = Crowd::Clock::now() - begin;
  EXPECT_EQ(crowd.open_count(), kPeers);
  double answers = 0;
  for (const Crowd::Peer& peer : crowd.peers()) {
    const FrameCut answer = cut_frame(peer.heard, 1000);
    ASSERT_EQ(answer.kind, FrameCut::Kind::Whole);
    answers += static_cast<double>(peer.heard_bytes) / static_cast<double>(answer.frame_bytes);
  }
  EXPECT_LE(attack.grown_bytes(), 64 * kMiB);
  attack.end(fmt::format("{} connections: {} ({})", kPeers, what, name_of(engine)),
             fmt::format("{:.0f} k answers a second", answers / time.count() / 1000));
}

TEST_P(Floods, OfFrames) {
  flood_with(GetParam(), "frames with mistakes", bytes_of(WireFrame{99, ""}));
}

TEST_P(Floods, OfCreates) {
  flood_with(GetParam(), "CREATEs of a taken name", bytes_of(Create{"user0"}));
}

TEST_P(Floods, OfLogins) {
  flood_with(GetParam(), "LOGINs to no account", bytes_of(Login{"nobody"}));
}

TEST_P(Floods, OfConnections) {
  Attack attack({.engine = GetParam()});
  Crowd& crowd = attack.crowd();
  populate(crowd, "user", 1);
  attack.begin();
  std::uint64_t connected = 0;
  const std::string login = bytes_of(Login{"user0"});
  const auto begin = Crowd::Clock::now();
  static_cast<void>(crowd.turn_until(sized(kShort, kLong), [&] {
    for (int i = 0; i < 20; ++i) {
      Crowd::Peer& peer =
          crowd.connect({.address = 2 + static_cast<std::uint32_t>(connected / 20'000)});
      crowd.send(peer, login);
      ++connected;
    }
    while (crowd.peers().size() > 200) {
      crowd.reset(crowd.peers().front());
      crowd.peers().pop_front();
    }
    return false;
  }));
  const std::chrono::duration<double> time = Crowd::Clock::now() - begin;
  crowd.close_all();
  attack.wait_for_descriptors(0, milliseconds(5000));
  EXPECT_LE(attack.grown_bytes(), 64 * kMiB);
  attack.end(fmt::format("connections that log in and go ({})", name_of(GetParam())),
             fmt::format("{:.1f} k connections a second come",
                         static_cast<double>(connected) / time.count() / 1000));
}

}  // namespace
}  // namespace tribar::test
