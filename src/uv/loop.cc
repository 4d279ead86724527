// SPDX-License-Identifier: MIT
//
// See loop.h.
#include "uv/loop.h"

#include <fmt/format.h>

#include "base/log.h"
#include "uv/error.h"

namespace tribar::uv {

Loop::Loop() : streams_(opened(loop_)) {}

uv_loop_t& Loop::opened(uv_loop_t& loop) {
  check(uv_loop_init(&loop), "cannot make an event loop");
  return loop;
}

Loop::~Loop() {
  if (!is_closed_) {
    if (const std::string open = close(); !open.empty()) {
      log::error("loop", "still open at the end: {}", open);
    }
  }
}

void Loop::around_poll(std::function<void()> before, std::function<void()> after) {
  before_poll_ = std::move(before);
  after_poll_ = std::move(after);
}

void Loop::run() {
  while (!is_stopped_ && (uv_loop_alive(&loop_) != 0 || streams_.size() > 0)) {
    turn();
  }
  is_stopped_ = false;
}

void Loop::turn() {
  if (before_poll_) {
    before_poll_();
  }
  uv_update_time(&loop_);  // for timers: the last turn may have been long
  // If libuv has no active handles its timeout is 0, but there may be streams to wait for.
  const int timeout_ms = is_stopped_                  ? 0
                         : uv_loop_alive(&loop_) != 0 ? uv_backend_timeout(&loop_)
                                                      : -1;
  if (streams_.poll(timeout_ms) || uv_backend_timeout(&loop_) == 0) {
    uv_run(&loop_, UV_RUN_NOWAIT);
  }
  if (after_poll_) {
    after_poll_();
  }
}

std::string Loop::close() {
  is_closed_ = true;
  streams_.close();
  // Runs the close callbacks; nothing else is left that could keep the loop running.
  while (uv_run(&loop_, UV_RUN_NOWAIT) != 0) {
    bool is_any_closing = false;
    uv_walk(
        &loop_,
        [](uv_handle_t* handle, void* found) noexcept {
          *static_cast<bool*>(found) |= uv_is_closing(handle) != 0;
        },
        &is_any_closing);
    if (!is_any_closing) {
      break;
    }
  }
  std::string open =
      streams_.size() == 0 ? std::string() : fmt::format("{} streams ", streams_.size());
  if (uv_loop_close(&loop_) != 0) {
    uv_walk(
        &loop_,
        [](uv_handle_t* handle, void* out) noexcept {
          *static_cast<std::string*>(out) += fmt::format("{} ", uv_handle_type_name(handle->type));
        },
        &open);
  }
  return open;
}

Async::Async(Loop& loop, std::function<void()> callback) {
  auto holder = std::make_unique<Holder>();
  holder->callback = std::move(callback);
  check(uv_async_init(
            loop.raw(), &holder->handle,
            [](uv_async_t* handle) noexcept { static_cast<Holder*>(handle->data)->callback(); }),
        "cannot make a wake-up");
  holder->handle.data = holder.get();
  holder_.reset(holder.release());
}

}  // namespace tribar::uv
