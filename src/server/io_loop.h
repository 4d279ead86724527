// SPDX-License-Identifier: MIT
//
// One libuv loop with the stations that run on it, and the turns it makes: poll, frame, hand over,
// take home, write, sleep. A thin shell: what is decided is decided in the stations.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "server/acceptor.h"
#include "server/dispatcher.h"
#include "server/loop_inbox.h"
#include "server/switchboard.h"
#include "uv/loop.h"
#include "uv/timer.h"

namespace tribar {

class IoLoop {
 public:
  IoLoop(const SwitchboardLimits& limits, const AcceptorLimits& acceptor_limits,
         std::size_t workers, Dispatcher::Submit submit);

  /// Runs until everything is answered and written after drain(), or until stop().
  void run();

  /// Accepts and reads nothing any more; run() returns when all is quiet, at the latest after
  /// `deadline_ms` unless that is 0. On the loop.
  void drain(std::uint64_t deadline_ms);

  /// Drops every connection and closes every handle of this loop, with nothing else running any
  /// more. Returns what could not be closed, empty if nothing.
  [[nodiscard]] std::string close();

  [[nodiscard]] uv::Loop& loop() { return loop_; }
  [[nodiscard]] Acceptor& acceptor() { return acceptor_; }
  /// What other threads use of this loop.
  [[nodiscard]] LoopInbox& inbox() { return inbox_; }

 private:
  void after_read();
  void after_poll();
  void before_poll();
  void take_home();
  void finish_turn();
  void keep_time();

  uv::Loop loop_;
  uv::Async wake_;
  LoopInbox inbox_;
  Dispatcher dispatcher_;
  Switchboard switchboard_;
  Acceptor acceptor_;
  uv::Timer clock_;     // Switchboard::tick()
  uv::Timer deadline_;  // of drain()
  std::vector<BatchPtr> arrived_;
  std::uint64_t last_tick_ms_ = 0;
  bool is_draining_ = false;
};

}  // namespace tribar
