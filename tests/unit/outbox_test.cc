// SPDX-License-Identifier: MIT
//
// Outbox: what counts as written, and what can be taken back.
#include "server/outbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "support/printers.h"

namespace tribar {
namespace {

Outbox::Frame push(std::uint64_t number, bool is_live = true) {
  Outbox::Frame frame;
  frame.charge = 10;
  frame.is_push = true;
  frame.is_live = is_live;
  frame.account = AccountId{1};
  frame.number = MessageNumber{number};
  return frame;
}

Outbox::Frame answer() {
  Outbox::Frame frame;
  frame.charge = 5;
  return frame;
}

/// Numbers and bytes of what was taken out.
using Taken = std::vector<std::pair<std::uint64_t, std::string>>;
Taken take(Outbox& outbox, bool waiting_live) {
  Taken taken;
  for (const Outbox::Unwritten& push : outbox.take_pushes(waiting_live)) {
    taken.emplace_back(push.frame.number.value, push.bytes);
  }
  return taken;
}

TEST(Outbox, WritesWhatWaitsInOneGo) {
  Outbox outbox;
  EXPECT_TRUE(outbox.is_empty());
  outbox.append("abc", push(1));
  outbox.append("de", answer());
  EXPECT_EQ(outbox.held_bytes(), 5U);
  EXPECT_FALSE(outbox.is_writing());
  EXPECT_EQ(outbox.begin_write(), "abcde");
  EXPECT_TRUE(outbox.is_writing());
  outbox.append("fgh", push(2));
  EXPECT_EQ(outbox.held_bytes(), 8U);
  Written written;
  outbox.finish_write(written);
  EXPECT_EQ(written, (Written{15, 10, 1}));
  EXPECT_FALSE(outbox.is_writing());
  EXPECT_EQ(outbox.begin_write(), "fgh");
  outbox.finish_write(written);
  EXPECT_EQ(written, (Written{25, 20, 2}));
  EXPECT_TRUE(outbox.is_empty());
}

TEST(Outbox, CountsAFrameAsWrittenWhenItsLastByteIsTaken) {
  Outbox outbox;
  outbox.append("abc", push(1));
  outbox.append("de", answer());
  static_cast<void>(outbox.begin_write());
  Written written;
  outbox.note_progress(2, written);
  EXPECT_EQ(written, (Written{10, 10, 1}));
  outbox.note_progress(1, written);
  EXPECT_EQ(written, (Written{10, 10, 1}));
  outbox.note_progress(0, written);
  EXPECT_EQ(written, (Written{15, 10, 1}));
}

TEST(Outbox, IsStalledWhileNothingIsTaken) {
  Outbox outbox;
  outbox.append("abcd", answer());
  static_cast<void>(outbox.begin_write());
  EXPECT_EQ(outbox.wait(10), 10U);
  EXPECT_EQ(outbox.wait(5), 15U);
  Written written;
  outbox.note_progress(3, written);
  EXPECT_EQ(outbox.wait(10), 0U);
  outbox.note_progress(3, written);
  EXPECT_EQ(outbox.wait(10), 10U);
}

TEST(Outbox, SkipsWhatWasTakenBefore) {
  Outbox outbox;
  outbox.append("abc", push(1));
  outbox.skip(2);
  outbox.append("de", push(2));
  EXPECT_EQ(outbox.begin_write(), "cde");
  Written written;
  outbox.note_progress(2, written);
  EXPECT_EQ(written, (Written{10, 10, 1}));
  EXPECT_EQ(take(outbox, false), (Taken{{2, "de"}}));
}

TEST(Outbox, GivesBackWhatWasNotTakenWhole) {
  Outbox outbox;
  outbox.append("abc", push(1));
  outbox.append("de", answer());
  outbox.append("fgh", push(2));
  static_cast<void>(outbox.begin_write());
  outbox.append("ij", push(3, false));
  Written written;
  outbox.note_progress(2, written);  // up to the f
  Taken taken = take(outbox, false);
  std::sort(taken.begin(), taken.end());
  EXPECT_EQ(taken, (Taken{{2, "fgh"}, {3, "ij"}}));
  EXPECT_EQ(take(outbox, false), Taken{});
}

TEST(Outbox, GivesBackOnlyLiveOnesThatWaitAndGoesOnWithTheRest) {
  Outbox outbox;
  outbox.append("abc", push(1));
  static_cast<void>(outbox.begin_write());
  outbox.append("DE", push(2));
  outbox.append("fgh", answer());
  outbox.append("IJ", push(3));
  outbox.append("kl", push(4, false));
  Taken taken = take(outbox, true);
  std::sort(taken.begin(), taken.end());
  EXPECT_EQ(taken, (Taken{{2, "DE"}, {3, "IJ"}}));
  Written written;
  outbox.finish_write(written);
  EXPECT_EQ(written, (Written{10, 10, 1}));
  EXPECT_EQ(outbox.begin_write(), "fghkl");
  outbox.note_progress(1, written);
  EXPECT_EQ(written, (Written{15, 10, 1}));
  outbox.append("mn", push(5));
  outbox.finish_write(written);
  EXPECT_EQ(written, (Written{25, 20, 2}));
  EXPECT_EQ(outbox.begin_write(), "mn");
}

}  // namespace
}  // namespace tribar
