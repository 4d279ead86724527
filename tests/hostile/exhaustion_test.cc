// SPDX-License-Identifier: MIT
//
// Something runs out: descriptors, accounts. Those who have what they need are served on, and there
// is more at once when there is more.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "hostile/attack.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

TEST(Exhaustion, OfDescriptorsCostsNothing) {
  Attack attack({.bystanders_pause = milliseconds(50)});
  Crowd& crowd = attack.crowd();
  attack.begin();
  const auto lines = [&] {
    const std::string& log = attack.target().log();
    return std::count(log.begin(), log.end(), '\n');
  };
  const auto lines_before = lines();
  const std::size_t few = attack.target().descriptors() + 5;
  attack.target().limit_descriptors(few);
  const std::size_t count = sized<std::size_t>(50, 500);
  for (std::size_t i = 0; i < count; ++i) {
    crowd.send(crowd.connect(), bytes_of(List{"no body"}));
  }
  const milliseconds time = sized(milliseconds(1500), milliseconds(10'000));
  crowd.turn_for(time);
  const double share = attack.cpu_share();
  EXPECT_LE(share, sized(0.2, 0.02));
  EXPECT_LE(lines() - lines_before, 1 + time / milliseconds(1000));
  crowd.close_all();
  attack.target().limit_descriptors(1000);
  const auto begin = Crowd::Clock::now();
  bool is_served = false;
  while (!is_served && Crowd::Clock::now() - begin < milliseconds(5000)) {
    Crowd::Peer& peer = crowd.connect();
    crowd.send(peer, bytes_of(List{"no body"}));
    is_served = crowd.turn_until(milliseconds(2000), [&] {
      return peer.heard == bytes_of(names({})) || !peer.is_open();
    }) && peer.is_open();
  }
  EXPECT_TRUE(is_served);
  const auto recovery = std::chrono::duration_cast<milliseconds>(Crowd::Clock::now() - begin);
  EXPECT_LE(recovery, milliseconds(1000));
  attack.end(
      fmt::format("{} connections while there are descriptors for 5", count),
      fmt::format("{:.1f} % of a core, {} log lines in {} s, served again {} ms after some "
                  "are free",
                  share * 100, lines() - lines_before, time.count() / 1000, recovery.count()));
}

TEST(Exhaustion, OfAccountsIsAnAnswer) {
  const std::size_t accounts = sized<std::size_t>(200, 10'000);
  Attack attack({.settings = fmt::format(R"("limits": {{"accounts": {}}})", accounts)});
  Crowd& crowd = attack.crowd();
  // Two are the bystanders'.
  populate(crowd, "user", accounts - 2);
  attack.begin();
  const std::string refusal =
      bytes_of(response(fmt::format("the server is at its limit of {} accounts", accounts)));
  Crowd::Peer& peer = crowd.connect();
  std::string commands;
  constexpr std::size_t kAtOnce = 100;
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    commands += bytes_of(Create{"late" + std::to_string(i)});
  }
  const std::size_t rounds = sized<std::size_t>(20, 2000);
  for (std::size_t i = 0; i < rounds; ++i) {
    crowd.send(peer, commands);
    ASSERT_TRUE(crowd.turn_until(milliseconds(10'000), [&] {
      return peer.heard_bytes == (i + 1) * kAtOnce * refusal.size();
    }));
  }
  EXPECT_TRUE(peer.heard.starts_with(refusal));
  EXPECT_LE(attack.grown_bytes(), 4 * kMiB);
  attack.end(fmt::format("{} CREATEs at the limit of {} accounts", rounds * kAtOnce, accounts),
             "each is refused with an error");
}

}  // namespace
}  // namespace tribar::test
