// SPDX-License-Identifier: MIT
//
// See io_loop.h.
#include "server/io_loop.h"

#include <chrono>
#include <utility>

#include "base/log.h"

namespace tribar {
namespace {

/// What comes home while the loop takes home is taken too, up to here.
constexpr std::chrono::milliseconds kLongestRounds{2};

UnixMs wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return UnixMs{static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count())};
}

}  // namespace

IoLoop::IoLoop(const SwitchboardLimits& limits, const AcceptorLimits& acceptor_limits,
               std::size_t workers, Dispatcher::Submit submit)
    // What the wake-up is for is found by before_poll() and after_poll().
    : wake_(loop_, [] {}),
      inbox_([this] { wake_.send(); }),
      dispatcher_(workers, inbox_, std::move(submit)),
      switchboard_(limits, dispatcher_),
      acceptor_(loop_, switchboard_, acceptor_limits, [this] { after_read(); }),
      clock_(loop_,
             [this] {
               const std::uint64_t now_ms = loop_.now_ms();
               switchboard_.set_time(now_ms);
               switchboard_.tick(now_ms - std::exchange(last_tick_ms_, now_ms));
             }),
      deadline_(loop_, [this] {
        log::warn("server", "stopping with bytes unwritten: timeouts.shutdown_ms is over");
        loop_.stop();
      }) {
  switchboard_.set_time(loop_.now_ms());
  loop_.around_poll([this] { before_poll(); }, [this] { after_poll(); });
}

void IoLoop::run() { loop_.run(); }

void IoLoop::drain(std::uint64_t deadline_ms) {
  is_draining_ = true;
  acceptor_.stop();
  switchboard_.stop_reading();
  if (deadline_ms > 0) {
    deadline_.start(deadline_ms, 0);
  }
}

std::string IoLoop::close() {
  acceptor_.stop();
  switchboard_.drop_all();
  clock_ = uv::Timer{};
  deadline_ = uv::Timer{};
  wake_ = uv::Async{};
  return loop_.close();
}

void IoLoop::after_poll() {
  switchboard_.set_time(loop_.now_ms());
  inbox_.wake_up();
  switchboard_.admit_logins();
  dispatcher_.submit(wall_clock());
  finish_turn();
}

/// A full batch goes on its way at once, and what is home by now is taken: so what is large passes
/// the stations in pieces that stay in the cache.
void IoLoop::after_read() {
  if (dispatcher_.is_full()) {
    dispatcher_.submit_full(wall_clock());
    take_home();
  }
}

void IoLoop::before_poll() {
  // While answers keep coming home, the peers are heard too.
  const auto begin = std::chrono::steady_clock::now();
  finish_turn();
  while (!inbox_.sleep_if_empty()) {
    if (std::chrono::steady_clock::now() - begin > kLongestRounds) {
      wake_.send();
      break;
    }
    finish_turn();
  }
  if (switchboard_.line_up_logins()) {
    wake_.send();
  }
  keep_time();
  if (is_draining_ && switchboard_.is_quiet()) {
    loop_.stop();
  }
}

void IoLoop::take_home() {
  inbox_.drain(arrived_);
  for (BatchPtr& batch : arrived_) {
    switchboard_.take_home(std::move(batch));
  }
  arrived_.clear();
}

/// What came home is written, and what that brings about is handed over.
void IoLoop::finish_turn() {
  take_home();
  switchboard_.finish_turn();
  dispatcher_.submit(wall_clock());
}

/// The clock runs only while something has a deadline.
void IoLoop::keep_time() {
  const std::uint64_t tick_ms = switchboard_.tick_ms();
  if (tick_ms == 0) {
    clock_.stop();
  } else if (!clock_.is_active()) {
    last_tick_ms_ = loop_.now_ms();
    clock_.start(tick_ms, tick_ms);
  }
}

}  // namespace tribar
