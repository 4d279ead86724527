// SPDX-License-Identifier: MIT
//
// A timer of a loop. Belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <functional>

#include "uv/loop.h"

namespace tribar::uv {

class Timer {
 public:
  Timer() = default;  // of no loop
  Timer(Loop& loop, std::function<void()> callback);

  /// Calls back after `delay_ms`, and then every `repeat_ms`, unless that is 0.
  void start(std::uint64_t delay_ms, std::uint64_t repeat_ms);
  void stop();

 private:
  struct Holder {
    uv_timer_t handle;
    std::function<void()> callback;
  };
  Owned<Holder> holder_;
};

}  // namespace tribar::uv
