// SPDX-License-Identifier: MIT
//
// As much of everything as one core can send: the server does what it can and no more, keeps little
// for it, and others still have their turn.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "hostile/attack.h"
#include "support/over_tls.h"
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

/// What so many connections were answered in a flood.
struct Answered {
  double answers = 0;
  double seconds = 0;
};
constexpr std::size_t kPeers = 10;

/// Ten connections send `commands` over and over and read what they are answered.
Answered flood_with(Engine engine, std::string_view what, std::string_view commands,
                    std::string_view settings = {}) {
  Answered answered;
  Attack attack({.settings = settings, .engine = engine});
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
  answered.seconds = std::chrono::duration<double>(Crowd::Clock::now() - begin).count();
  EXPECT_EQ(crowd.open_count(), kPeers);
  for (const Crowd::Peer& peer : crowd.peers()) {
    const FrameCut answer = cut_frame(peer.heard, 1000);
    EXPECT_EQ(answer.kind, FrameCut::Kind::Whole);
    answered.answers +=
        static_cast<double>(peer.heard_bytes) / static_cast<double>(answer.frame_bytes);
  }
  EXPECT_LE(attack.grown_bytes(), 64 * kMiB);
  attack.end(fmt::format("{} connections: {} ({})", kPeers, what, name_of(engine)),
             fmt::format("{:.0f} k answers a second", answered.answers / answered.seconds / 1000));
  return answered;
}

/// As flood_with(), with limits.commands_per_second: each connection gets no more than that.
void flood_slowed_down(std::string_view what, std::string_view commands) {
  constexpr double kPerSecond = 1000;
  const Answered answered =
      flood_with(Engine::Memory, fmt::format("{}, limits.commands_per_second {}", what, kPerSecond),
                 commands, fmt::format(R"("limits": {{"commands_per_second": {}}})", kPerSecond));
  // A second's worth at once, and then at the pace.
  EXPECT_LE(answered.answers, kPeers * kPerSecond * (answered.seconds + 1.5));
  EXPECT_GE(answered.answers, kPeers * kPerSecond * answered.seconds / 2);
}

TEST_P(Floods, OfFrames) {
  static_cast<void>(flood_with(GetParam(), "unknown commands", bytes_of(WireFrame{99, ""})));
}

TEST_P(Floods, OfCreates) {
  static_cast<void>(flood_with(GetParam(), "CREATEs of a taken name", bytes_of(Create{"user0"})));
}

TEST_P(Floods, OfLogins) {
  static_cast<void>(flood_with(GetParam(), "LOGINs to an account that does not exist",
                               bytes_of(Login{"nobody"})));
}

TEST(LimitsAgainstFloods, SlowDownFrames) {
  flood_slowed_down("unknown commands", bytes_of(WireFrame{99, ""}));
}

TEST(LimitsAgainstFloods, SlowDownCreates) {
  flood_slowed_down("CREATEs of a taken name", bytes_of(Create{"user0"}));
}

TEST(LimitsAgainstFloods, LetConnectionsWait) {
  constexpr std::size_t kPerSecond = 200;
  const std::size_t count = sized<std::size_t>(300, 1500);
  Attack attack(
      {.settings = fmt::format(R"("limits": {{"new_connections_per_second": {}}})", kPerSecond)});
  Crowd& crowd = attack.crowd();
  populate(crowd, "user", 1);
  attack.begin();
  const auto begin = Crowd::Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    crowd.send(crowd.connect({.address = 2}), bytes_of(List{"user0"}));
  }
  const auto is_answered = [](const Crowd::Peer& peer) { return !peer.heard.empty(); };
  EXPECT_TRUE(crowd.turn_until(milliseconds(20'000), [&] {
    return std::all_of(crowd.peers().begin(), crowd.peers().end(), is_answered);
  }));
  const std::chrono::duration<double> time = Crowd::Clock::now() - begin;
  // A second's worth at once, of which some may be used up already.
  EXPECT_GE(time.count(), static_cast<double>(count - kPerSecond) / kPerSecond * 0.9);
  attack.end(fmt::format("{} connections at once, limits.new_connections_per_second {}", count,
                         kPerSecond),
             fmt::format("all are served, the last one after {:.1f} s", time.count()));
}

TEST(LimitsAgainstFloods, TurnAnAddressAway) {
  constexpr std::size_t kPerAddress = 20;
  const std::size_t count = sized<std::size_t>(200, 5000);
  Attack attack(
      {.settings = fmt::format(R"("limits": {{"connections_per_address": {}}})", kPerAddress)});
  Crowd& crowd = attack.crowd();
  attack.begin();
  const std::string question = bytes_of(List{"user0"});
  const std::string answer = bytes_of(names({}));
  for (std::size_t i = 0; i < count; ++i) {
    crowd.send(crowd.connect({.address = 2}), question);
    crowd.turn(milliseconds(0));
  }
  EXPECT_TRUE(crowd.turn_until(milliseconds(10'000), [&] {
    return crowd.open_count() == kPerAddress &&
           std::all_of(crowd.peers().begin(), crowd.peers().end(), [&](const Crowd::Peer& peer) {
             return !peer.is_open() || peer.heard == answer;
           });
  })) << crowd.open_count();
  // Another address is served.
  Crowd::Peer& other = crowd.connect({.address = 3});
  crowd.send(other, question);
  EXPECT_TRUE(crowd.turn_until(milliseconds(10'000), [&] { return other.heard == answer; }));
  attack.end(fmt::format("{} connections of one address, limits.connections_per_address {}", count,
                         kPerAddress),
             "as many are served, and so is another address");
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
  // Over TLS, handshakes wait whose clients are gone, which the server has not read yet.
  EXPECT_LE(attack.grown_bytes(), (is_over_tls() ? 192 : 64) * kMiB);
  attack.end(fmt::format("connections that log in and disconnect ({})", name_of(GetParam())),
             fmt::format("{:.1f} k connections a second",
                         static_cast<double>(connected) / time.count() / 1000));
}

}  // namespace
}  // namespace tribar::test
