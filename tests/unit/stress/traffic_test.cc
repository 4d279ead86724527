// SPDX-License-Identifier: MIT
//
// Traffic as the receiver of whatever a server may send: it takes what is right, counts the rest
// as damage, and survives it.
#include "stress/traffic.h"

#include <gtest/gtest.h>

#include <string>

#include "zero/command.h"
#include "zero/frame.h"

namespace tribar::stress {
namespace {

class NoEvents final : public SwarmEvents {
  void on_frame(User /*user*/, std::uint8_t /*code*/, std::string_view /*data*/) override {}
  void on_read(User /*user*/) override {}
  void on_gone(User /*user*/, std::string_view /*why*/) override {}
};

class TrafficTest : public testing::Test {
 protected:
  /// The data of the frame that `sender` would send as its first to the only other user.
  [[nodiscard]] std::string first_of(User sender) const {
    const Payload payload(settings.seed, settings.least_bytes, settings.most_bytes);
    std::string text(64, '\0');
    payload.write(text.data(), text.size(), {.sender = sender}, 1 - sender);
    std::string frame;
    append_message(frame, {names.name(sender), names.name(1 - sender), text});
    return frame.substr(kHeaderBytes);
  }
  [[nodiscard]] std::uint64_t damaged() {
    return traffic.ledger().findings().of(Wrong::Damaged).count;
  }

  TrafficSettings settings{.seed = 5};
  Usernames names{"ab", 2};
  Pairing pairing{0, 2, 5};
  NoEvents events;
  Swarm swarm{Server(), 2, events};
  Traffic traffic{settings, names, pairing, swarm};
};

// It was the time from the start of the machine to that of the run, below zero.
TEST_F(TrafficTest, HasMeasuredNothingBeforeItStarts) {
  EXPECT_EQ(traffic.measured(), 0U);
  traffic.start_measuring(kMillisecond);
  EXPECT_LT(traffic.measured(), 60 * kSecond) << "while it runs";
  traffic.stop_measuring();
  EXPECT_LT(traffic.measured(), 60 * kSecond);
}

TEST_F(TrafficTest, TellsAConfirmationFromAMessage) {
  traffic.send(0, monotonic_now());
  EXPECT_EQ(traffic.receive(1, first_of(0)), Traffic::Came::Other);
  EXPECT_EQ(traffic.ledger().delivered(), 1U);
  EXPECT_EQ(traffic.receive(0, first_of(0)), Traffic::Came::Confirmation);
  EXPECT_EQ(traffic.receive(0, first_of(0)), Traffic::Came::Other) << "it came before";
  EXPECT_EQ(traffic.ledger().confirmed(), 1U);
  EXPECT_EQ(damaged(), 0U);
}

TEST_F(TrafficTest, CountsWhatIsNotOursAsDamage) {
  const std::string right = first_of(0);
  std::uint64_t expected = 0;
  for (const std::string& data : {std::string(), std::string("|||"), std::string("ab-0|||ab-1"),
                                  std::string("ab-0|||ab-1|||"), "xx-0" + right.substr(4),
                                  right.substr(0, 40), right, right + right}) {
    traffic.receive(1, data);
    EXPECT_EQ(damaged(), ++expected) << data;
  }
}

TEST_F(TrafficTest, SurvivesAnyBytes) {
  for (int i = 0; i < 100; ++i) {
    traffic.send(0, monotonic_now());
    traffic.send(1, monotonic_now());
  }
  traffic.start_measuring(kMillisecond);
  const std::string right = first_of(0);
  for (std::uint64_t step = 0; step < 200'000; ++step) {
    std::string data = right;
    for (std::uint64_t change = 0; change <= step % 4; ++change) {
      const std::uint64_t random = mixed(step * 4 + change);
      data[random % data.size()] = static_cast<char>(random >> 32);
    }
    data.resize(mixed(step ^ 0xabcdef) % 16 == 0 ? step % data.size() : data.size());
    traffic.receive(static_cast<User>(step % 2), data);
  }
  EXPECT_LE(traffic.ledger().delivered(), traffic.ledger().sent());
  EXPECT_LE(traffic.ledger().confirmed(), traffic.ledger().sent());
  EXPECT_GT(damaged(), 100'000U);
}

}  // namespace
}  // namespace tribar::stress
