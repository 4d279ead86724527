// SPDX-License-Identifier: MIT
//
// See stream_set.h: streams in an epoll set.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <span>
#include <utility>
#include <vector>

#include "uv/error.h"
#include "uv/socket.h"
#include "uv/stream.h"
#include "uv/stream_set.h"

namespace tribar::uv {
namespace {

// Stream uses the constants of poll(2).
static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
              EPOLLHUP == POLLHUP);

/// `of`: a stream, or what else stands for itself.
epoll_event event_of(void* of, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = of;
  return event;
}

constexpr const char* kMakingFailed = "cannot make an event loop";
/// What one call reports.
constexpr int kMostEvents = 1024;

}  // namespace

struct StreamSet::Polls {
  void add(int descriptor, epoll_event event) const {
    const int result = epoll_ctl(epoll.fd, EPOLL_CTL_ADD, descriptor, &event);
    check(result != 0 ? uv_translate_sys_error(errno) : 0, kMakingFailed);
  }

  Socket epoll;
  Socket wake_up;  // an eventfd
  // Here, and not in poll(): the compiler may clear what is on the stack, 12 KiB each time.
  std::array<epoll_event, kMostEvents> events;
  bool is_polling = false;
  std::vector<Stream*> released;  // released while events are being handled
};

StreamSet::StreamSet(uv_loop_t& loop) : loop_(loop), polls_(std::make_unique<Polls>()) {
  polls_->epoll.fd = epoll_create1(EPOLL_CLOEXEC);
  polls_->wake_up.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const bool is_made = polls_->epoll.fd >= 0 && polls_->wake_up.fd >= 0;
  check(is_made ? 0 : uv_translate_sys_error(errno), kMakingFailed);
  polls_->add(uv_backend_fd(&loop), event_of(&loop_, EPOLLIN));
  // Each wake_up() is an edge of its own, so that nobody has to read what it counts.
  polls_->add(polls_->wake_up.fd, event_of(&polls_->wake_up, EPOLLIN | EPOLLET));
}

StreamSet::~StreamSet() = default;

bool StreamSet::add(Stream& stream) noexcept {
  epoll_event event = event_of(&stream, static_cast<std::uint32_t>(stream.polled_for()));
  if (epoll_ctl(polls_->epoll.fd, EPOLL_CTL_ADD, stream.socket(), &event) != 0) {
    return false;
  }
  ++size_;
  return true;
}

void StreamSet::change(Stream& stream) noexcept {
  // epoll always reports errors and hang-ups; with EPOLLET it does so once, for a stream that
  // requests nothing.
  const auto wanted = static_cast<std::uint32_t>(stream.polled_for());
  epoll_event event = event_of(&stream, wanted == 0 ? EPOLLET : wanted);
  [[maybe_unused]] const int result =
      epoll_ctl(polls_->epoll.fd, EPOLL_CTL_MOD, stream.socket(), &event);
  assert(result == 0);  // needs no memory, so it cannot fail
}

void StreamSet::remove(Stream& stream) noexcept {
  ::close(std::exchange(stream.socket_, -1));  // this also removes it from the epoll set
  --size_;
  if (polls_->is_polling) {
    polls_->released.push_back(&stream);
  } else {
    delete &stream;
  }
}

bool StreamSet::poll(int timeout_ms) noexcept {
  bool is_loop_ready = false;
  // What was reported goes behind all others that are ready: so many more, and all were.
  std::size_t unseen = size_ + 2;
  std::size_t found = 0;
  polls_->is_polling = true;
  if (timeout_ms == 0) {
    woke_at_ = std::chrono::steady_clock::now();
  }
  do {
    const int result = epoll_wait(polls_->epoll.fd, polls_->events.data(), kMostEvents, timeout_ms);
    if (std::exchange(timeout_ms, 0) != 0) {
      uv_update_time(&loop_);
      woke_at_ = std::chrono::steady_clock::now();
    }
    // A signal also ends the wait.
    found = result < 0 ? 0 : static_cast<std::size_t>(result);
    for (const epoll_event& event : std::span(polls_->events).first(found)) {
      if (event.data.ptr == &loop_) {
        is_loop_ready = true;
      } else if (event.data.ptr != &polls_->wake_up) {
        static_cast<Stream*>(event.data.ptr)->on_poll(static_cast<int>(event.events));
      }
    }
    unseen -= std::min(unseen, found);
  } while (found == kMostEvents && unseen > 0);
  polls_->is_polling = false;
  for (Stream* stream : polls_->released) {
    delete stream;
  }
  polls_->released.clear();
  return is_loop_ready;
}

void StreamSet::wake_up() noexcept {
  const std::uint64_t one = 1;
  // It counts up to 2^64 - 2, which takes longer than any process lives.
  [[maybe_unused]] const ssize_t result = ::write(polls_->wake_up.fd, &one, sizeof one);
}

/// Of libuv's loop it has nothing.
void StreamSet::close() noexcept {}

}  // namespace tribar::uv
