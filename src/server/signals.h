// SPDX-License-Identifier: MIT
//
// What signals do to tribard: none ends it with answers unwritten, but for SIGKILL and those that
// stand for a bug. Main thread only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "uv/signal.h"

namespace tribar {

/// Has every signal ignored that would end the process and means nothing to it. Before anything is
/// opened or written, so that a start does not die of one either.
void ignore_signals();

/// Calls `stop` on `loop` when a signal asks for it, and ends the process at once when a second one
/// does, for as long as the watch lives. Others that would end the process are logged.
class SignalWatch {
 public:
  SignalWatch(uv::Loop& loop, std::function<void()> stop);
  /// From now on a signal that asks for a stop ends the process at once: the loop, which would see
  /// it, has ended.
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  std::function<void()> stop_;
  bool is_stopping_ = false;
  std::vector<std::unique_ptr<uv::Signal>> signals_;
};

}  // namespace tribar
