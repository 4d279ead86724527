// SPDX-License-Identifier: MIT
//
// Readers that do not read, or not for long: everything arrives once and in order, from bounded
// memory, and nobody else waits.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "support/memory.h"
#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

constexpr std::size_t kMiB = 1 << 20;
/// More than this the kernel does not take for a reader with small buffers that reads nothing.
constexpr std::size_t kMostInKernel = 128 * 1024;
const TestPeer::Options kSmallBuffers{.receive_buffer_bytes = 4096};

/// Queues that hold whatever the tests put in.
Config roomy() {
  Config config;
  config.limits.undelivered_messages = 1'000'000;
  config.limits.undelivered_bytes = std::uint64_t{1} << 30;
  return config;
}

/// The text of message `number`, of `bytes`.
std::string numbered(std::size_t number, std::size_t bytes = 100) {
  std::string text = std::to_string(number) + ' ';
  text.resize(std::max(text.size(), bytes), '.');
  return text;
}

std::size_t number_in(const WireFrame& frame) {
  return std::stoul(frame.data.substr(frame.data.rfind("|||") + 3));
}

/// Sends messages `first` up to `last` and takes in their echoes.
void send_numbered(TestPeer& sender, std::string_view from, std::string_view to, std::size_t first,
                   std::size_t last, std::size_t bytes = 100) {
  constexpr std::size_t kAtOnce = 500;
  for (std::size_t at = first; at < last; at += kAtOnce) {
    const std::size_t end = std::min(at + kAtOnce, last);
    std::string frames;
    for (std::size_t i = at; i < end; ++i) {
      frames += send_bytes(from, to, numbered(i, bytes));
    }
    sender.send_raw(frames);
    for (std::size_t i = at; i < end; ++i) {
      ASSERT_EQ(sender.receive(), message(from, to, numbered(i, bytes)));
    }
  }
}

/// Fails unless the next frames are messages `first` up to `last`.
void expect_numbered(TestPeer& reader, std::string_view from, std::string_view to,
                     std::size_t first, std::size_t last, std::size_t bytes = 100) {
  for (std::size_t i = first; i < last; ++i) {
    ASSERT_EQ(reader.receive(), message(from, to, numbered(i, bytes)));
  }
}

/// What waits for `name`, which must end with message `last` and have no gap: its first number.
std::size_t first_waiting(std::uint16_t port, std::string_view name, std::size_t last) {
  TestPeer reader = logged_in(port, name);
  reader.send(Deliver{});
  reader.send(List{"no body"});
  std::size_t first = last;
  std::size_t next = last;
  for (WireFrame frame = reader.receive(); frame != names({}); frame = reader.receive()) {
    const std::size_t number = number_in(frame);
    if (first == last) {
      first = number;
    } else {
      EXPECT_EQ(number, next);
    }
    next = number + 1;
  }
  EXPECT_EQ(next, last);
  return first;
}

TEST(SlowReader, GetsEverythingInOrderWhenItWakes) {
  constexpr std::size_t kMessages = 100'000;
  TestServer server(roomy());
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob(server.port(), kSmallBuffers);
  bob.create("bob");
  TestPeer cid = created(server.port(), "cid");
  TestPeer dan = created(server.port(), "dan");

  const std::size_t before = resident_bytes(getpid());
  for (std::size_t at = 0; at < kMessages; at += 1000) {
    send_numbered(ann, "ann", "bob", at, at + 1000);
    // Nobody else notices.
    send_numbered(cid, "cid", "dan", at, at + 10);
    expect_numbered(dan, "cid", "dan", at, at + 10);
  }
  // A message is kept with some words beside its text.
  const std::size_t kept = kMessages * (100 + 3 + 64);
  EXPECT_TRUE(has_grown_at_most(getpid(), before, kept + 16 * kMiB));

  expect_numbered(bob, "ann", "bob", 0, kMessages);
  bob.expect_nothing_before_an_answer();
}

TEST(SlowReader, GetsWhatWaitedWhenItAsksForIt) {
  constexpr std::size_t kMessages = 50'000;
  TestServer server(roomy());
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  send_numbered(ann, "ann", "bob", 0, kMessages);
  TestPeer bob(server.port(), kSmallBuffers);
  bob.login("bob");
  // Live messages, answers and what waited share one order from now on.
  bob.send_raw(bytes_of(Deliver{}) + bytes_of(List{"bob"}) + send_bytes("bob", "bob", "me"));
  ann.expect_nothing_before_an_answer();
  send_numbered(ann, "ann", "bob", kMessages, kMessages + 1000);
  expect_numbered(bob, "ann", "bob", 0, kMessages);
  expect_numbered(bob, "ann", "bob", kMessages, kMessages + 1000);
  bob.expect(names({"bob"}));
  bob.expect(message("bob", "bob", "me"));
  bob.expect(message("bob", "bob", "me"));
}

TEST(SlowReader, IsAnsweredFromBoundedMemory) {
  Config config = roomy();
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  for (int i = 0; i < 1000; ++i) {
    TestPeer named =
        created(server.port(), "a-name-of-sixty-four-bytes-that-makes-answers-very-long-" +
                                   std::to_string(10'000'000 + i));
  }
  const std::size_t before = resident_bytes(getpid());
  TestPeer bob(server.port(), kSmallBuffers);
  std::string questions;
  for (int i = 0; i < 5000; ++i) {
    questions += bytes_of(List{"a-*"});
  }
  std::string_view rest = questions;
  rest.remove_prefix(bob.send_some(rest));
  for (int i = 0; i < 100; ++i) {
    ann.expect_nothing_before_an_answer();
    rest.remove_prefix(bob.send_some(rest));
  }
  // All answers together are over 300 MB.
  EXPECT_TRUE(has_grown_at_most(getpid(), before, 16 * kMiB));
  bob.reset();
  ann.expect_nothing_before_an_answer();
}

/// What waits for bob after a reset in the middle, `read_messages` of `messages` having been read.
void reset_reader(const Config& config, bool is_read_from, std::size_t read_messages) {
  constexpr std::size_t kMessages = 5000;
  constexpr std::size_t kBytes = 1000;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob(server.port(), kSmallBuffers);
  bob.create("bob");
  send_numbered(ann, "ann", "bob", 0, kMessages, kBytes);
  if (!is_read_from) {
    bob.send_raw(bytes_of(List{"bob"}) + bytes_of(List{"bob"}));
    ann.expect_nothing_before_an_answer();
  }
  expect_numbered(bob, "ann", "bob", 0, read_messages, kBytes);
  bob.reset();
  const std::size_t first = first_waiting(server.port(), "bob", kMessages);
  EXPECT_GE(first, read_messages);
  EXPECT_LE(first, read_messages + kMostInKernel / kBytes);
}

TEST(SlowReader, LosesOnlyWhatTheKernelTookWhenItResets) {
  for (const std::size_t read_messages : std::initializer_list<std::size_t>{0, 1, 100, 400, 1000}) {
    SCOPED_TRACE(read_messages);
    reset_reader(roomy(), true, read_messages);
  }
}

// What was being written counted as written when the write failed.
TEST(SlowReader, LosesOnlyWhatTheKernelTookWhenItResetsUnread) {
  Config config = roomy();
  config.limits.in_flight_commands = 1;
  for (const std::size_t read_messages : std::initializer_list<std::size_t>{0, 1, 100, 400, 1000}) {
    SCOPED_TRACE(read_messages);
    reset_reader(config, false, read_messages);
  }
}

TEST(SlowReader, FindsTheRestInItsQueueWhenItClosesWithUnreadData) {
  constexpr std::size_t kMessages = 20'000;
  TestServer server(roomy());
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob(server.port(), kSmallBuffers);
  bob.create("bob");
  send_numbered(ann, "ann", "bob", 0, kMessages);
  bob.close();
  // What is sent from now on stands behind.
  send_numbered(ann, "ann", "bob", kMessages, kMessages + 10);
  EXPECT_LE(first_waiting(server.port(), "bob", kMessages + 10), kMostInKernel / 100);
}

}  // namespace
}  // namespace tribar::test
