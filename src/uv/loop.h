// SPDX-License-Identifier: MIT
//
// An event loop: libuv's loop, and the streams that are polled together with it. Belongs to the
// thread that runs it.
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
  /// Logs what is still open.
  ~Loop();

  /// In every turn, calls `before` right before the loop polls and `after` once all ready events
  /// are handled.
  void around_poll(std::function<void()> before, std::function<void()> after);

  /// Runs turns until stop(), or until there is nothing left to wait for.
  void run();
  void stop() { is_stopped_ = true; }

  /// Any thread: the loop makes another turn, at once when it sleeps. Cheaper than an Async, which
  /// also calls back.
  void wake_up() noexcept { streams_.wake_up(); }

  /// Waits until something is ready, and serves all that is: streams first, then libuv's handles.
  void turn();

  /// Runs close callbacks, and closes the loop. Returns what is still open; empty if every stream
  /// and handle was closed.
  [[nodiscard]] std::string close();

  /// The time at which this turn began or, once its poll has returned, that time; in milliseconds
  /// of a monotonic clock.
  [[nodiscard]] std::uint64_t now_ms() const { return uv_now(&loop_); }

  /// When the last poll stopped waiting.
  [[nodiscard]] std::chrono::steady_clock::time_point woke_at() const { return streams_.woke_at(); }

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

/// A call on a loop, asked for on any thread. One callback may stand for many calls of send().
class Async {
 public:
  /// `callback` runs on the loop's thread.
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
