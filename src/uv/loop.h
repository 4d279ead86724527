// SPDX-License-Identifier: MIT
//
// An event loop: libuv's, and the streams that are polled together with it. Belongs to the thread
// that runs it.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <string>

#include "uv/handle.h"
#include "uv/stream_set.h"

namespace tribar::uv {

class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  /// What is still open then is named in the log.
  ~Loop();

  /// Calls `before` right before the loop polls and `after` when what was ready is served, every
  /// turn.
  void around_poll(std::function<void()> before, std::function<void()> after);

  /// Turns until stop(), or until nothing is left to wait for.
  void run();
  void stop() { is_stopped_ = true; }

  /// Waits until something is ready, and serves all that is: streams first, then libuv's handles.
  void turn();

  /// Runs close callbacks, and closes the loop. Empty when every stream and handle was closed, else
  /// what was still open.
  [[nodiscard]] std::string close();

  /// The time at which this turn began, and then that at which its poll was over, in milliseconds
  /// of a clock that only goes forward.
  [[nodiscard]] std::uint64_t now_ms() const { return uv_now(&loop_); }

  [[nodiscard]] uv_loop_t* raw() { return &loop_; }
  [[nodiscard]] StreamSet& streams() { return streams_; }

 private:
  static uv_loop_t& opened(uv_loop_t& loop);

  uv_loop_t loop_{};
  StreamSet streams_;
  std::function<void()> before_poll_;
  std::function<void()> after_poll_;
  bool is_stopped_ = false;
  bool is_closed_ = false;
};

/// Wakes a loop from any thread. One callback may stand for many calls of send().
class Async {
 public:
  /// `callback` runs on the loop.
  Async() = default;  // of no loop
  Async(Loop& loop, std::function<void()> callback);

  /// Any thread.
  void send() noexcept { uv_async_send(&holder_->handle); }

 private:
  struct Holder {
    uv_async_t handle;
    std::function<void()> callback;
  };
  Owned<Holder> holder_;
};

}  // namespace tribar::uv
