// SPDX-License-Identifier: MIT
//
// An event loop, and what runs around its poll. Belongs to the thread that runs it.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "uv/handle.h"

namespace tribar::uv {

class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  /// Closes what was made by around_poll(); everything else is closed by then, or it is named in
  /// the log.
  ~Loop();

  /// Calls `before` right before the loop polls and `after` right after, every turn.
  void around_poll(std::function<void()> before, std::function<void()> after);

  /// Runs until stop(), or until nothing is left to wait for.
  void run();
  void stop();

  /// Ends around_poll(), runs close callbacks, and closes the loop. Empty when every handle was
  /// closed, else what was still open, a line each.
  [[nodiscard]] std::string close();

  /// The time at which this turn began, in milliseconds of a clock that only goes forward.
  [[nodiscard]] std::uint64_t now_ms() const { return uv_now(&loop_); }

  [[nodiscard]] uv_loop_t* raw() { return &loop_; }

 private:
  struct Hooks;
  uv_loop_t loop_{};
  std::unique_ptr<Hooks> hooks_;
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
