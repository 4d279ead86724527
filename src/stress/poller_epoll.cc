// SPDX-License-Identifier: MIT
//
// See poller.h: an epoll set.
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "stress/poller.h"

namespace tribar::stress {
namespace {

static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
              EPOLLHUP == POLLHUP);

epoll_event event_of(int wanted, std::uint64_t tag) {
  epoll_event event{};
  event.events = static_cast<std::uint32_t>(wanted);
  event.data.u64 = tag;
  return event;
}

}  // namespace

struct Poller::Polls {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
};

Poller::Poller() : polls_(std::make_unique<Polls>()) {
  if (polls_->epoll < 0) {
    throw std::system_error(errno, std::generic_category(), "epoll");
  }
}

Poller::~Poller() { ::close(polls_->epoll); }

void Poller::add(int fd, int wanted, std::uint64_t tag) {
  epoll_event event = event_of(wanted, tag);
  epoll_ctl(polls_->epoll, EPOLL_CTL_ADD, fd, &event);
}

void Poller::change(int fd, int wanted, std::uint64_t tag) {
  epoll_event event = event_of(wanted, tag);
  epoll_ctl(polls_->epoll, EPOLL_CTL_MOD, fd, &event);
}

/// Closing it is enough.
void Poller::remove(int /*fd*/) {}

std::size_t Poller::wait(std::span<Event> events, Nanos most) {
  std::array<epoll_event, 512> found;
  const timespec timeout{.tv_sec = static_cast<time_t>(most / kSecond),
                         .tv_nsec = static_cast<long>(most % kSecond)};
  const int room = static_cast<int>(std::min(events.size(), found.size()));
  const int count = epoll_pwait2(polls_->epoll, found.data(), room, &timeout, nullptr);
  const std::size_t size = count < 0 ? 0 : static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < size; ++i) {
    events[i] = {found[i].data.u64, static_cast<int>(found[i].events)};
  }
  return size;
}

}  // namespace tribar::stress
