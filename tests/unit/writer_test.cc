// SPDX-License-Identifier: MIT
//
// Writer: one write a turn, only what the kernel does not take is copied, and what counts as
// written.
#include "server/writer.h"

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
  Writer writer;
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
