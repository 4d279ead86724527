// SPDX-License-Identifier: MIT
//
// Signal handling: no signal ends tribard before answers are written, except SIGKILL and those that
// report a bug. Main thread only.
#pragma once

#include <functional>

#include "uv/loop.h"

namespace tribar {

/// Ignores every signal that would end the process and has no meaning for it. Call before anything
/// is opened or written, so that none ends the process during start-up either.
void ignore_signals();

/// While this exists: the first signal that asks for a stop calls `stop` on `loop`, a second one
/// ends the process at once. SIGHUP calls `reload` on `loop`. Other signals that would end the
/// process are logged. Only one at a time.
class SignalWatch {
 public:
  SignalWatch(uv::Loop& loop, std::function<void()> stop, std::function<void()> reload);
  /// The process is about to end, or see leave_to_next(): of the signals that ask for a stop a
  /// first one changes nothing, and a second one still ends the process at once.
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// The process goes on with another loop: what comes from now on, and what this one has not
  /// called for yet, is for the next SignalWatch. Two that ask for a stop still end the process at
  /// once.
  void leave_to_next() { is_followed_ = true; }

  /// Whether a signal that came since asks for a stop.
  [[nodiscard]] static bool is_stop_left();

 private:
  void take();

  std::function<void()> stop_;
  std::function<void()> reload_;
  bool is_stopping_ = false;
  bool is_followed_ = false;
  uv::Async arrived_;
};

}  // namespace tribar
