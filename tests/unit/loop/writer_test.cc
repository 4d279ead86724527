// SPDX-License-Identifier: MIT
//
// Writer: one write a turn and one for each long frame, only what the kernel does not take is
// copied, and what counts as written.
#include "loop/writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/fake_transport.h"
#include "support/test_peer.h"

namespace tribar {
namespace {

struct Fixture {
  Fixture() { connection.transport = std::make_unique<test::FakeTransport>(stream); }

  /// Writes pushes of `texts` in one turn. Their charge is 10 each.
  void push(const std::vector<std::string>& texts) {
    std::vector<Message> messages;
    std::vector<Effect> effects;
    messages.reserve(texts.size());
    effects.reserve(texts.size());
    for (const std::string& text : texts) {
      messages.push_back({"ann", "bob", text});
      effects.push_back(
          {connection.id, 0, 10,
           Push{&messages.back(), AccountId{1}, MessageNumber{++number}, UnixMs{1}, true, false}});
      writer.add(connection, effects.back());
    }
    writer.flush(connection);
  }

  /// The numbers of what is taken back.
  std::vector<std::uint64_t> take_back(bool waiting_live) {
    std::vector<std::uint64_t> numbers;
    for (const Outbox::Unwritten& unwritten : writer.take_pushes(connection, waiting_live)) {
      numbers.push_back(unwritten.frame.number.value);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

  std::shared_ptr<test::FakeStream> stream = std::make_shared<test::FakeStream>();
  Writer writer{32768, 65536};
  Connection connection;
  std::uint64_t number = 0;
};

std::string wire(const std::vector<std::string>& texts) {
  std::string bytes;
  for (const std::string& text : texts) {
    bytes += test::send_bytes("ann", "bob", text);
  }
  return bytes;
}

TEST(Writer, WritesWhatATurnBringsAndKeepsNothing) {
  Fixture f;
  f.push({"1", "two", ""});
  EXPECT_EQ(f.stream->taken, wire({"1", "two", ""}));
  EXPECT_FALSE(f.connection.outbox);
  EXPECT_EQ(f.connection.unreported, (Written{30, 30, 3}));
  EXPECT_EQ(f.writer.held_bytes(), 0U);
}

TEST(Writer, KeepsWhatTheKernelDoesNotTakeAndGoesOnWithIt) {
  for (std::size_t room = 0; room <= wire({"1", "two", ""}).size(); ++room) {
    Fixture f;
    f.stream->room = room;
    f.push({"1", "two", ""});
    const std::size_t whole = room / wire({"1"}).size() >= 1
                                  ? (room >= wire({"1", "two", ""}).size() ? 3
                                     : room >= wire({"1", "two"}).size()   ? 2
                                                                           : 1)
                                  : 0;
    EXPECT_EQ(f.connection.unreported.pushes, whole) << room;
    if (whole == 3) {
      break;
    }
    f.push({"late"});
    EXPECT_TRUE(f.stream->take());
    f.writer.written(f.connection, true);
    ASSERT_TRUE(f.connection.outbox);
    EXPECT_TRUE(f.stream->take());
    f.writer.written(f.connection, true);
    EXPECT_EQ(f.stream->taken, wire({"1", "two", "", "late"})) << room;
    EXPECT_EQ(f.connection.unreported, (Written{40, 40, 4}));
    EXPECT_TRUE(f.connection.wants_report);
    EXPECT_FALSE(f.connection.outbox);
    EXPECT_EQ(f.writer.held_bytes(), 0U);
  }
}

TEST(Writer, WritesMoreThanItsScratchBufferHolds) {
  Fixture f;
  const std::vector<std::string> texts(20, std::string(60'000, 'x'));
  f.push(texts);
  EXPECT_EQ(f.stream->taken, wire(texts));

  Fixture half;
  half.stream->room = wire(texts).size() / 2;
  half.push(texts);
  EXPECT_TRUE(half.stream->take());
  half.writer.written(half.connection, true);
  EXPECT_EQ(half.stream->taken, wire(texts));
  EXPECT_EQ(half.connection.unreported.pushes, 20U);
}

/// Frames of messages as they stand in a batch, and what they say.
struct Arrived {
  explicit Arrived(const std::vector<std::string>& texts) : bytes(wire(texts)) {
    std::string_view rest = bytes;
    for (const std::string& text : texts) {
      const std::string_view data = rest.substr(kHeaderBytes);
      messages.push_back({data.substr(0, 3), data.substr(6, 3), data.substr(12, text.size())});
      rest.remove_prefix(frame_bytes_of(messages.back()));
    }
  }
  [[nodiscard]] Effect push(std::size_t at) const {
    return {{},
            0,
            static_cast<std::uint32_t>(frame_bytes_of(messages[at])),
            Push{&messages[at], AccountId{1}, MessageNumber{at + 1}, UnixMs{1}, true, false}};
  }

  std::string bytes;
  std::vector<Message> messages;
};

TEST(Writer, WritesALongFrameRightFromWhereItIsBehindWhatCameBefore) {
  const std::vector<std::string> texts = {
      "short", std::string(60'000, 'x'), "s",
      "t",     std::string(50'000, 'y'), std::string(40'000, 'z'),
      "u"};
  const Arrived arrived(texts);
  Fixture f;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Effect effect = arrived.push(i);
    f.writer.add(f.connection, effect);
    const bool is_long = texts[i].size() > 1000;
    const std::size_t so_far =
        wire({texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(i) + 1}).size();
    EXPECT_EQ(f.stream->taken.size() == so_far, is_long) << i;
  }
  f.writer.flush(f.connection);
  EXPECT_EQ(f.stream->taken, arrived.bytes);
  EXPECT_EQ(f.connection.unreported.charge, arrived.bytes.size());
  EXPECT_EQ(f.connection.unreported.pushes, texts.size());
  EXPECT_FALSE(f.connection.outbox);
  EXPECT_FALSE(f.connection.outgoing);
  EXPECT_EQ(f.writer.held_bytes(), 0U);
}

TEST(Writer, KeepsOfALongFrameWhatTheKernelDoesNotTake) {
  const std::vector<std::string> texts = {"short", std::string(60'000, 'x'), "s",
                                          std::string(50'000, 'y'), "t"};
  std::vector<std::size_t> ends;
  for (std::size_t i = 1; i <= texts.size(); ++i) {
    ends.push_back(wire({texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(i)}).size());
  }
  for (const std::size_t end : ends) {
    for (const std::size_t room : {end - 1, end, end + 1}) {
      std::string expected;
      Fixture f;
      f.stream->room = room;
      {
        // What was not taken is the writer's own by the time that the batch is gone.
        const Arrived arrived(texts);
        expected = arrived.bytes;
        for (std::size_t i = 0; i < texts.size(); ++i) {
          f.writer.add(f.connection, arrived.push(i));
        }
        f.writer.flush(f.connection);
      }
      const auto whole = static_cast<std::size_t>(
          std::count_if(ends.begin(), ends.end(), [&](std::size_t at) { return at <= room; }));
      EXPECT_EQ(f.connection.unreported.pushes, whole) << room;
      EXPECT_EQ(f.writer.held_bytes(), f.connection.outbox ? f.connection.outbox->held_bytes() : 0)
          << room;
      while (f.connection.outbox) {
        EXPECT_TRUE(f.stream->take());
        f.writer.written(f.connection, true);
      }
      EXPECT_EQ(f.stream->taken, expected) << room;
      EXPECT_EQ(f.connection.unreported.pushes, texts.size());
      EXPECT_FALSE(f.connection.outbox);
      EXPECT_EQ(f.writer.held_bytes(), 0U);
    }
  }
}

TEST(Writer, GivesBackALongFrameThatFailed) {
  const Arrived arrived({std::string(60'000, 'x'), std::string(50'000, 'y')});
  Fixture f;
  f.writer.add(f.connection, arrived.push(0));
  f.stream->is_failed = true;
  f.writer.add(f.connection, arrived.push(1));
  EXPECT_TRUE(f.connection.is_failed);
  f.writer.flush(f.connection);
  EXPECT_EQ(f.take_back(false), (std::vector<std::uint64_t>{2}));
  EXPECT_EQ(f.writer.held_bytes(), 0U);
}

TEST(Writer, GivesBackTheChargeOfAKeptPushInsteadOfItsBytes) {
  Fixture f;
  f.stream->room = 0;
  const Message message{"ann", "bob", "caf\xc3\xa9"};
  Push push{&message, AccountId{1}, MessageNumber{7}, UnixMs{9}, true, false, true};
  push.is_portable = false;
  f.writer.add(f.connection, {f.connection.id, 0, 59, push});
  f.writer.flush(f.connection);
  EXPECT_EQ(f.writer.held_bytes(), wire({"caf\\u{e9}"}).size());
  const auto pushes = f.writer.take_pushes(f.connection, false);
  ASSERT_EQ(pushes.size(), 1U);
  EXPECT_TRUE(pushes[0].frame.is_kept);
  EXPECT_EQ(pushes[0].frame.charge, 59U);
  EXPECT_EQ(pushes[0].frame.number, MessageNumber{7});
  EXPECT_EQ(pushes[0].bytes, "");
}

TEST(Writer, CutsATextThatIsNotPortableAtTheLimitOfAFrame) {
  Fixture f;
  Writer writer(32768, 30);
  const std::string text = std::string(20, 'x') + "\xc3\xa9";
  const Message message{"ann", "bob", text};
  Push push{&message, AccountId{1}, MessageNumber{7}, UnixMs{9}, true, false, true};
  push.is_portable = false;
  writer.add(f.connection, {f.connection.id, 0, 70, push});
  writer.flush(f.connection);
  EXPECT_EQ(f.stream->taken, wire({std::string(10, 'x') + "\\u{2026}"}));
  writer.set_frame_bytes(29);
  writer.add(f.connection, {f.connection.id, 0, 70, push});
  writer.flush(f.connection);
  EXPECT_EQ(f.stream->taken,
            wire({std::string(10, 'x') + "\\u{2026}", std::string(9, 'x') + "\\u{2026}"}));
}

TEST(Writer, GivesBackExactlyWhatWasNotTakenWhenAWriteFails) {
  Fixture f;
  f.stream->room = wire({"1"}).size() + 3;
  f.push({"1", "2", "3", "4"});
  EXPECT_FALSE(f.stream->take(wire({"2"}).size()));
  f.push({"5"});
  f.writer.written(f.connection, false);
  EXPECT_TRUE(f.connection.is_failed);
  f.writer.note_progress(f.connection);
  EXPECT_EQ(f.connection.unreported.pushes, 2U);
  EXPECT_EQ(f.take_back(false), (std::vector<std::uint64_t>{3, 4, 5}));
}

TEST(Writer, GivesEverythingBackWhenTheStreamHasFailed) {
  Fixture f;
  f.stream->is_failed = true;
  f.push({"1", "2"});
  EXPECT_TRUE(f.connection.is_failed);
  EXPECT_EQ(f.connection.unreported, Written{});
  EXPECT_EQ(f.take_back(false), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(f.writer.held_bytes(), 0U);
}

TEST(Writer, GivesBackOnlyWhatIsNotUnderWayAtALogout) {
  Fixture f;
  f.stream->room = 0;
  f.push({"1", "2"});
  f.push({"3"});
  EXPECT_EQ(f.take_back(true), (std::vector<std::uint64_t>{3}));
  EXPECT_EQ(f.writer.held_bytes(), wire({"1", "2"}).size());
  EXPECT_TRUE(f.stream->take());
  f.writer.written(f.connection, true);
  EXPECT_EQ(f.stream->taken, wire({"1", "2"}));
  EXPECT_FALSE(f.connection.outbox);
}

TEST(Writer, ForgetsWhatIsHeld) {
  Fixture f;
  f.stream->room = 0;
  f.push({"1", "2"});
  EXPECT_EQ(f.writer.held_bytes(), wire({"1", "2"}).size());
  f.writer.forget(f.connection);
  EXPECT_EQ(f.writer.held_bytes(), 0U);
}

}  // namespace
}  // namespace tribar
