// SPDX-License-Identifier: MIT
//
// Signal handling: no signal ends tribard before answers are written, except SIGKILL and those that
// report a bug. Main thread only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "uv/signal.h"

namespace tribar {

/// Ignores every signal that would end the process and has no meaning for it. Call before anything
/// is opened or written, so that none ends the process during start-up either.
void ignore_signals();

/// While this exists: the first signal that asks for a stop calls `stop` on `loop`, a second one
/// ends the process at once. SIGHUP calls `reload` on `loop`, if that is given. Other signals that
/// would end the process are logged.
class SignalWatch {
 public:
  SignalWatch(uv::Loop& loop, std::function<void()> stop, const std::function<void()>& reload = {});
  /// Afterwards a signal that asks for a stop ends the process at once, since the loop that would
  /// handle it has ended.
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  std::function<void()> stop_;
  bool is_stopping_ = false;
  std::vector<std::unique_ptr<uv::Signal>> signals_;
};

}  // namespace tribar
