// SPDX-License-Identifier: MIT
//
// Peers that take their time. What must not happen is waited for with the clock of the server: a
// second peer that times out later.
#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

TEST(Timeouts, EndAConnectionThatDoesNotLogIn) {
  Config config;
  config.timeouts.login_ms = 300;
  TestServer server(config);
  TestPeer bob = created(server.port(), "bob");
  const auto begin = Clock::now();
  TestPeer silent(server.port());
  TestPeer talker(server.port());
  talker.expect_nothing_before_an_answer();
  silent.expect(response("no login within 300 ms"));
  EXPECT_GE(Clock::now() - begin, milliseconds(200));
  silent.expect_closed();
  talker.expect(response("no login within 300 ms"));
  talker.expect_closed();
  bob.expect_nothing_before_an_answer();
}

TEST(Timeouts, BeginAgainAfterALogout) {
  Config config;
  config.timeouts.login_ms = 200;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer other(server.port());
  other.expect(response("no login within 200 ms"));
  ann.send(Delete{});
  ann.expect(response("no login within 200 ms"));
  ann.expect_closed();
}

TEST(Timeouts, EndAConnectionWhoseFrameTrickles) {
  Config config;
  config.timeouts.frame_ms = 300;
  TestServer server(config);
  TestPeer idle = created(server.port(), "idle");
  TestPeer ann = created(server.port(), "ann");
  for (const std::size_t text_bytes : std::initializer_list<std::size_t>{1'000, 50'000}) {
    TestPeer slow(server.port());
    slow.create("slow" + std::to_string(text_bytes));
    const std::string frame = send_bytes("ann", "ann", std::string(text_bytes, 'x'));
    // In one go up to where it trickles.
    const std::size_t front = frame.size() - 900;
    slow.send_raw(std::string_view(frame).substr(0, front));
    std::size_t at = front;
    // A byte whenever the server has answered somebody else; it gives up long before the end.
    const auto begin = Clock::now();
    auto next = begin;
    while (at + 1 < frame.size() && Clock::now() - begin < std::chrono::seconds(10)) {
      ann.expect_nothing_before_an_answer();
      if (Clock::now() >= next) {
        next = Clock::now() + milliseconds(20);
        slow.send_raw({&frame[at++], 1});
      }
      if (Clock::now() - begin > milliseconds(900)) {
        break;
      }
    }
    slow.expect(response("the frame was not complete within 300 ms"));
    slow.wait_for_end();
  }
  idle.expect_nothing_before_an_answer();
}

TEST(Timeouts, DoNotCountOneFrameAsAnother) {
  Config config;
  config.timeouts.frame_ms = 400;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer clock = created(server.port(), "clock");
  // There is always the front of a frame, and never the same for long.
  const std::string frame = bytes_of(List{"no body"});
  ann.send_raw(std::string_view(frame).substr(0, 10));
  const auto begin = Clock::now();
  while (Clock::now() - begin < milliseconds(1200)) {
    ann.send_raw(frame.substr(10) + frame.substr(0, 10));
    ann.expect(names({}));
    clock.expect_nothing_before_an_answer();
  }
}

TEST(Timeouts, EndAConnectionThatTakesNothing) {
  Config config;
  config.timeouts.stalled_ms = 300;
  config.limits.undelivered_messages = 1'000'000;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.create("bob");
  constexpr std::size_t kMessages = 10'000;
  std::string frames;
  for (std::size_t i = 0; i < kMessages; ++i) {
    frames += send_bytes("ann", "bob", std::to_string(i));
  }
  ann.send_raw(frames);
  static_cast<void>(ann.receive(kMessages));
  // It is logged out when its time is over, and what it did not take waits for it.
  const auto begin = Clock::now();
  TestPeer again(server.port());
  WireFrame answer;
  do {
    again.send(Login{"bob"});
    answer = again.receive();
  } while (answer != response() && Clock::now() - begin < std::chrono::seconds(10));
  EXPECT_EQ(answer, response());
  again.send_raw(bytes_of(Deliver{}) + bytes_of(List{"no body"}));
  std::size_t returned = 0;
  WireFrame last;
  for (WireFrame frame = again.receive(); frame != names({}); frame = again.receive()) {
    last = frame;
    ++returned;
  }
  EXPECT_EQ(last, message("ann", "bob", std::to_string(kMessages - 1)));
  EXPECT_GT(returned, kMessages / 2);
}

TEST(Timeouts, SpareAReaderThatIsOnlySlow) {
  Config config;
  config.timeouts.stalled_ms = 500;
  config.limits.undelivered_messages = 1'000'000;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob(server.port(), {.receive_buffer_bytes = 4096});
  bob.create("bob");
  constexpr std::size_t kMessages = 400;
  const std::string text(10'000, 'x');
  constexpr std::size_t kAtOnce = 20;
  std::string frames;
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    frames += send_bytes("ann", "bob", text);
  }
  // He reads meanwhile, too: to send all that takes long on a slow machine.
  std::size_t read = 0;
  for (std::size_t sent = 0; sent < kMessages; sent += kAtOnce) {
    ann.send_raw(frames);
    static_cast<void>(ann.receive(kAtOnce));
    bob.expect(message("ann", "bob", text));
    ++read;
  }
  const auto begin = Clock::now();
  while (Clock::now() - begin < milliseconds(1500) && read + 50 < kMessages) {
    // At his own pace, however long the other's answers take.
    while (Clock::now() - begin > milliseconds(5) * (read - kMessages / kAtOnce) &&
           read + 50 < kMessages) {
      bob.expect(message("ann", "bob", text));
      ++read;
    }
    ann.expect_nothing_before_an_answer();
  }
  for (; read < kMessages; ++read) {
    bob.expect(message("ann", "bob", text));
  }
}

TEST(Timeouts, OfZeroAreOff) {
  Config config;
  config.timeouts = {0, 0, 0, 5000};
  TestServer server(config);
  TestPeer silent(server.port());
  TestPeer partial(server.port());
  partial.send_raw(bytes_of(List{""}).substr(0, 5));
  silent.expect_nothing_before_an_answer();
  partial.send_raw(bytes_of(List{""}).substr(5));
  partial.expect(names({}));
}

}  // namespace
}  // namespace tribar::test
