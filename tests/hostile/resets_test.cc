// SPDX-License-Identifier: MIT
//
// Connections that are reset in the middle of everything, very many of them: nothing is kept.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "hostile/attack.h"
#include "support/memory.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

class Resets : public testing::TestWithParam<Engine> {};

INSTANTIATE_TEST_SUITE_P(, Resets, testing::Values(Engine::Memory, Engine::Sqlite),
                         [](const auto& engine) {
                           return engine.param == Engine::Memory ? "Memory" : "Sqlite";
                         });

TEST_P(Resets, LeaveNothingBehind) {
  constexpr std::uint64_t kSeed = 1;
  constexpr std::size_t kAtOnce = 100;
  // So many that all caches are full after a third. Handshakes take their time.
  const std::size_t rounds = sized<std::size_t>(is_over_tls() ? 30 : 90, 1000);
  Attack attack({.engine = GetParam()});
  Crowd& crowd = attack.crowd();
  populate(crowd, "user", kAtOnce);
  std::mt19937_64 random(kSeed);
  const auto round = [&](std::size_t number) {
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      const std::string name = populated_name("user", i);
      // Deletes what it was sent before, so that queues do not grow.
      const std::string talk = bytes_of(Login{name}) + bytes_of(Delete{}) + bytes_of(Create{name}) +
                               bytes_of(List{""}) + send_bytes(name, name, std::string(500, 'x')) +
                               bytes_of(Deliver{}) + bytes_of(List{"*"}) +
                               send_bytes(name, populated_name("user", (i + 1) % kAtOnce), "hi");
      Crowd::Peer& peer = crowd.connect(
          {.reads = i % 3 != 0, .address = 2 + static_cast<std::uint32_t>(number % 16)});
      crowd.send(peer, std::string_view(talk).substr(0, random() % (talk.size() + 1)));
      if (i % 5 == 0) {
        crowd.half_close(peer);
      }
    }
    // Some are reset before they are accepted, some in their dialogue, some behind it.
    for (std::size_t turns = random() % 4; turns > 0; --turns) {
      crowd.turn(milliseconds(1));
    }
    std::size_t at = 0;
    for (Crowd::Peer& peer : crowd.peers()) {
      if (++at % 4 == 0) {
        crowd.close(peer);
      } else {
        crowd.reset(peer);
      }
    }
    crowd.close_all();
    crowd.on_turn();
    // Else the memory would be that of those that wait for a handshake or a commit.
    attack.wait_for_descriptors(0, milliseconds(20'000));
  };
  attack.begin();
  for (std::size_t i = 0; i < rounds / 3; ++i) {
    round(i);
  }
  attack.wait_for_descriptors(0, milliseconds(5000));
  const auto after_a_third = attack.grown_bytes_now();
  for (std::size_t i = rounds / 3; i < rounds; ++i) {
    round(i);
  }
  attack.wait_for_descriptors(0, milliseconds(5000));
  const auto grown_since = attack.grown_bytes_now() - after_a_third;
  EXPECT_LE(grown_since,
            static_cast<std::ptrdiff_t>(sized(4 * kMiB, 2 * kMiB) + tls_bytes(kAtOnce)));
  attack.end(
      fmt::format("{} connections, reset or closed at random points ({})", rounds * kAtOnce,
                  name_of(GetParam())),
      fmt::format(
          "all descriptors are freed; memory after a third {:+.1f} MiB, since then {:+.1f} MiB",
          static_cast<double>(after_a_third) / kMiB, static_cast<double>(grown_since) / kMiB));
}

}  // namespace
}  // namespace tribar::test
