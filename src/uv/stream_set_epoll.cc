// SPDX-License-Identifier: MIT
//
// See stream_set.h: streams in an epoll set.
#include <poll.h>
#include <sys/epoll.h>

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

epoll_event event_of(Stream* stream, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = stream;
  return event;
}

/// What one call reports.
constexpr int kMostEvents = 1024;

}  // namespace

struct StreamSet::Polls {
  Socket epoll;
  // Here, and not in poll(): the compiler may clear what is on the stack, 12 KiB each time.
  std::array<epoll_event, kMostEvents> events;
  bool is_polling = false;
  std::vector<Stream*> released;  // released while events are being handled
};

StreamSet::StreamSet(uv_loop_t& loop) : loop_(loop), polls_(std::make_unique<Polls>()) {
  constexpr const char* kWhat = "cannot make an event loop";
  polls_->epoll.fd = epoll_create1(EPOLL_CLOEXEC);
  check(polls_->epoll.fd < 0 ? uv_translate_sys_error(errno) : 0, kWhat);
  epoll_event event = event_of(nullptr, EPOLLIN);
  const int result = epoll_ctl(polls_->epoll.fd, EPOLL_CTL_ADD, uv_backend_fd(&loop), &event);
  check(result != 0 ? uv_translate_sys_error(errno) : 0, kWhat);
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
  // epoll moves reported streams behind the others that are ready; after as many as there are
  // streams, all were seen.
  std::size_t unseen = size_ + 1;
  std::size_t found = 0;
  polls_->is_polling = true;
  do {
    const int result = epoll_wait(polls_->epoll.fd, polls_->events.data(), kMostEvents, timeout_ms);
    if (std::exchange(timeout_ms, 0) != 0) {
      uv_update_time(&loop_);
    }
    // A signal also ends the wait.
    found = result < 0 ? 0 : static_cast<std::size_t>(result);
    for (const epoll_event& event : std::span(polls_->events).first(found)) {
      if (event.data.ptr == nullptr) {
        is_loop_ready = true;
      } else {
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

/// Nothing to do: it has no handles in libuv's loop.
void StreamSet::close() noexcept {}

}  // namespace tribar::uv
