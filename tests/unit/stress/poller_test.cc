// SPDX-License-Identifier: MIT
#include "stress/poller.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

namespace tribar::stress {
namespace {

constexpr Nanos kLongest = 10 * kSecond;

/// Two connected sockets.
struct Pair {
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  [[nodiscard]] int ours() const { return ends[0]; }
  void send() const { EXPECT_EQ(::send(ends[1], "x", 1, MSG_NOSIGNAL), 1); }

  std::array<int, 2> ends{};
};

/// What a wait of at most `most` tells, with room for `room`.
std::vector<Poller::Event> wait(Poller& poller, Nanos most, std::size_t room = 8) {
  std::vector<Poller::Event> events(room);
  events.resize(poller.wait(events, most));
  return events;
}

TEST(Poller, TellsWhatIsReadyOfWhatIsWanted) {
  Poller poller;
  const Pair quiet;
  const Pair busy;
  poller.add(quiet.ours(), POLLIN, 1);
  poller.add(busy.ours(), POLLIN, std::uint64_t{7} << 32 | 2);
  busy.send();
  auto events = wait(poller, kLongest);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].tag, std::uint64_t{7} << 32 | 2);
  EXPECT_EQ(events[0].happened, POLLIN);

  poller.change(busy.ours(), POLLOUT, 3);
  events = wait(poller, kLongest);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].tag, 3U);
  EXPECT_EQ(events[0].happened, POLLOUT);

  poller.change(busy.ours(), 0, 3);
  const Nanos begin = monotonic_now();
  EXPECT_TRUE(wait(poller, 2 * kMillisecond).empty());
  EXPECT_GE(monotonic_now() - begin, 2 * kMillisecond);
}

TEST(Poller, TellsOfTheEndWhateverIsWanted) {
  Poller poller;
  Pair pair;
  poller.add(pair.ours(), 0, 1);
  shutdown(pair.ours(), SHUT_RDWR);
  const auto events = wait(poller, kLongest);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].happened & POLLHUP, POLLHUP);
}

TEST(Poller, GivesEachItsTurnWhenThereIsNoRoomForAll) {
  Poller poller;
  const std::array<Pair, 5> pairs;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    poller.add(pairs[i].ours(), POLLIN, i);
    pairs[i].send();
  }
  std::set<std::uint64_t> told;
  for (int i = 0; i < 3; ++i) {
    const auto events = wait(poller, kLongest, 2);
    EXPECT_EQ(events.size(), 2U);
    for (const Poller::Event& event : events) {
      told.insert(event.tag);
    }
  }
  EXPECT_EQ(told, (std::set<std::uint64_t>{0, 1, 2, 3, 4}));
}

TEST(Poller, ForgetsWhatIsRemoved) {
  Poller poller;
  const std::array<Pair, 2> kept;
  {
    const Pair gone;
    poller.add(kept[0].ours(), POLLIN, 0);
    poller.add(gone.ours(), POLLIN, 1);
    poller.add(kept[1].ours(), POLLIN, 2);
    gone.send();
    poller.remove(gone.ours());
  }
  const Pair next;  // with the same descriptor
  poller.add(next.ours(), POLLIN, 3);
  kept[1].send();
  auto events = wait(poller, kLongest);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].tag, 2U);
  poller.change(kept[1].ours(), 0, 2);
  next.send();
  events = wait(poller, kLongest);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].tag, 3U);
}

}  // namespace
}  // namespace tribar::stress
