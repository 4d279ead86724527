// SPDX-License-Identifier: MIT
//
// See stream_set.h.
#include "uv/stream_set.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <span>
#include <utility>

#include "uv/error.h"
#include "uv/stream.h"

namespace tribar::uv {
namespace {

epoll_event event_of(Stream* stream, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = stream;
  return event;
}

}  // namespace

StreamSet::StreamSet(uv_loop_t& loop) : loop_(loop) {
  constexpr const char* kWhat = "cannot make an event loop";
  epoll_.fd = epoll_create1(EPOLL_CLOEXEC);
  check(epoll_.fd < 0 ? uv_translate_sys_error(errno) : 0, kWhat);
  epoll_event event = event_of(nullptr, EPOLLIN);
  const int result = epoll_ctl(epoll_.fd, EPOLL_CTL_ADD, uv_backend_fd(&loop), &event);
  check(result != 0 ? uv_translate_sys_error(errno) : 0, kWhat);
}

bool StreamSet::add(Stream& stream) noexcept {
  epoll_event event = event_of(&stream, stream.polled_for());
  if (epoll_ctl(epoll_.fd, EPOLL_CTL_ADD, stream.socket(), &event) != 0) {
    return false;
  }
  ++size_;
  return true;
}

void StreamSet::change(Stream& stream) noexcept {
  // Errors and the end of both sides are reported to who wants nothing, too, but once.
  epoll_event event = event_of(&stream, stream.polled_for() == 0 ? EPOLLET : stream.polled_for());
  [[maybe_unused]] const int result = epoll_ctl(epoll_.fd, EPOLL_CTL_MOD, stream.socket(), &event);
  assert(result == 0);  // takes no memory
}

void StreamSet::remove(Stream& stream) noexcept {
  ::close(std::exchange(stream.socket_, -1));  // and so the set forgets it
  --size_;
  if (is_polling_) {
    let_go_.push_back(&stream);
  } else {
    delete &stream;
  }
}

bool StreamSet::poll(int timeout_ms) noexcept {
  std::array<epoll_event, 1024> events;
  bool is_loop_ready = false;
  // What was reported goes behind all others that are ready: so many more, and all were.
  std::size_t unseen = size_ + 1;
  std::size_t found = 0;
  is_polling_ = true;
  do {
    const int result = epoll_wait(epoll_.fd, events.data(), events.size(), timeout_ms);
    if (std::exchange(timeout_ms, 0) != 0) {
      uv_update_time(&loop_);
    }
    // A signal ends the wait, too.
    found = result < 0 ? 0 : static_cast<std::size_t>(result);
    for (const epoll_event& event : std::span(events).first(found)) {
      if (event.data.ptr == nullptr) {
        is_loop_ready = true;
      } else {
        static_cast<Stream*>(event.data.ptr)->on_poll(event.events);
      }
    }
    unseen -= std::min(unseen, found);
  } while (found == events.size() && unseen > 0);
  is_polling_ = false;
  for (Stream* stream : let_go_) {
    delete stream;
  }
  let_go_.clear();
  return is_loop_ready;
}

}  // namespace tribar::uv
