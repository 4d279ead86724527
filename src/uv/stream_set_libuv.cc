// SPDX-License-Identifier: MIT
//
// See stream_set.h: each stream has a poll handle of libuv. Events are passed on when libuv's loop
// runs; the set only waits for that, with the descriptor that libuv offers for embedded loops.
#include <poll.h>
#include <unistd.h>

#include <new>
#include <utility>
#include <vector>

#include "uv/error.h"
#include "uv/stream.h"
#include "uv/stream_set.h"

namespace tribar::uv {

struct StreamSet::Polls {
  /// Closed when its stream is released. It may be freed only in the close callback, and so may the
  /// stream, which may be in on_poll() until then.
  struct Poll {
    uv_poll_t handle{};
    Stream* stream = nullptr;

    void start() noexcept {
      const int wanted = stream->polled_for();
      // Fails only for a handle that is being closed. Requesting no events stops the handle.
      static_cast<void>(uv_poll_start(
          &handle,
          ((wanted & POLLIN) != 0 ? UV_READABLE : 0) | ((wanted & POLLOUT) != 0 ? UV_WRITABLE : 0),
          [](uv_poll_t* of, int status, int events) noexcept {
            static_cast<Poll*>(of->data)->on_poll(status, events);
          }));
    }

    void on_poll(int status, int events) noexcept {
      stream->on_poll(status < 0 ? POLLERR
                                 : ((events & UV_READABLE) != 0 ? POLLIN : 0) |
                                       ((events & UV_WRITABLE) != 0 ? POLLOUT : 0));
      // An error has stopped the handle. If the stream still requests events it is restarted, and
      // reports the error again.
      if (status < 0 && uv_is_closing(reinterpret_cast<uv_handle_t*>(&handle)) == 0) {
        start();
      }
    }

    void close() noexcept {
      uv_close(reinterpret_cast<uv_handle_t*>(&handle), [](uv_handle_t* closed) noexcept {
        const auto* poll = static_cast<Poll*>(closed->data);
        delete poll->stream;
        delete poll;
      });
    }
  };

  std::vector<Poll*> by_socket;  // null where there is none
  uv_async_t wake_up{};
};

StreamSet::StreamSet(uv_loop_t& loop) : loop_(loop), polls_(std::make_unique<Polls>()) {
  check(uv_async_init(&loop, &polls_->wake_up, [](uv_async_t*) noexcept {}),
        "cannot make an event loop");
  uv_unref(reinterpret_cast<uv_handle_t*>(&polls_->wake_up));  // it is nothing to wait for
}

StreamSet::~StreamSet() = default;

bool StreamSet::add(Stream& stream) noexcept {
  std::vector<Polls::Poll*>& by_socket = polls_->by_socket;
  const auto at = static_cast<std::size_t>(stream.socket());
  std::unique_ptr<Polls::Poll> poll(new (std::nothrow) Polls::Poll);
  try {
    if (by_socket.size() <= at) {
      by_socket.resize(at + 1);
    }
  } catch (const std::bad_alloc&) {
    return false;
  }
  if (poll == nullptr || uv_poll_init(&loop_, &poll->handle, stream.socket()) != 0) {
    return false;
  }
  poll->handle.data = poll.get();
  poll->stream = &stream;
  poll->start();
  by_socket[at] = poll.release();
  ++size_;
  return true;
}

void StreamSet::change(Stream& stream) noexcept {
  polls_->by_socket[static_cast<std::size_t>(stream.socket())]->start();
}

void StreamSet::remove(Stream& stream) noexcept {
  const int socket = std::exchange(stream.socket_, -1);
  Polls::Poll* const poll =
      std::exchange(polls_->by_socket[static_cast<std::size_t>(socket)], nullptr);
  --size_;
  if (poll == nullptr) {
    delete &stream;
  } else {
    poll->close();
  }
  // libuv no longer uses the descriptor, so the next stream may get it.
  ::close(socket);
}

bool StreamSet::poll(int timeout_ms) noexcept {
  pollfd loop{};
  loop.fd = uv_backend_fd(&loop_);
  loop.events = POLLIN;
  // A signal also ends the wait.
  const int result = ::poll(&loop, 1, timeout_ms);
  if (timeout_ms != 0) {
    uv_update_time(&loop_);
  }
  woke_at_ = std::chrono::steady_clock::now();
  return result > 0;
}

void StreamSet::wake_up() noexcept { uv_async_send(&polls_->wake_up); }

void StreamSet::close() noexcept {
  uv_close(reinterpret_cast<uv_handle_t*>(&polls_->wake_up), nullptr);
  for (Polls::Poll*& at : polls_->by_socket) {
    if (Polls::Poll* const poll = std::exchange(at, nullptr); poll != nullptr) {
      poll->stream = nullptr;  // the stream is still owned by the caller
      poll->close();
    }
  }
}

}  // namespace tribar::uv
