// SPDX-License-Identifier: MIT
//
// Peers that ask for much and never read it: what the server keeps for them is bounded, and so is
// what it reads of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "hostile/attack.h"
#include "support/memory.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

class UnreadAnswers : public testing::TestWithParam<Engine> {};

INSTANTIATE_TEST_SUITE_P(, UnreadAnswers, testing::Values(Engine::Memory, Engine::Sqlite),
                         [](const auto& engine) {
                           return engine.param == Engine::Memory ? "Memory" : "Sqlite";
                         });

/// All send `bytes` over and over, until the kernel takes no more of anybody's for a while.
void send_until_stuck(Crowd& crowd, std::string_view bytes) {
  constexpr milliseconds kStuck{500};
  auto last = Crowd::Clock::now();
  EXPECT_TRUE(crowd.turn_until(milliseconds(30'000), [&] {
    for (Crowd::Peer& peer : crowd.peers()) {
      if (crowd.send_some(peer, bytes) > 0) {
        last = Crowd::Clock::now();
      }
    }
    return Crowd::Clock::now() - last > kStuck;
  }));
}

TEST_P(UnreadAnswers, ToListsArePaidByAllBuffersTogether) {
  constexpr std::size_t kNameBytes = 64;
  const std::size_t accounts = sized<std::size_t>(2000, 99'000);
  const std::size_t askers = sized<std::size_t>(200, 400);
  const std::size_t lists = sized<std::size_t>(64, 1024);
  const std::size_t budget = sized<std::size_t>(16, 512) * kMiB;
  Attack attack({.settings = fmt::format(R"("limits": {{"buffered_bytes": {}}})", budget),
                 .engine = GetParam()});
  Crowd& crowd = attack.crowd();
  populate(crowd, "user", accounts, kNameBytes);
  attack.begin();
  std::string questions;
  for (std::size_t i = 0; i < lists; ++i) {
    questions += bytes_of(List{""});
  }
  for (std::size_t i = 0; i < askers; ++i) {
    crowd.send(crowd.connect({.reads = false, .receive_buffer_bytes = 4096}), questions);
  }
  crowd.turn_for(sized(milliseconds(2500), milliseconds(15'000)));
  const auto left = attack.more_descriptors();
  const std::size_t answer = accounts * (kNameBytes + 3);
  // What is made while the limit is reached comes on top.
  EXPECT_LE(attack.grown_bytes(), 2 * budget + 16 * answer + 32 * kMiB + tls_bytes(askers));
  attack.end(
      fmt::format("{} connections send {} LISTs with answers of {:.1f} MB and read none ({})",
                  askers, lists, static_cast<double>(answer) / 1e6, name_of(GetParam())),
      fmt::format(
          "memory stays below twice limits.buffered_bytes ({} MiB); those that hold most are "
          "closed, {} are left",
          budget / kMiB, left));
}

TEST_P(UnreadAnswers, AreNotMadeAtAllPastTheCredit) {
  Attack attack({.engine = GetParam()});
  Crowd& crowd = attack.crowd();
  attack.begin();
  std::string mistakes;
  while (mistakes.size() < 65'536) {
    mistakes += bytes_of(WireFrame{99, ""});
  }
  const std::size_t count = sized<std::size_t>(10, 100);
  std::uint64_t taken = 0;
  for (std::size_t i = 0; i < count; ++i) {
    crowd.connect({.reads = false, .receive_buffer_bytes = 4096});
  }
  ASSERT_TRUE(crowd.shake_hands(milliseconds(20'000)));
  send_until_stuck(crowd, mistakes);
  for (const Crowd::Peer& peer : crowd.peers()) {
    taken = std::max(taken, peer.taken_bytes);
  }
  // What the server reads, what waits in its kernel and in that of the peer.
  EXPECT_LE(taken, 8 * kMiB);
  EXPECT_LE(attack.grown_bytes(), count * kMiB + 8 * kMiB + tls_bytes(count));
  attack.end(
      fmt::format("{} connections send unknown commands without end and read no answer ({})", count,
                  name_of(GetParam())),
      fmt::format("the server stops reading from them; the kernel took {:.1f} MB of each at most",
                  static_cast<double>(taken) / 1e6));
}

TEST_P(UnreadAnswers, ToDeliverStayInTheQueue) {
  constexpr std::size_t kAtOnce = 500;
  const std::size_t count = sized<std::size_t>(20'000, 1'000'000);
  Attack attack({.settings = R"("limits": {"undelivered_messages": 10000000,
                     "undelivered_bytes": 4000000000, "queued_bytes": 4000000000})",
                 .engine = GetParam()});
  Crowd& crowd = attack.crowd();
  populate(crowd, "ann", 1);
  populate(crowd, "bob", 1);
  Crowd::Peer& ann = crowd.connect();
  crowd.send(ann, bytes_of(Login{"ann0"}));
  const std::string frame = send_bytes("ann0", "bob0", std::string(64, 'x'));
  std::string frames;
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    frames += frame;
  }
  for (std::size_t sent = 0; sent < count; sent += kAtOnce) {
    crowd.send(ann, frames);
    ASSERT_TRUE(crowd.turn_until(milliseconds(20'000), [&] {
      return ann.heard_bytes + 4 * frames.size() >= sent * frame.size();
    }));
  }
  ASSERT_TRUE(crowd.turn_until(milliseconds(20'000), [&] {
    return ann.heard_bytes == kHeaderBytes + count * frame.size();
  }));
  attack.begin();
  Crowd::Peer& bob = crowd.connect({.reads = false, .receive_buffer_bytes = 4096});
  ASSERT_TRUE(crowd.shake_hands(milliseconds(20'000)));
  crowd.send(bob, bytes_of(Login{"bob0"}));
  std::string questions;
  for (int i = 0; i < 1024; ++i) {
    questions += bytes_of(Deliver{});
  }
  crowd.close(ann);
  send_until_stuck(crowd, questions);
  EXPECT_LE(bob.taken_bytes, 8 * kMiB);
  const std::size_t grown = attack.grown_bytes();
  EXPECT_LE(grown, 8 * kMiB);
  attack.end(fmt::format("DELIVER of {} messages, over and over, and no answer is read ({})", count,
                         name_of(GetParam())),
             fmt::format("no more than the credit is handed over; the kernel took {:.1f} MB of "
                         "commands; no message is lost",
                         static_cast<double>(bob.taken_bytes) / 1e6));
  // All that did not reach its kernel is still there.
  crowd.reset(bob);
  attack.wait_for_descriptors(-1, milliseconds(5000));
  Crowd::Peer& again = crowd.connect();
  crowd.send(again, bytes_of(Login{"bob0"}) + bytes_of(Deliver{}));
  EXPECT_TRUE(crowd.turn_until(milliseconds(20'000), [&] {
    return again.heard_bytes >= kHeaderBytes + (count - 5000) * frame.size();
  })) << again.heard_bytes;
}

}  // namespace
}  // namespace tribar::test
