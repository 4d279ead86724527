// SPDX-License-Identifier: MIT
//
// Signals as callbacks of a loop. Belongs to the loop's thread.
#pragma once

#include <functional>

#include "uv/loop.h"

namespace tribar::uv {

class Signal {
 public:
  /// Calls back whenever the process receives signal `number`, until destroyed.
  Signal(Loop& loop, int number, std::function<void()> callback);

 private:
  struct Holder {
    uv_signal_t handle;
    std::function<void()> callback;
  };
  Owned<Holder> holder_;
};

}  // namespace tribar::uv
