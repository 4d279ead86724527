// SPDX-License-Identifier: MIT
//
// Numbered: what a right server does with the numbers of protocol 1 passes, and everything else is
// found: on one connection, after a refusal, and when a connection has broken.
#include "stress/numbered.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/timestamp.h"
#include "stress/traffic.h"
#include "zero/command1.h"

namespace tribar::stress {
namespace {

class NoEvents final : public SwarmEvents {
  void on_frame(User /*user*/, std::uint8_t /*code*/, std::string_view /*data*/) override {}
  void on_read(User /*user*/) override {}
  void on_gone(User /*user*/, std::string_view /*why*/) override {}
};

class NumberedTest : public testing::Test {
 protected:
  NumberedTest() {
    for (const User user : {0U, 1U}) {
      traffic.log_in(user, 0);
    }
  }

  void send(int messages) {
    for (int i = 0; i < messages; ++i) {
      traffic.send(0, monotonic_now());
    }
  }
  /// User 0 is told that its message `n` is accepted; returns whether that counts.
  bool accept(std::uint64_t n, std::uint64_t number, std::int64_t after_ms = 0) {
    const UnixMs time{number == 0 ? 0 : static_cast<std::uint64_t>(unix_ms_now() + after_ms)};
    return traffic.receive(0, Accepted1{n, {number}, time}) == Traffic::Came::Confirmation;
  }
  /// User 1 gets the message of user 0 that was its `nth`, counted from 0.
  void read(std::uint32_t nth, std::uint64_t number, std::int64_t after_ms = 0) {
    const Payload payload(settings.seed, settings.least_bytes, settings.most_bytes);
    std::string text(settings.least_bytes, '\0');
    payload.write(text.data(), text.size(), {.sender = 0, .sequence = nth, .number = nth}, 1);
    traffic.receive(1, Delivery1{{number},
                                 {static_cast<std::uint64_t>(unix_ms_now() + after_ms)},
                                 {names.name(0), names.name(1), text}});
  }
  [[nodiscard]] std::vector<std::uint64_t> counts() {
    std::vector<std::uint64_t> all;
    for (const auto& finding : traffic.ledger().findings().wrongs) {
      all.push_back(finding.count);
    }
    return all;
  }
  [[nodiscard]] std::string first(Wrong wrong) {
    return traffic.ledger().findings().of(wrong).first;
  }

  using Counts = std::vector<std::uint64_t>;  // lost, doubled, reordered, damaged, unanswered
  const Counts right{0, 0, 0, 0, 0};
  TrafficSettings settings{.seed = 5, .protocol = 1};
  Usernames names{"ab", 2};
  Pairing pairing{0, 2, 5};
  NoEvents events;
  Swarm swarm{Server(), 2, events, kVersion1};
  Traffic traffic{settings, names, pairing, swarm};
};

TEST_F(NumberedTest, FindsNothingWhenAllIsRight) {
  for (std::uint32_t i = 0; i < 100; ++i) {
    send(1);
    EXPECT_TRUE(accept(i + 1, 1000 + i));
    read(i, 1000 + i);
  }
  EXPECT_EQ(counts(), right);
  EXPECT_EQ(traffic.ledger().delivered(), 100U);
  EXPECT_EQ(traffic.ledger().confirmed(), 100U);
}

TEST_F(NumberedTest, WritesTheFrameOfSend) {
  const std::size_t before = swarm.unwritten(0);
  send(1);
  std::string frame;
  append_command1(frame, SendNumbered{1, names.name(1), std::string(64, 'x')});
  EXPECT_EQ(swarm.unwritten(0) - before, frame.size());
}

TEST_F(NumberedTest, FindsWrongConfirmations) {
  send(4);
  EXPECT_FALSE(accept(5, 9)) << "not sent";
  EXPECT_EQ(counts(), (Counts{4, 0, 0, 1, 4}));
  EXPECT_TRUE(accept(1, 10));
  EXPECT_FALSE(accept(1, 10)) << "again";
  EXPECT_EQ(counts(), (Counts{4, 1, 0, 1, 3}));
  EXPECT_TRUE(accept(3, 11)) << "2 was left out";
  EXPECT_EQ(counts(), (Counts{4, 1, 0, 1, 2}));
  EXPECT_TRUE(accept(4, 11)) << "the number of another message";
  EXPECT_EQ(counts(), (Counts{4, 1, 0, 2, 1}));
  EXPECT_FALSE(accept(~std::uint64_t{0}, 12));
  EXPECT_EQ(counts(), (Counts{4, 1, 0, 3, 1}));
}

TEST_F(NumberedTest, FindsAMessageThatIsSaidToBeARepeat) {
  send(1);
  EXPECT_TRUE(accept(1, 0));
  EXPECT_EQ(counts(), (Counts{1, 0, 0, 1, 0}));
}

TEST_F(NumberedTest, FindsImpossibleTimes) {
  constexpr std::int64_t kHour = 3'600'000;
  send(4);
  accept(1, 1, -kHour);
  accept(2, 2, kHour);
  read(0, 1, -kHour);
  EXPECT_EQ(counts()[3], 3U);
  read(1, 2, kHour);
  EXPECT_EQ(counts()[3], 4U);
  accept(3, 3, 5000);
  read(2, 3, -5000);
  EXPECT_EQ(counts()[3], 4U) << "clocks differ";
}

TEST_F(NumberedTest, FindsNumbersThatDoNotAscend) {
  send(4);
  read(0, 10);
  read(1, 10);
  EXPECT_EQ(counts(), (Counts{2, 0, 1, 0, 4}));
  EXPECT_NE(first(Wrong::Reordered).find("number 10, not above"), std::string::npos);
  read(1, 11);
  EXPECT_EQ(counts(), (Counts{2, 1, 1, 0, 4})) << "no repeat on one connection";
  read(3, 12);
  read(2, 9);
  EXPECT_EQ(counts(), (Counts{0, 1, 2, 0, 4})) << "counted once, though late in its pair as well";
}

TEST_F(NumberedTest, AcknowledgesOncePerTurn) {
  send(3);
  Numbered& numbered = traffic.numbered();
  EXPECT_FALSE(numbered.take_acknowledgement(1));
  read(0, 5);
  read(1, 6);
  EXPECT_EQ(numbered.take_acknowledgement(1), MessageNumber{6});
  EXPECT_FALSE(numbered.take_acknowledgement(1));
}

TEST_F(NumberedTest, DropsWhatComesAgainAfterABreak) {
  send(3);
  read(0, 5);
  read(1, 6);
  traffic.acknowledge(1);  // may be lost
  traffic.log_in(1, 0);
  read(0, 5);
  read(1, 6);
  read(2, 7);
  EXPECT_EQ(counts(), (Counts{0, 0, 0, 0, 3}));
  EXPECT_EQ(traffic.numbered().repeats(), 2U);
  traffic.acknowledge(1);
  traffic.numbered().trust_acknowledgements(1);
  traffic.log_in(1, 0);
  read(2, 7);
  EXPECT_EQ(counts(), (Counts{0, 1, 0, 0, 3})) << "acknowledged for sure";
}

TEST_F(NumberedTest, FindsWhatWasHeldBackAcrossABreak) {
  send(2);
  read(1, 6);
  traffic.log_in(1, 0);
  read(0, 5);
  EXPECT_EQ(counts(), (Counts{0, 0, 1, 0, 2}));
}

TEST_F(NumberedTest, SendsAgainAfterABreak) {
  send(3);
  accept(1, 10);
  const std::size_t frame_bytes = swarm.unwritten(0) / 3;
  traffic.log_in(0, 2);
  EXPECT_EQ(swarm.unwritten(0), 5 * frame_bytes) << "2 and 3";
  EXPECT_TRUE(accept(2, 0));
  EXPECT_TRUE(accept(3, 12));
  EXPECT_EQ(counts(), (Counts{3, 0, 0, 0, 0}));
  EXPECT_EQ(traffic.numbered().resent(), 2U);
}

TEST_F(NumberedTest, FindsWhatIsAcceptedAgainAfterABreak) {
  send(1);
  traffic.log_in(0, 1);
  EXPECT_TRUE(accept(1, 11)) << "a number of its own, so it is delivered twice";
  EXPECT_EQ(counts(), (Counts{1, 0, 0, 1, 0}));
}

TEST_F(NumberedTest, FindsAWrongHighestNumber) {
  send(3);
  accept(1, 10);
  accept(2, 11);
  traffic.log_in(0, 3);
  EXPECT_EQ(counts()[3], 0U);
  traffic.log_in(0, 4);
  EXPECT_EQ(counts()[3], 1U);
  traffic.log_in(0, 1);
  EXPECT_EQ(counts()[3], 2U);
}

TEST_F(NumberedTest, SendsAgainWhatStoodBehindARefusedMessage) {
  send(3);
  const std::size_t frame_bytes = swarm.unwritten(0) / 3;
  Numbered& numbered = traffic.numbered();
  EXPECT_FALSE(numbered.return_one(0, 0)) << "nothing was refused";
  EXPECT_TRUE(traffic.refuse(0, "no"));
  EXPECT_EQ(swarm.unwritten(0), 5 * frame_bytes);
  EXPECT_FALSE(numbered.return_one(0, 1)) << "not the highest";
  EXPECT_TRUE(numbered.return_one(0, 0));
  EXPECT_TRUE(numbered.return_one(0, 0));
  EXPECT_FALSE(numbered.return_one(0, 0)) << "one too many";
  EXPECT_TRUE(accept(1, 10));
  EXPECT_TRUE(accept(2, 11));
  read(1, 10);
  read(2, 11);
  EXPECT_EQ(counts(), right);
  EXPECT_EQ(traffic.ledger().refused(), 1U);
  EXPECT_FALSE(traffic.refuse(0, "no")) << "nothing is open";
}

TEST_F(NumberedTest, KeepsOrderOfManyMessages) {
  std::uint64_t accepted = 0;
  std::uint64_t sent = 0;
  for (std::uint64_t step = 0; step < 10'000; ++step) {
    if (mixed(step) % 2 == 0 || accepted == sent) {
      send(1);
      ++sent;
    } else {
      ++accepted;
      EXPECT_TRUE(accept(accepted, 100 + accepted));
    }
    ASSERT_EQ(traffic.numbered().pending(0).size(), sent - accepted);
  }
  EXPECT_EQ(counts()[3], 0U);
}

TEST_F(NumberedTest, SurvivesAnyNumbers) {
  send(50);
  for (std::uint64_t step = 0; step < 50'000; ++step) {
    const std::uint64_t random = mixed(step);
    const auto number = random >> (random % 64);
    switch (random % 5) {
      case 0:
        accept(mixed(random) % 60, number);
        break;
      case 1:
        read(static_cast<std::uint32_t>(random % 60), number);
        break;
      case 2:
        traffic.numbered().return_one(0, number);
        break;
      case 3:
        traffic.receive(1, Delivery1{{number}, {number}, {names.name(0), "nobody", "x"}});
        break;
      default:
        traffic.receive(0, Accepted1{number, {number}, {number}});
        break;
    }
  }
  EXPECT_LE(traffic.ledger().delivered(), traffic.ledger().sent());
  EXPECT_LE(traffic.ledger().confirmed(), traffic.ledger().sent());
}

}  // namespace
}  // namespace tribar::stress
