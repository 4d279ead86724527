// SPDX-License-Identifier: MIT
//
// When handshakes may begin, with a clock of the test's.
#include "loop/handshake_pacer.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tribar {
namespace {

struct World {
  explicit World(std::uint64_t per_second)
      : pacer(
            per_second, [this] { return now_ms; }, [this](std::uint64_t ms) { call_in = ms; }) {}

  /// Time passes until the call that was asked for.
  void pass() {
    now_ms += *std::exchange(call_in, std::nullopt);
    pacer.go_on();
  }

  std::uint64_t now_ms = 1000;
  std::optional<std::uint64_t> call_in;
  HandshakePacer pacer;
  std::vector<int> begun;
};

class Peer final : public HandshakePacer::Waiter {
 public:
  Peer(World& world, int number) : world_(world), number_(number) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { world_.pacer.forget(*this); }

  void ask() {
    if (world_.pacer.admit(*this)) {
      begin_handshake();
    }
  }
  void begin_handshake() override { world_.begun.push_back(number_); }

 private:
  World& world_;
  int number_;
};

using Begun = std::vector<int>;

TEST(HandshakePacer, LetsFewBeginAtOnceAndTheRestInOrder) {
  World world(0);
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 10; ++i) {
    peers.push_back(std::make_unique<Peer>(world, i));
    peers.back()->ask();
  }
  EXPECT_EQ(world.begun, (Begun{0, 1, 2, 3}));
  EXPECT_EQ(world.call_in, 1);
  world.pass();
  EXPECT_EQ(world.begun, (Begun{0, 1, 2, 3, 4, 5, 6, 7}));
  world.pass();
  EXPECT_EQ(world.begun.size(), 10U);
  EXPECT_EQ(world.call_in, std::nullopt) << "nobody waits, so nothing is to be done";
}

TEST(HandshakePacer, ANewTurnHasItsShareWithoutAnybodyWaiting) {
  World world(0);
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 12; ++i) {
    peers.push_back(std::make_unique<Peer>(world, i));
    peers.back()->ask();
    world.now_ms += i % 4 == 3 ? 1 : 0;
  }
  EXPECT_EQ(world.begun.size(), 12U);
  EXPECT_EQ(world.call_in, std::nullopt);
}

TEST(HandshakePacer, WhoComesLaterWaitsBehindThoseWhoWait) {
  World world(0);
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 6; ++i) {
    peers.push_back(std::make_unique<Peer>(world, i));
    peers.back()->ask();
  }
  world.now_ms += 1;
  Peer late(world, 6);
  late.ask();
  EXPECT_EQ(world.begun, (Begun{0, 1, 2, 3}));
  world.pacer.go_on();
  EXPECT_EQ(world.begun, (Begun{0, 1, 2, 3, 4, 5, 6}));
}

TEST(HandshakePacer, HoldsTheRateOfASecond) {
  World world(2);
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 5; ++i) {
    peers.push_back(std::make_unique<Peer>(world, i));
    peers.back()->ask();
  }
  EXPECT_EQ(world.begun, (Begun{0, 1}));
  EXPECT_EQ(world.call_in, 500);
  world.pass();
  EXPECT_EQ(world.begun, (Begun{0, 1, 2}));
  EXPECT_EQ(world.call_in, 500);
  world.pass();
  world.pass();
  EXPECT_EQ(world.begun, (Begun{0, 1, 2, 3, 4}));
  EXPECT_EQ(world.now_ms, 2500U);
}

TEST(HandshakePacer, WhoIsGoneTakesNobodysPlace) {
  World world(1);
  Peer first(world, 0);
  first.ask();
  auto second = std::make_unique<Peer>(world, 1);
  second->ask();
  Peer third(world, 2);
  third.ask();
  second.reset();
  EXPECT_EQ(world.pacer.waiting(), 1U);
  world.pass();
  EXPECT_EQ(world.begun, (Begun{0, 2}));
}

TEST(HandshakePacer, ACallTooManyOrTooEarlyDoesNoHarm) {
  World world(1);
  world.pacer.go_on();
  Peer first(world, 0);
  first.ask();
  Peer second(world, 1);
  second.ask();
  world.now_ms += 300;
  world.pacer.go_on();
  EXPECT_EQ(world.begun, (Begun{0}));
  EXPECT_EQ(world.call_in, 700);
}

}  // namespace
}  // namespace tribar
