// SPDX-License-Identifier: MIT
//
// See poller.h: uses poll(2), which every system has. The cost of a wait grows with the number of
// connections.
#include <poll.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "stress/poller.h"

namespace tribar::stress {

struct Poller::Polls {
  // Both vectors have one entry per socket.
  std::vector<pollfd> sockets;
  std::vector<std::uint64_t> tags;
  std::vector<std::size_t> place_of;  // index by descriptor
  std::size_t next = 0;               // where to continue if not all events fitted
};

Poller::Poller() : polls_(std::make_unique<Polls>()) {}

Poller::~Poller() = default;

void Poller::add(int fd, int wanted, std::uint64_t tag) {
  Polls& polls = *polls_;
  const auto descriptor = static_cast<std::size_t>(fd);
  polls.place_of.resize(std::max(polls.place_of.size(), descriptor + 1));
  polls.place_of[descriptor] = polls.sockets.size();
  polls.sockets.push_back({fd, static_cast<short>(wanted), 0});
  polls.tags.push_back(tag);
}

void Poller::change(int fd, int wanted, std::uint64_t tag) {
  const std::size_t place = polls_->place_of[static_cast<std::size_t>(fd)];
  polls_->sockets[place].events = static_cast<short>(wanted);
  polls_->tags[place] = tag;
}

void Poller::remove(int fd) {
  Polls& polls = *polls_;
  const std::size_t place = polls.place_of[static_cast<std::size_t>(fd)];
  polls.sockets[place] = polls.sockets.back();
  polls.tags[place] = polls.tags.back();
  polls.place_of[static_cast<std::size_t>(polls.sockets[place].fd)] = place;
  polls.sockets.pop_back();
  polls.tags.pop_back();
}

std::size_t Poller::wait(std::span<Event> events, Nanos most) {
  Polls& polls = *polls_;
  // Rounded down to whole milliseconds: the caller calls again for the rest, and is not late.
  const auto timeout_ms =
      static_cast<int>(std::min<Nanos>(most / kMillisecond, std::numeric_limits<int>::max()));
  int left = ::poll(polls.sockets.data(), static_cast<nfds_t>(polls.sockets.size()), timeout_ms);
  std::size_t size = 0;
  for (std::size_t i = 0; i < polls.sockets.size() && left > 0 && size < events.size(); ++i) {
    polls.next = polls.next + 1 < polls.sockets.size() ? polls.next + 1 : 0;
    const pollfd& socket = polls.sockets[polls.next];
    if (socket.revents != 0) {
      events[size++] = {polls.tags[polls.next], socket.revents};
      --left;
    }
  }
  return size;
}

}  // namespace tribar::stress
