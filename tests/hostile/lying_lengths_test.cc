// SPDX-License-Identifier: MIT
//
// Headers that announce far more than is allowed: each is answered with the reason and closed at
// once, whatever follows, and nothing is kept for what was announced.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "hostile/attack.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

/// A header of a SEND whose length has `bytes` at its end and, before them, zeroes.
std::string header_with(std::string_view bytes) {
  std::string header(kHeaderBytes, '\0');
  header[1] = static_cast<char>(FrameCode::Send);
  std::copy(bytes.begin(), bytes.end(), header.end() - static_cast<std::ptrdiff_t>(bytes.size()));
  return header;
}

const std::array<std::string, 5> kLies{
    header_with("\x80" + std::string(39, '\0')),  // 2^319
    header_with("\x01" + std::string(8, '\0')),   // 2^64
    header_with("\x7f" + std::string(7, '\xff')),
    header_with(std::string("\0\1\0\1", 4)),  // limits.frame_bytes + 1
    header_with(std::string("\4\1", 2)),      // the limit before login + 1
};

/// What follows the header: a byte now and then, or much at once.
enum class Rest { Trickles, Floods };

class LyingLengths : public testing::TestWithParam<Rest> {};

TEST_P(LyingLengths, AreClosedAtTheirHeader) {
  const bool trickles = GetParam() == Rest::Trickles;
  const std::string rest(trickles ? 1 : 100'000, 'x');
  Attack attack;
  attack.begin();
  Crowd& crowd = attack.crowd();
  const std::size_t count = sized<std::size_t>(200, 1000);
  for (std::size_t i = 0; i < count; ++i) {
    crowd.connect();
  }
  ASSERT_TRUE(crowd.shake_hands(milliseconds(20'000)));
  std::size_t number = 0;
  for (Crowd::Peer& peer : crowd.peers()) {
    peer.began = Crowd::Clock::now();
    crowd.send(peer, kLies[number++ % kLies.size()] + rest);
  }
  auto last_bytes = Crowd::Clock::now();
  EXPECT_TRUE(crowd.turn_until(milliseconds(5000), [&] {
    if (trickles && Crowd::Clock::now() - last_bytes >= milliseconds(20)) {
      last_bytes = Crowd::Clock::now();
      for (Crowd::Peer& peer : crowd.peers()) {
        crowd.send(peer, "x");
      }
    }
    return crowd.open_count() == 0;
  }));
  const std::string reason =
      bytes_of(response("the frame announces more data than the limit of 1024 bytes"));
  Crowd::Clock::duration longest{0};
  for (const Crowd::Peer& peer : crowd.peers()) {
    EXPECT_EQ(peer.heard, reason);
    EXPECT_EQ(peer.end, Crowd::End::Order);
    longest = std::max(longest, peer.ended - peer.began);
  }
  EXPECT_LE(longest, milliseconds(1000));
  // Those that never close are gone soon as well.
  attack.wait_for_descriptors(0, milliseconds(3000));
  EXPECT_LE(attack.grown_bytes(), 4 * kMiB + tls_bytes(count));
  attack.end(fmt::format("{} connections announce 2^319, 2^64, 2^63-1 and a byte too many, then {}",
                         count, trickles ? "trickle" : "send 100 KB each"),
             fmt::format("each gets the error and is closed within {} ms",
                         std::chrono::duration_cast<milliseconds>(longest).count()));
}

INSTANTIATE_TEST_SUITE_P(, LyingLengths, testing::Values(Rest::Trickles, Rest::Floods),
                         [](const auto& rest) {
                           return rest.param == Rest::Trickles ? "Trickling" : "Flooding";
                         });

}  // namespace
}  // namespace tribar::test
