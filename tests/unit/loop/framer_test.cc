// SPDX-License-Identifier: MIT
//
// Framer: what is cut at once, what is held and for what, and when it goes on.
#include "loop/framer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "support/printers.h"
#include "support/test_peer.h"
#include "zero/frame.h"

namespace tribar {
namespace {

constexpr std::uint8_t kSend = 2;

std::string frame(std::size_t data_bytes) {
  return test::bytes_of(test::WireFrame{kSend, std::string(data_bytes, 'x')});
}

/// A framer with one logged-in connection, and what it sent on.
struct Fixture {
  explicit Fixture(const FrameLimits& limits = {}) : framer(limits, dispatcher) {
    connection.id = ConnectionId::make(0, 1);
    connection.is_logged_in = true;
  }

  /// Reads `bytes` as far as the framer has space, and goes on until they are over.
  void read(std::string_view bytes) {
    while (!bytes.empty()) {
      const Framer::Space space = framer.space(connection);
      ASSERT_GT(space.size, 0U);
      const std::size_t size = std::min(space.size, bytes.size());
      std::copy_n(bytes.data(), size, space.at);
      framer.read(connection, size);
      bytes.remove_prefix(size);
    }
  }

  /// The lengths of the frames cut since the last call; events are 0.
  std::vector<std::size_t> cut() {
    dispatcher.submit({});
    std::vector<std::size_t> lengths;
    for (BatchPtr& batch : sent) {
      for (const Arrival& arrival : batch->arrivals) {
        lengths.push_back(arrival.event == Arrival::kIsFrame ? arrival.data_bytes : 0);
        if (arrival.event != Arrival::kIsFrame) {
          events.push_back(batch->events[arrival.event]);
        }
      }
      inbox.note_passed();
      dispatcher.recycle(std::move(batch));
    }
    sent.clear();
    return lengths;
  }

  using Lengths = std::vector<std::size_t>;
  LoopInbox inbox{[] {}};
  std::vector<BatchPtr> sent;
  std::vector<Input> events;
  std::atomic<std::uint64_t> last_number{0};
  Dispatcher dispatcher{1, inbox, last_number,
                        [this](BatchPtr batch) { sent.push_back(std::move(batch)); }};
  Framer framer;
  Connection connection;
};
using Lengths = Fixture::Lengths;

TEST(Framer, CutsFramesAndHoldsTheFrontOfOne) {
  Fixture f;
  f.read(frame(1) + frame(20) + frame(300).substr(0, 100));
  EXPECT_EQ(f.cut(), (Lengths{1, 20}));
  EXPECT_EQ(f.framer.in_flight_commands(), 2U);
  EXPECT_EQ(f.framer.held_bytes(), 100U);
  ASSERT_TRUE(f.connection.held);
  EXPECT_EQ(f.connection.held->needed_bytes, 342U);
  EXPECT_FALSE(f.connection.held->is_blocked);
  f.read(frame(300).substr(100));
  EXPECT_EQ(f.cut(), (Lengths{300}));
  EXPECT_FALSE(f.connection.held);
  EXPECT_EQ(f.framer.held_bytes(), 0U);
}

TEST(Framer, NeverOffersRoomForMoreThanWhatCameAndARead) {
  Fixture f({.frame_bytes = 1 << 30});
  f.read(frame(1 << 20).substr(0, 42));
  std::string rest = frame(1 << 20).substr(42);
  std::size_t came = 42;
  while (!rest.empty()) {
    const Framer::Space space = f.framer.space(f.connection);
    ASSERT_LE(space.size, std::max<std::size_t>(65536, came));
    const std::size_t size = std::min<std::size_t>({space.size, rest.size(), 5000});
    f.read(rest.substr(0, size));
    came += size;
    rest.erase(0, size);
  }
  EXPECT_EQ(f.cut(), (Lengths{1 << 20}));
}

TEST(Framer, StopsAtTheWindowOfCommandsAndGoesOnWhenItOpens) {
  Fixture f({.in_flight_commands = 2});
  f.read(frame(1) + frame(2) + frame(3) + frame(4) + frame(5).substr(0, 10));
  EXPECT_EQ(f.cut(), (Lengths{1, 2}));
  EXPECT_FALSE(f.framer.can_read(f.connection));
  EXPECT_FALSE(f.framer.can_go_on(f.connection));
  f.framer.complete(f.connection, 43);
  EXPECT_TRUE(f.framer.can_go_on(f.connection));
  f.framer.go_on(f.connection);
  EXPECT_EQ(f.cut(), (Lengths{3}));
  EXPECT_FALSE(f.framer.can_read(f.connection));
  f.framer.complete(f.connection, 44);
  f.framer.complete(f.connection, 45);
  f.framer.go_on(f.connection);
  EXPECT_EQ(f.cut(), (Lengths{4}));
  // Now the next frame is waited for, and not for the window.
  EXPECT_TRUE(f.framer.can_read(f.connection));
  EXPECT_FALSE(f.framer.can_go_on(f.connection));
}

TEST(Framer, StopsAtTheWindowOfBytesButLetsOneFramePass) {
  Fixture f({.in_flight_bytes = 1024});
  f.read(frame(5000) + frame(1));
  EXPECT_EQ(f.cut(), (Lengths{5000}));
  EXPECT_FALSE(f.framer.can_read(f.connection));
  f.framer.complete(f.connection, 5042);
  f.framer.go_on(f.connection);
  EXPECT_EQ(f.cut(), (Lengths{1}));
}

std::string one_frame(FrameCode code, std::size_t data_bytes) {
  std::string bytes;
  append_frame(bytes, static_cast<std::uint8_t>(code), std::string(data_bytes, '1'), kVersion1);
  return bytes;
}

/// With a connection of protocol 1.
struct Fixture1 : Fixture {
  explicit Fixture1(const FrameLimits& limits) : Fixture(limits) {
    connection.protocol = Protocol::One;
    connection.is_introduced = true;
  }
};

/// Lengths 7 to 9 go ahead, wherever they stand.
std::string mixed_stream() {
  return one_frame(FrameCode::Send, 1) + one_frame(FrameCode::Acknowledge, 7) +
         one_frame(FrameCode::Send, 2) + one_frame(FrameCode::Send, 3) +
         one_frame(FrameCode::Ping, 8) + one_frame(FrameCode::List, 4) +
         one_frame(FrameCode::Pong, 9) + one_frame(FrameCode::Send, 5).substr(0, 44);
}

TEST(Framer, TakesAcknowledgementsAndPingsAheadOfWhatWaitsForTheWindow) {
  const std::string stream = mixed_stream();
  for (const std::size_t piece : std::initializer_list<std::size_t>{1, 41, 42, 43, 50, 1000}) {
    SCOPED_TRACE(piece);
    Fixture1 f({.in_flight_commands = 2});
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      ASSERT_TRUE(f.framer.can_read(f.connection));
      f.read(std::string_view(stream).substr(at, piece));
    }
    EXPECT_EQ(f.cut(), (Lengths{1, 7, 8, 9}));
    EXPECT_EQ(f.framer.in_flight_commands(), 4U);
    EXPECT_EQ(f.framer.held_bytes(), 44U + 45 + 46 + 44);
    // The others keep their order, and wait for the window, which those that went ahead count in.
    f.framer.complete(f.connection, 49 + 50, 2);
    EXPECT_FALSE(f.framer.can_go_on(f.connection));
    f.framer.complete(f.connection, 51);
    ASSERT_TRUE(f.framer.can_go_on(f.connection));
    f.framer.go_on(f.connection);
    EXPECT_EQ(f.cut(), (Lengths{2}));
    f.framer.complete(f.connection, 43 + 44, 2);
    f.framer.go_on(f.connection);
    EXPECT_EQ(f.cut(), (Lengths{3, 4}));
    f.framer.complete(f.connection, 45 + 46, 2);
    ASSERT_TRUE(f.framer.can_go_on(f.connection));
    f.framer.go_on(f.connection);
    f.read(one_frame(FrameCode::Send, 5).substr(44));
    EXPECT_EQ(f.cut(), (Lengths{5}));
    EXPECT_EQ(f.framer.held_bytes(), 0U);
  }
}

TEST(Framer, ReadsNoFurtherAheadThanItSays) {
  Fixture1 f({.in_flight_commands = 1});
  const std::string send = one_frame(FrameCode::Send, 100);
  std::size_t came = 0;
  for (; f.framer.can_read(f.connection) && came < 10 * Framer::kAheadBytes; came += send.size()) {
    const Framer::Space space = f.framer.space(f.connection);
    ASSERT_LE(space.size, std::max(std::size_t{65536}, came));
    f.read(std::string_view(send).substr(0, std::min(send.size(), space.size)));
    ASSERT_LE(f.framer.held_bytes(), Framer::kAheadBytes + send.size());
  }
  EXPECT_GE(f.framer.held_bytes(), Framer::kAheadBytes);
  EXPECT_FALSE(f.framer.can_go_on(f.connection));
}

TEST(Framer, HasAWindowForWhatGoesAhead) {
  Fixture1 f({.in_flight_commands = 1});
  constexpr std::size_t kRoom = Framer::kAheadBytes / kHeaderBytes;
  f.read(one_frame(FrameCode::Send, 1));
  const std::string acknowledgement = one_frame(FrameCode::Acknowledge, 1);
  for (std::size_t i = 0; i < kRoom; ++i) {
    ASSERT_TRUE(f.framer.can_read(f.connection)) << i;
    f.read(acknowledgement);
  }
  EXPECT_EQ(f.framer.held_bytes(), 0U);
  EXPECT_EQ(f.cut().size(), 1 + kRoom);
  EXPECT_FALSE(f.framer.can_read(f.connection));
  f.framer.complete(f.connection, 43);
  ASSERT_TRUE(f.framer.can_read(f.connection));
  f.read(acknowledgement + acknowledgement + acknowledgement);
  EXPECT_EQ(f.cut().size(), 1U);
  EXPECT_FALSE(f.framer.can_read(f.connection));
  EXPECT_FALSE(f.framer.can_go_on(f.connection));
  f.framer.complete(f.connection, 43);
  ASSERT_TRUE(f.framer.can_go_on(f.connection));
  f.framer.go_on(f.connection);
  EXPECT_EQ(f.cut().size(), 1U);
  f.framer.complete(f.connection, 43, 1);
  f.framer.go_on(f.connection);
  EXPECT_EQ(f.cut().size(), 1U);
  EXPECT_FALSE(f.connection.held);
}

TEST(Framer, LetsNothingGoAheadThatIsRefused) {
  std::string no_number;
  append_frame(no_number, static_cast<std::uint8_t>(FrameCode::Acknowledge), "seven", kVersion1);
  Fixture1 f({.in_flight_commands = 1});
  f.read(one_frame(FrameCode::Send, 1) + no_number + one_frame(FrameCode::Ping, 65) +
         one_frame(FrameCode::Pong, 64));
  EXPECT_EQ(f.cut(), (Lengths{1, 64}));
  f.framer.complete(f.connection, 43 + 106, 2);
  f.framer.go_on(f.connection);
  EXPECT_EQ(f.cut(), (Lengths{5}));
}

TEST(Framer, JudgesWhatIsWrongBehindAFullWindowInItsTurn) {
  std::string too_long = one_frame(FrameCode::Acknowledge, 1);
  too_long[2] = '\x01';
  for (const std::string& bytes : {frame(1), too_long}) {
    Fixture1 f({.in_flight_commands = 1});
    f.read(one_frame(FrameCode::Send, 1) + one_frame(FrameCode::Send, 2) + bytes +
           one_frame(FrameCode::Pong, 9));
    EXPECT_EQ(f.cut(), (Lengths{1}));
    EXPECT_FALSE(f.connection.is_lost);
    f.framer.complete(f.connection, 43);
    f.framer.go_on(f.connection);
    EXPECT_EQ(f.cut(), (Lengths{2}));
    f.framer.complete(f.connection, 44);
    f.framer.go_on(f.connection);
    EXPECT_EQ(f.cut(), (Lengths{0}));
    EXPECT_TRUE(f.connection.is_lost);
  }
}

// A lower limit.

/// As Switchboard::set_limits().
void lower(Fixture& f, const FrameLimits& limits, std::uint64_t former_frame_bytes = 65536) {
  f.framer.set_limits(limits);
  Framer::keep_frame_limit(f.connection, former_frame_bytes);
}

TEST(Framer, TakesAFrameThatBeganBeforeTheLimitWasLower) {
  const std::string bytes = frame(6000);
  for (const std::size_t front : std::initializer_list<std::size_t>{1, 41, 42, 43, 4137, 5000}) {
    for (const std::size_t piece : std::initializer_list<std::size_t>{1, 50, 10'000}) {
      SCOPED_TRACE(front);
      SCOPED_TRACE(piece);
      Fixture f;
      f.read(bytes.substr(0, front));
      lower(f, {.frame_bytes = 2000});
      const std::string rest = bytes.substr(front) + frame(2000) + frame(2001);
      for (std::size_t at = 0; at < rest.size() && !f.connection.is_lost; at += piece) {
        f.read(std::string_view(rest).substr(at, piece));
      }
      EXPECT_EQ(f.cut(), (Lengths{6000, 2000, 0}));
      EXPECT_EQ(f.events,
                (std::vector<Input>{
                    {f.connection.id, 42, Rejected{{RefusalCode::FrameTooLong, 0, 2000}, true}}}));
    }
  }
}

TEST(Framer, RefusesALongFrameIfNothingOfItWasReadBefore) {
  Fixture f;
  f.read(frame(3000));
  lower(f, {.frame_bytes = 2000});
  f.read(frame(2001));
  EXPECT_EQ(f.cut(), (Lengths{3000, 0}));
}

TEST(Framer, TakesLongFramesThatWaitedForTheWindow) {
  Fixture f({.in_flight_commands = 1});
  f.read(frame(1) + frame(3000) + frame(4000) + frame(5000).substr(0, 10));
  EXPECT_EQ(f.cut(), (Lengths{1}));
  lower(f, {.frame_bytes = 2500, .in_flight_commands = 1});
  lower(f, {.frame_bytes = 2000, .in_flight_commands = 1}, 2500);
  for (const std::size_t next : std::initializer_list<std::size_t>{3000, 4000}) {
    f.framer.complete(f.connection, static_cast<std::uint32_t>(f.connection.in_flight_bytes));
    f.framer.go_on(f.connection);
    EXPECT_EQ(f.cut(), (Lengths{next}));
  }
  f.framer.complete(f.connection, 4042);
  f.framer.go_on(f.connection);
  f.read(frame(5000).substr(10));
  EXPECT_EQ(f.cut(), (Lengths{5000}));
  f.framer.complete(f.connection, 5042);
  f.read(frame(2001));
  EXPECT_EQ(f.cut(), (Lengths{0}));
}

TEST(Framer, TakesALongFrameThatWaitedForALogin) {
  for (const bool is_login : {true, false}) {
    Fixture f;
    f.connection.is_logged_in = false;
    f.read(frame(3) + frame(3000) + frame(2001));
    EXPECT_EQ(f.cut(), (Lengths{3}));
    lower(f, {.frame_bytes = 2000});
    f.framer.go_on(f.connection);
    EXPECT_EQ(f.cut(), Lengths{}) << "it still waits";
    f.framer.complete(f.connection, 45);
    f.connection.is_logged_in = is_login;
    f.framer.go_on(f.connection);
    EXPECT_EQ(f.cut(), is_login ? (Lengths{3000, 2001}) : (Lengths{0}));
  }
}

TEST(Framer, LooksBehindALongFrameThatWaitsForWhatGoesAhead) {
  // The limit becomes lower in the middle of a frame that stays, or of one that goes ahead.
  for (const std::size_t held : std::initializer_list<std::size_t>{10, 44 + 10}) {
    Fixture1 f({.in_flight_commands = 1});
    const std::string behind = one_frame(FrameCode::Send, 2) +
                               one_frame(FrameCode::Acknowledge, 7) +
                               one_frame(FrameCode::Send, 2001);
    f.read(one_frame(FrameCode::Send, 1) + one_frame(FrameCode::Send, 3000) +
           behind.substr(0, held));
    lower(f, {.frame_bytes = 2000, .in_flight_commands = 1});
    f.read(behind.substr(held));
    EXPECT_EQ(f.cut(), (Lengths{1, 7}));
    f.framer.complete(f.connection, 43 + 49, 2);
    for (const std::size_t next : std::initializer_list<std::size_t>{3000, 2, 0}) {
      f.framer.go_on(f.connection);
      EXPECT_EQ(f.cut(), (Lengths{next}));
      f.framer.complete(f.connection, static_cast<std::uint32_t>(f.connection.in_flight_bytes));
    }
  }
}

// Nothing is read ahead of a protocol that has nothing which goes ahead.
TEST(Framer, TakesNothingAheadInProtocol0) {
  Fixture f({.in_flight_commands = 1});
  std::string acknowledgement;
  append_frame(acknowledgement, static_cast<std::uint8_t>(FrameCode::Acknowledge), "1");
  f.read(frame(1) + frame(2) + acknowledgement);
  EXPECT_EQ(f.cut(), (Lengths{1}));
  EXPECT_FALSE(f.framer.can_read(f.connection));
}

TEST(Framer, JudgesALongFrameOnlyWhenWhatCameBeforeIsAnswered) {
  Fixture f;
  f.connection.is_logged_in = false;
  f.read(frame(3) + frame(2000) + frame(1));
  EXPECT_EQ(f.cut(), (Lengths{3}));
  EXPECT_TRUE(f.connection.awaits_answers);
  EXPECT_FALSE(f.framer.can_read(f.connection));
  f.framer.complete(f.connection, 45);
  f.connection.is_logged_in = true;
  ASSERT_TRUE(f.framer.can_go_on(f.connection));
  f.framer.go_on(f.connection);
  EXPECT_EQ(f.cut(), (Lengths{2000, 1}));
}

TEST(Framer, RefusesALongFrameWhenWhatCameBeforeWasNoLogin) {
  Fixture f;
  f.connection.is_logged_in = false;
  f.read(frame(3) + frame(1025));
  EXPECT_EQ(f.cut(), (Lengths{3}));
  f.framer.complete(f.connection, 45);
  ASSERT_TRUE(f.framer.can_go_on(f.connection));
  f.framer.go_on(f.connection);
  EXPECT_EQ(f.cut(), (Lengths{0}));
  EXPECT_EQ(f.events, (std::vector<Input>{{f.connection.id, 42,
                                           Rejected{{RefusalCode::FrameTooLong, 0, 1024}, true}}}));
  EXPECT_TRUE(f.connection.is_lost);
}

TEST(Framer, DoesNotWaitWithAFrameThatIsTooLongInAnyCase) {
  Fixture f({.frame_bytes = 2000});
  f.connection.is_logged_in = false;
  f.read(frame(3) + frame(2001));
  EXPECT_EQ(f.cut(), (Lengths{3, 0}));
  EXPECT_TRUE(f.connection.is_lost);
  EXPECT_EQ(f.framer.held_bytes(), 0U);
}

TEST(Framer, LosesTheStreamAtAWrongVersion) {
  Fixture f;
  f.read(frame(3) + '\x05' + frame(1));
  EXPECT_EQ(f.cut(), (Lengths{3, 0}));
  EXPECT_EQ(
      f.events,
      (std::vector<Input>{{f.connection.id, 42, Rejected{{RefusalCode::BadVersion, 5, 0}, true}}}));
  EXPECT_EQ(f.framer.in_flight_commands(), 2U);
}

TEST(Framer, LeavesNoSecretInTheBatchFromWhichItTakesBytesBack) {
  const std::string login = test::bytes1_of(Login{"ann", "c", "secret-of-ann"});
  std::string bad_version = login;
  bad_version[0] = 2;
  // Held until logins are admitted, incomplete, or lost.
  for (const std::string& bytes : {login, login.substr(0, login.size() - 1), bad_version}) {
    Fixture f;
    f.connection.protocol = Protocol::One;
    f.connection.is_introduced = true;
    f.connection.is_logged_in = false;
    f.read(bytes);
    Batch& batch = f.dispatcher.batch_of(f.connection.id);
    ASSERT_GE(batch.bytes.capacity(), bytes.size());
    const std::string_view memory(batch.bytes.data(), bytes.size());
    EXPECT_EQ(memory.find("secret"), std::string_view::npos);
  }
}

TEST(Framer, CountsHowLongTheFirstFrameHasWaited) {
  Fixture f;
  f.read(frame(300).substr(0, 50));
  f.connection.held->waited_ms = 70;
  f.read(frame(300).substr(50, 50));
  EXPECT_EQ(f.connection.held->waited_ms, 70U);
  f.read(frame(300).substr(100) + frame(300).substr(0, 50));
  EXPECT_EQ(f.connection.held->waited_ms, 0U);
}

TEST(Framer, ForgetsWhatIsInFlight) {
  Fixture f;
  f.read(frame(3) + frame(300).substr(0, 50));
  f.framer.forget(f.connection);
  EXPECT_EQ(f.framer.in_flight_commands(), 0U);
  EXPECT_EQ(f.framer.held_bytes(), 0U);
}

TEST(Framer, CutsTheSameWhereverAStreamIsSplit) {
  const std::string stream = frame(0) + frame(5000) + frame(1) + frame(70'000) + frame(41);
  for (const std::size_t piece :
       std::initializer_list<std::size_t>{1, 2, 41, 42, 43, 1000, 4096, 65536}) {
    Fixture f({.frame_bytes = 100'000, .in_flight_bytes = 1 << 20});
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      f.read(std::string_view(stream).substr(at, piece));
    }
    EXPECT_EQ(f.cut(), (Lengths{0, 5000, 1, 70'000, 41})) << piece;
  }
}

/// Where a secret may be, what is read and does not go on with the batch is wiped there.
TEST(Framer, WipesInTheBatchWhatItHoldsOrDrops) {
  const auto secret_frame = [](std::uint8_t version, std::uint8_t code) {
    std::string bytes;
    append_frame(bytes, code, "ann|||phone|||secret-of-ann", version);
    return bytes;
  };
  constexpr std::uint8_t kLogin = 5;
  const std::string login = secret_frame(1, kLogin);  // waits for the next poll
  const std::string part = secret_frame(1, kSend).substr(0, login.size() - 1);
  const std::string other_version = secret_frame(0, kLogin);
  for (const std::string& bytes : {login, part, other_version}) {
    Fixture f;
    f.connection.protocol = Protocol::One;
    f.connection.is_introduced = true;
    const Framer::Space space = f.framer.space(f.connection);
    std::copy(bytes.begin(), bytes.end(), space.at);
    f.framer.read(f.connection, bytes.size());
    EXPECT_EQ(std::string_view(space.at, bytes.size()), std::string(bytes.size(), '\0'));
  }
}

}  // namespace
}  // namespace tribar
