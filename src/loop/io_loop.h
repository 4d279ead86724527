// SPDX-License-Identifier: MIT
//
// One libuv loop with the stations that run on it. Each turn: poll, frame, send to workers, deliver
// replies, write, sleep. A thin shell: the stations make all decisions.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/pulse.h"
#include "chat/refusal.h"
#include "loop/acceptor.h"
#include "loop/account_log.h"
#include "loop/dispatcher.h"
#include "loop/handshake_pacer.h"
#include "loop/heap_trimmer.h"
#include "loop/loop_inbox.h"
#include "loop/rendezvous.h"
#include "loop/reply_router.h"
#include "loop/session_log.h"
#include "loop/switchboard.h"
#include "loop/ticks.h"
#include "loop/turns.h"
#include "uv/loop.h"
#include "uv/timer.h"

namespace tribar {

/// What a loop is told to do from now on. See Switchboard::set_limits() for what may change.
struct LoopSettings {
  SwitchboardLimits limits;
  AcceptorLimits acceptor_limits;
  ListenerChanges listeners;
};

class IoLoop final : private TransportEvents {
 public:
  /// What all loops of a server share.
  struct Shared {
    Census& census;
    Rendezvous& rendezvous;
    ReplyRouter& reply_router;
    Turns& turns;
    std::atomic<std::uint64_t>& last_batch;  // Batch::number
    std::function<void()> wake_all;
    std::function<void()> continuation_is_done;  // see RegistryActor
    Dispatcher::Submit submit;
    TransportFilter filter;  // put over each socket; may be empty
    SecretChecker checker;   // see Switchboard; any loop's thread
  };

  IoLoop(LoopPlace place, const SwitchboardLimits& limits, const AcceptorLimits& acceptor_limits,
         std::size_t workers, const Shared& shared);

  /// Runs until drain() was called and everything is answered and written. The calling thread
  /// becomes the loop's thread.
  void run();

  /// Any thread: `settings` count from the loop's next turn on.
  void configure(LoopSettings settings);
  /// The same at once, on the loop's thread or before it runs. They are dropped if the loop drains.
  void apply(LoopSettings settings);
  /// Any thread: reports to the registry what was written, see Switchboard::report_all().
  void report_all();

  /// Any thread, once: stops accepting and reading. When all loops have finished their work, tells
  /// the peers `word`, disconnects them, and run() returns; at the latest after `deadline_ms`,
  /// unless that is 0.
  void drain(std::uint64_t deadline_ms, FinalWord word = {});

  /// On the loop's thread, or before it runs: see Switchboard::turn_away().
  void turn_away(std::optional<FinalWord> word) { switchboard_.turn_away(std::move(word)); }

  /// Drops every connection and closes every handle of this loop; no other thread may run any more.
  /// Returns what could not be closed, empty if nothing.
  [[nodiscard]] std::string close();

  [[nodiscard]] uv::Loop& loop() { return loop_; }
  /// Paces the TLS handshakes of this loop's connections.
  [[nodiscard]] HandshakePacer& handshakes() { return handshakes_; }
  /// Any thread: has `function` called on the loop's thread soon; never, if the loop ends before.
  void call(std::function<void()> function);
  /// Every connection that is logged in.
  [[nodiscard]] std::vector<Switchboard::Peer> peers() const { return switchboard_.peers(); }
  /// Accepts nobody any more; what is there stays.
  void stop_accepting() { acceptor_.stop(); }
  /// See Switchboard::drain_to().
  void drain_to(std::uint64_t left, std::uint64_t all) { switchboard_.drain_to(left, all); }

  /// For metrics; any thread may read them.
  [[nodiscard]] const LoopCounters& counters() { return switchboard_.counters(); }
  /// Answers after inbox().nudge().
  [[nodiscard]] Pulse& pulse() { return pulse_; }
  /// The part of this loop that other threads use.
  [[nodiscard]] LoopInbox& inbox() { return inbox_; }

  ~IoLoop() = default;
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

 private:
  // Transport events are forwarded to the switchboard.
  ReadSpace space(Connection& connection) override { return switchboard_.space(connection); }
  void read(Connection& connection, std::size_t size) override {
    switchboard_.read(connection, size);
    after_read();
  }
  void end(Connection& connection, bool is_failed) override {
    switchboard_.end(connection, is_failed);
  }
  void written(Connection& connection, bool is_ok) override {
    switchboard_.written(connection, is_ok);
  }
  void hold_back(Connection& connection) override { switchboard_.hold_back(connection); }

  void run_calls();
  void begin_drain();
  void defer_logins();
  void complete_turn();
  void update_quiet();
  void begin_disconnect();
  void count_drain(std::uint64_t elapsed_ms);
  void after_read();
  void after_poll();
  void before_poll();
  void deliver_replies();
  void finish_turn();
  void note_done(const Batch& batch);
  [[nodiscard]] std::uint64_t tick_ms() const;
  void keep_time();

  LoopPlace place_;
  Rendezvous& rendezvous_;
  ReplyRouter& reply_router_;
  Turns& turns_;
  std::function<void()> wake_all_;
  std::function<void()> continuation_is_done_;
  uv::Loop loop_;
  LoopInbox inbox_;
  uv::Timer handshake_timer_;
  HandshakePacer handshakes_;
  Dispatcher dispatcher_;
  SessionLog session_log_;
  AccountLog account_log_;
  Switchboard switchboard_;
  Acceptor acceptor_;
  HeapTrimmer heap_;
  uv::Timer clock_;  // for deadlines
  uv::Async drain_;
  FinalWord final_word_;  // written before drain_deadline_ms_, and read after it
  std::mutex calls_mutex_;
  std::vector<std::function<void()>> calls_;  // of calls_mutex_
  uv::Async call_;
  std::atomic<std::uint64_t> drain_deadline_ms_{0};
  std::vector<BatchShare> arrived_;
  std::vector<std::uint64_t> awaited_;  // turn of each loop for which deferred LOGINs wait
  Ticks ticks_;
  Pulse pulse_;
  bool has_polled_ = false;
  std::optional<std::uint64_t> next_tick_ms_;  // when the clock is set to tick
  std::uint64_t drain_begin_ms_ = 0;
  std::uint64_t drained_ms_ = 0;  // time since the stop began
  bool is_draining_ = false;
  bool is_quiet_ = false;        // reported to the rendezvous
  bool is_notice_sent_ = false;  // the peers were told that the server stops
};

}  // namespace tribar
