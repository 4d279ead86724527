// SPDX-License-Identifier: MIT
//
// Ledger, and the Gaps and Pairing below it: each kind of wrong, alone and mixed, against what a
// naive bookkeeper would say.
#include "stress/ledger.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "stress/gaps.h"
#include "stress/pairing.h"

namespace tribar::stress {
namespace {

class LedgerTest : public testing::Test {
 protected:
  /// The message comes to its recipient and back to its sender.
  void arrive(const Stamp& stamp) {
    ledger.deliver(stamp, recipient_of(stamp), true);
    ledger.confirm(stamp, recipient_of(stamp), true);
  }
  [[nodiscard]] static User recipient_of(const Stamp& stamp) { return 1 - stamp.sender; }
  [[nodiscard]] std::vector<std::uint64_t> counts() const {
    std::vector<std::uint64_t> all;
    const Findings findings = ledger.findings();
    for (const auto& finding : findings.wrongs) {
      all.push_back(finding.count);
    }
    return all;
  }
  [[nodiscard]] std::string first(Wrong wrong) const { return ledger.findings().of(wrong).first; }

  using Counts = std::vector<std::uint64_t>;  // lost, doubled, reordered, damaged, unanswered
  Usernames names{"ab", 2};
  Pairing pairing{0, 2, 1};
  Ledger ledger{names, pairing};
};

TEST_F(LedgerTest, FindsNothingWhenAllIsRight) {
  for (int i = 0; i < 1000; ++i) {
    arrive(ledger.send(static_cast<User>(i % 2), 0, 0));
  }
  EXPECT_EQ(counts(), (Counts{0, 0, 0, 0, 0}));
  EXPECT_FALSE(ledger.findings().is_anything_wrong());
  EXPECT_EQ(ledger.undelivered(), 0U);
  EXPECT_EQ(ledger.unanswered(), 0U);
}

TEST_F(LedgerTest, NamesWhatDoesNotCome) {
  const Stamp one = ledger.send(0, 0, 0);
  const Stamp two = ledger.send(0, 0, 0);
  const Stamp three = ledger.send(0, 0, 0);
  arrive(one);
  arrive(three);
  EXPECT_EQ(counts(), (Counts{1, 0, 0, 0, 1}));
  EXPECT_EQ(first(Wrong::Lost), "message #1 from ab-0 to ab-1");
  EXPECT_EQ(first(Wrong::Unanswered), "message 2 that ab-0 sent");
  arrive(two);
  EXPECT_EQ(counts(), (Counts{0, 0, 2, 0, 0}));
  EXPECT_EQ(first(Wrong::Reordered),
            "message #1 from ab-0 to ab-1 arrived late, after all before #3 had come");
}

// It counted as delivered and as refused, so that less than nothing was under way.
TEST_F(LedgerTest, CountsWhatWasRefusedAndArrivesUnreadableOnce) {
  ledger.send(0, 0, 0);
  EXPECT_TRUE(ledger.refuse(0, "no"));
  ledger.deliver_unreadable(0, 1);
  EXPECT_EQ(ledger.delivered(), 0U);
  EXPECT_EQ(ledger.undelivered(), 0U);
  EXPECT_EQ(ledger.unanswered(), 0U);
  EXPECT_EQ(counts(), (Counts{0, 0, 0, 1, 0}));
}

TEST_F(LedgerTest, NamesWhatIsStillDueAtTheEnd) {
  arrive(ledger.send(1, 0, 0));
  ledger.send(1, 0, 0);
  EXPECT_EQ(counts(), (Counts{1, 0, 0, 0, 1}));
  EXPECT_EQ(first(Wrong::Lost), "message #1 from ab-1 to ab-0");
  EXPECT_EQ(first(Wrong::Unanswered), "message #1 from ab-1 to ab-0");
}

TEST_F(LedgerTest, CountsWhatComesAgainOnlyOnce) {
  const Stamp one = ledger.send(0, 0, 0);
  arrive(one);
  EXPECT_FALSE(ledger.deliver(one, 1, true));
  EXPECT_FALSE(ledger.confirm(one, 1, true));
  EXPECT_EQ(counts(), (Counts{0, 2, 0, 0, 0}));
  EXPECT_EQ(ledger.delivered(), 1U);
  EXPECT_EQ(first(Wrong::Doubled), "message #0 from ab-0 to ab-1 arrived again");
}

TEST_F(LedgerTest, TellsDamageFromLoss) {
  const Stamp one = ledger.send(0, 0, 0);
  ledger.deliver(one, 1, false);
  ledger.confirm(one, 1, false);
  EXPECT_EQ(counts(), (Counts{0, 0, 0, 2, 0}));
  ledger.send(0, 0, 0);
  ledger.deliver_unreadable(0, 1);
  ledger.confirm_unreadable(0);
  EXPECT_EQ(counts(), (Counts{0, 0, 0, 4, 0}));
}

TEST_F(LedgerTest, TakesNothingThatWasNeverSent) {
  EXPECT_FALSE(ledger.deliver({.sender = 0, .sequence = 0, .number = 0, .due = 0}, 1, true));
  EXPECT_FALSE(ledger.deliver({.sender = 9, .sequence = 0, .number = 0, .due = 0}, 1, true));
  EXPECT_FALSE(ledger.confirm({.sender = 0, .sequence = 0, .number = 0, .due = 0}, 1, true));
  ledger.deliver_unreadable(0, 1);
  EXPECT_FALSE(ledger.confirm_unreadable(0));
  EXPECT_FALSE(ledger.refuse(0, "no"));
  EXPECT_EQ(counts(), (Counts{0, 0, 0, 5, 0}));
  EXPECT_EQ(ledger.undelivered(), 0U);
}

TEST_F(LedgerTest, DoesNotMissWhatWasRefused) {
  const Stamp one = ledger.send(0, 0, 0);
  ledger.send(0, 0, 0);
  const Stamp three = ledger.send(0, 0, 0);
  ledger.send(0, 0, 0);
  arrive(one);
  EXPECT_TRUE(ledger.refuse(0, "too\x01many"));
  arrive(three);
  EXPECT_TRUE(ledger.refuse(0, "too many"));
  EXPECT_EQ(counts(), (Counts{0, 0, 0, 0, 0}));
  EXPECT_EQ(ledger.findings().refused.count, 2U);
  EXPECT_EQ(ledger.findings().refused.first, "message #1 from ab-0 to ab-1: \"too\\x01many\"");
  EXPECT_EQ(ledger.undelivered(), 0U);
  EXPECT_EQ(ledger.unanswered(), 0U);
}

TEST_F(LedgerTest, FindsWhatIsRefusedAndDelivered) {
  const Stamp one = ledger.send(0, 0, 0);
  ledger.deliver(one, 1, true);
  ledger.refuse(0, "no");
  const Stamp two = ledger.send(0, 0, 0);
  ledger.refuse(0, "no");
  EXPECT_FALSE(ledger.deliver(two, 1, true));
  EXPECT_EQ(counts(), (Counts{0, 0, 0, 2, 0}));
}

TEST_F(LedgerTest, CountsAHangUp) {
  ledger.note_disconnected(1, "gone");
  EXPECT_TRUE(ledger.findings().is_anything_wrong());
  EXPECT_EQ(ledger.findings().disconnected.first, "ab-1: gone");
}

TEST(Gaps, AgreeWithASetOfNumbers) {
  Gaps gaps;
  std::set<std::pair<std::uint64_t, std::uint32_t>> naive;
  for (std::uint64_t step = 0; step < 20'000; ++step) {
    const std::uint64_t random = mixed(step);
    const std::uint64_t series = random % 3;
    const auto from = static_cast<std::uint32_t>(random / 3 % 50);
    const auto to = from + static_cast<std::uint32_t>(random / 150 % 5);
    std::uint64_t present = 0;
    for (std::uint32_t n = from; n < to; ++n) {
      present += naive.count({series, n});
    }
    if (random >> 63 == 0 && present == 0 && to > from) {
      gaps.add(series, from, to);
      for (std::uint32_t n = from; n < to; ++n) {
        naive.insert({series, n});
      }
    } else {
      ASSERT_EQ(gaps.holds(series, from), naive.count({series, from}) == 1) << step;
      ASSERT_EQ(gaps.take_range(series, from, to), present) << step;
      for (std::uint32_t n = from; n < to; ++n) {
        naive.erase({series, n});
      }
    }
    ASSERT_EQ(gaps.count(), naive.size()) << step;
    if (!naive.empty()) {
      ASSERT_EQ(gaps.first(), *naive.begin()) << step;
    }
  }
}

TEST(Pairing, FindsTheSlotOfEveryPartner) {
  const struct {
    User first, count, users;
  } cases[] = {{0, 2, 2}, {0, 100, 100}, {0, 1000, 1000}, {5, 7, 20}, {0, 1, 10}, {50, 50, 100}};
  for (const auto& [first, count, users] : cases) {
    const Pairing pairing(first, count, 7);
    for (User sender = 0; sender < users; ++sender) {
      if (count == 1 && sender == first) {
        continue;  // would write to himself
      }
      std::set<User> recipients;
      for (std::uint32_t slot = 0; slot < pairing.partners(); ++slot) {
        const User recipient = pairing.recipient(sender, slot);
        ASSERT_NE(recipient, sender);
        ASSERT_TRUE(recipient >= first && recipient < first + count);
        ASSERT_EQ(pairing.slot_of(sender, recipient), slot);
        recipients.insert(recipient);
      }
      EXPECT_EQ(recipients.size(), pairing.partners());
    }
    EXPECT_EQ(pairing.slot_of(0, first + count), std::nullopt);
  }
}

}  // namespace
}  // namespace tribar::stress
