// SPDX-License-Identifier: MIT
//
// Outbox: what counts as written, and what can be taken back.
#include "loop/outbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
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

/// Adds one frame, of which the kernel took the first bytes.
void add(Outbox& outbox, std::string_view bytes, Outbox::Frame frame, std::size_t taken_bytes = 0) {
  ByteBuffer buffer;
  buffer.append(bytes);
  frame.bytes = static_cast<std::uint32_t>(bytes.size());
  Written written;
  outbox.append(std::move(buffer), {&frame, 1}, taken_bytes, written);
  EXPECT_EQ(written, Written{});
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
  add(outbox, "abc", push(1));
  add(outbox, "de", answer());
  EXPECT_EQ(outbox.held_bytes(), 5U);
  EXPECT_FALSE(outbox.is_writing());
  EXPECT_EQ(outbox.begin_write(), "abcde");
  EXPECT_TRUE(outbox.is_writing());
  add(outbox, "fgh", push(2));
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
  add(outbox, "abc", push(1));
  add(outbox, "de", answer());
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
  add(outbox, "abcd", answer());
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
  add(outbox, "abc", push(1), 2);
  add(outbox, "de", push(2));
  EXPECT_EQ(outbox.begin_write(), "cde");
  Written written;
  outbox.note_progress(2, written);
  EXPECT_EQ(written, (Written{10, 10, 1}));
  EXPECT_EQ(take(outbox, false), (Taken{{2, "de"}}));
}

TEST(Outbox, GivesBackWhatWasNotTakenWhole) {
  Outbox outbox;
  add(outbox, "abc", push(1));
  add(outbox, "de", answer());
  add(outbox, "fgh", push(2));
  static_cast<void>(outbox.begin_write());
  add(outbox, "ij", push(3, false));
  Written written;
  outbox.note_progress(2, written);  // up to the f
  Taken taken = take(outbox, false);
  std::sort(taken.begin(), taken.end());
  EXPECT_EQ(taken, (Taken{{2, "fgh"}, {3, "ij"}}));
  EXPECT_EQ(take(outbox, false), Taken{});
}

TEST(Outbox, GivesBackOnlyLiveOnesThatWaitAndGoesOnWithTheRest) {
  Outbox outbox;
  add(outbox, "abc", push(1));
  static_cast<void>(outbox.begin_write());
  add(outbox, "DE", push(2));
  add(outbox, "fgh", answer());
  add(outbox, "IJ", push(3));
  add(outbox, "kl", push(4, false));
  Taken taken = take(outbox, true);
  std::sort(taken.begin(), taken.end());
  EXPECT_EQ(taken, (Taken{{2, "DE"}, {3, "IJ"}}));
  Written written;
  outbox.finish_write(written);
  EXPECT_EQ(written, (Written{10, 10, 1}));
  EXPECT_EQ(outbox.begin_write(), "fghkl");
  outbox.note_progress(1, written);
  EXPECT_EQ(written, (Written{15, 10, 1}));
  add(outbox, "mn", push(5));
  outbox.finish_write(written);
  EXPECT_EQ(written, (Written{25, 20, 2}));
  EXPECT_EQ(outbox.begin_write(), "mn");
}

TEST(Outbox, CountsWhatTheKernelTookBeforeAndKeepsTheRest) {
  std::vector<Outbox::Frame> frames = {push(1), answer(), push(2), push(3)};
  for (Outbox::Frame& frame : frames) {
    frame.bytes = 2;
  }
  for (std::size_t taken = 0; taken < 8; ++taken) {
    ByteBuffer bytes;
    bytes.append("aabbccdd");
    Outbox outbox;
    Written written;
    outbox.append(std::move(bytes), frames, taken, written);
    Written whole;
    for (std::size_t i = 0; i < taken / 2; ++i) {
      add_written(whole, frames[i]);
    }
    EXPECT_EQ(written, whole) << taken;
    EXPECT_EQ(outbox.held_bytes(), 8 - taken / 2 * 2) << taken;
    EXPECT_EQ(outbox.begin_write(), std::string_view("aabbccdd").substr(taken)) << taken;
    outbox.finish_write(written);
    EXPECT_EQ(written, (Written{35, 30, 3})) << taken;
    EXPECT_TRUE(outbox.is_empty()) << taken;
  }
}

TEST(Outbox, TakesTheMemoryOfManyBytesOver) {
  Outbox::Frame frame = answer();
  frame.bytes = 1 << 20;
  ByteBuffer bytes;
  bytes.append(std::string(frame.bytes, 'x'));
  const char* at = bytes.data();
  Outbox outbox;
  Written written;
  outbox.append(std::move(bytes), {&frame, 1}, 5, written);
  EXPECT_EQ(outbox.begin_write().data(), at + 5);
  EXPECT_EQ(outbox.held_bytes(), frame.bytes);
  // A little in much memory is copied.
  frame.bytes = 3;
  ByteBuffer roomy;
  roomy.reserve_tail(1 << 20);
  roomy.append("abc");
  at = roomy.data();
  Outbox other;
  other.append(std::move(roomy), {&frame, 1}, 0, written);
  EXPECT_NE(other.begin_write().data(), at);
}

}  // namespace
}  // namespace tribar
