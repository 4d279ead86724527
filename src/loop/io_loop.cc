// SPDX-License-Identifier: MIT
//
// See io_loop.h.
#include "loop/io_loop.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "base/log.h"
#include "base/timestamp.h"

namespace tribar {
namespace {

/// While the loop delivers replies, further replies are delivered too, for at most this long.
constexpr std::chrono::milliseconds kLongestRounds{2};
/// How often a stopping loop checks its deadline.
constexpr std::uint64_t kDrainTickMs = 50;

/// The time now; times before 1970, which UnixMs cannot hold, become 1970.
UnixMs wall_clock() {
  return UnixMs{static_cast<std::uint64_t>(std::max(std::int64_t{0}, unix_ms_now()))};
}

/// The most that batches which are kept for reuse may hold.
std::uint64_t spare_bytes(const SwitchboardLimits& limits) { return limits.buffered_bytes / 4; }

}  // namespace

IoLoop::IoLoop(LoopPlace place, const SwitchboardLimits& limits,
               const AcceptorLimits& acceptor_limits, std::size_t workers, const Shared& shared)
    : place_(place),
      rendezvous_(shared.rendezvous),
      reply_router_(shared.reply_router),
      turns_(shared.turns),
      wake_all_(shared.wake_all),
      continuation_is_done_(shared.continuation_is_done),
      // The work for which the loop is woken is found by before_poll() and after_poll().
      inbox_([this] { loop_.wake_up(); }),
      handshake_timer_(loop_, [this] { handshakes_.go_on(); }),
      handshakes_(
          acceptor_limits.handshakes_per_second, [this] { return loop_.now_ms(); },
          [this](std::uint64_t ms) { handshake_timer_.start(ms, 0); }),
      dispatcher_(workers, inbox_, shared.last_batch, shared.submit, place, spare_bytes(limits)),
      session_log_(place.count),
      account_log_(place.count),
      switchboard_(limits, dispatcher_, shared.census, shared.checker, &session_log_),
      acceptor_(loop_, {switchboard_, *this, shared.filter}, acceptor_limits),
      heap_(shared.last_batch),
      clock_(loop_,
             [this] {
               const std::uint64_t now_ms = loop_.now_ms();
               next_tick_ms_.reset();
               switchboard_.set_time(now_ms);
               const std::uint64_t elapsed_ms = ticks_.tick(now_ms);
               switchboard_.tick(elapsed_ms);
               account_log_.tick(elapsed_ms);
               session_log_.tick(elapsed_ms);
               static_cast<void>(heap_.tick(elapsed_ms));
               if (is_notice_sent_) {
                 switchboard_.send_final_word(final_word_);  // to those that were not idle before
               }
               count_drain(elapsed_ms);
             }),
      drain_(loop_, [this] { begin_drain(); }),
      call_(loop_, [this] { run_calls(); }) {
  switchboard_.set_time(loop_.now_ms());
  loop_.around_poll([this] { before_poll(); }, [this] { after_poll(); });
}

void IoLoop::run() { loop_.run(); }

void IoLoop::configure(LoopSettings settings) {
  // In a pointer, since a function must be able to be copied.
  call([this, all = std::make_shared<LoopSettings>(std::move(settings))] {
    apply(std::move(*all));
  });
}

void IoLoop::apply(LoopSettings settings) {
  // Also of a loop that ends meanwhile: the registry counts on it.
  switchboard_.set_limits(settings.limits);
  if (is_draining_) {
    return;
  }
  dispatcher_.set_spare_bytes(spare_bytes(settings.limits));
  handshakes_.set_rate(settings.acceptor_limits.handshakes_per_second);
  acceptor_.set_limits(settings.acceptor_limits);
  acceptor_.change(std::move(settings.listeners));
}

void IoLoop::report_all() {
  call([this] { switchboard_.report_all(); });
}

void IoLoop::drain(std::uint64_t deadline_ms, FinalWord word) {
  final_word_ = std::move(word);
  drain_deadline_ms_.store(deadline_ms);
  drain_.send();
}

void IoLoop::call(std::function<void()> function) {
  {
    const std::lock_guard lock(calls_mutex_);
    calls_.push_back(std::move(function));
  }
  call_.send();
}

void IoLoop::run_calls() {
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard lock(calls_mutex_);
    calls.swap(calls_);
  }
  for (const auto& function : calls) {
    function();
  }
}

void IoLoop::begin_drain() {
  static_cast<void>(drain_deadline_ms_.load());  // what was written before it is there now
  is_draining_ = true;
  drain_begin_ms_ = loop_.now_ms();
  acceptor_.stop();
  switchboard_.stop_reading();
}

/// Everything is answered and written: now tells the peers that the server stops. This comes last,
/// so that a peer still gets every message that was confirmed to its sender.
void IoLoop::begin_disconnect() {
  is_notice_sent_ = true;
  switchboard_.send_final_word(final_word_);
  loop_.wake_up();
}

void IoLoop::count_drain(std::uint64_t elapsed_ms) {
  // The first tick may include time before the stop.
  drained_ms_ += is_draining_ ? std::min(elapsed_ms, loop_.now_ms() - drain_begin_ms_) : 0;
  const std::uint64_t deadline_ms = drain_deadline_ms_.load();
  if (!is_draining_ || deadline_ms == 0 || drained_ms_ < deadline_ms) {
    return;
  }
  log::warn("server", "timeouts.shutdown_ms has passed: {} connections are closed{}",
            switchboard_.size(), is_notice_sent_ ? "" : " with answers or messages unwritten");
  switchboard_.send_final_word(final_word_);
  loop_.stop();
}

std::string IoLoop::close() {
  acceptor_.stop();
  switchboard_.drop_all();
  account_log_.flush();
  session_log_.flush();
  clock_ = uv::Timer{};
  handshake_timer_ = uv::Timer{};
  drain_ = uv::Async{};
  call_ = uv::Async{};
  return loop_.close();
}

void IoLoop::after_poll() {
  switchboard_.set_time(loop_.now_ms());
  inbox_.wake_up();
  switchboard_.resume_input();
  if (turns_.are_reached(awaited_)) {
    switchboard_.admit_logins();
    awaited_.clear();
  }
  dispatcher_.submit(wall_clock());
  finish_turn();
  complete_turn();
}

/// A LOGIN waits until every loop has polled its sockets: the end of the connection that used the
/// name before may be there.
void IoLoop::defer_logins() {
  if (awaited_.empty() && switchboard_.defer_logins()) {
    awaited_ = turns_.ask(place_.index);
    if (place_.count > 1) {
      wake_all_();
    }
    loop_.wake_up();
  }
}

/// Wakes loops that wait for a turn of this one, once all its input has its place in the order of
/// batches.
void IoLoop::complete_turn() {
  if (dispatcher_.has_sent_all() && turns_.complete(place_.index)) {
    wake_all_();
  }
}

/// Sends a full batch at once, and delivers the replies that have arrived, so that large amounts of
/// data pass the stations in pieces that stay in the CPU cache.
void IoLoop::after_read() {
  if (dispatcher_.is_full()) {
    dispatcher_.submit_full(wall_clock());
    deliver_replies();
  }
}

void IoLoop::before_poll() {
  pulse_.answer();
  // Limited in time, so that sockets are polled even while replies keep arriving.
  const auto begin = std::chrono::steady_clock::now();
  finish_turn();
  while (!inbox_.sleep_if_empty()) {
    if (std::chrono::steady_clock::now() - begin > kLongestRounds) {
      loop_.wake_up();
      break;
    }
    finish_turn();
  }
  defer_logins();
  // The inbox is marked as sleeping before these checks, so that a later change wakes the loop.
  if (switchboard_.has_held_back() || switchboard_.has_unseen() || turns_.is_wanted(place_.index) ||
      (!awaited_.empty() && turns_.are_reached(awaited_))) {
    loop_.wake_up();
  }
  update_quiet();
  keep_time();
  if (has_polled_) {
    switchboard_.counters().turns.note(std::chrono::steady_clock::now() - loop_.woke_at());
  }
  has_polled_ = true;
}

void IoLoop::update_quiet() {
  if (is_draining_ && is_quiet_ != switchboard_.is_quiet()) {
    is_quiet_ = !is_quiet_;
    is_quiet_ ? rendezvous_.arrive() : rendezvous_.leave();
  }
  if (rendezvous_.is_over() && !is_notice_sent_) {
    begin_disconnect();
  }
  if (is_notice_sent_ && switchboard_.size() == 0 && switchboard_.is_quiet()) {
    loop_.stop();
  }
}

void IoLoop::deliver_replies() {
  inbox_.drain(arrived_);
  for (BatchShare& share : arrived_) {
    switchboard_.deliver_replies(*share);
    if (std::exchange(is_quiet_, false)) {
      rendezvous_.leave();
    }
    if (BatchPtr batch = share.finish()) {
      if (std::exchange(batch->is_continuation, false)) {
        continuation_is_done_();
      }
      if (batch->loop == place_.index) {
        note_done(*batch);
        dispatcher_.recycle(std::move(batch));
      } else {
        reply_router_.give_back(std::move(batch));
      }
    }
  }
  arrived_.clear();
}

/// Writes the replies that have arrived, and sends the inputs that result to the workers.
void IoLoop::finish_turn() {
  deliver_replies();
  switchboard_.finish_turn();
  heap_.note_churn(switchboard_.take_dropped_bytes());
  dispatcher_.submit(wall_clock());
}

/// A batch that this loop sent is finished.
void IoLoop::note_done(const Batch& batch) {
  switchboard_.counters().commands.note(std::chrono::steady_clock::now() - batch.sent);
  const Output& output = batch.output;
  if (!output.account_changes.empty()) {
    account_log_.note(output.account_changes);
  }
  std::uint64_t churn = batch.bytes.size() + output.released_bytes +
                        batch.arrivals.size() * (sizeof(Arrival) + sizeof(Input));
  for (const std::string& text : output.texts) {
    churn += text.size();
  }
  heap_.note_churn(churn);
}

/// How often the clock should tick; 0: not at all.
std::uint64_t IoLoop::tick_ms() const {
  std::uint64_t shortest_ms = switchboard_.tick_ms();
  const auto want = [&shortest_ms](bool is_wanted, std::uint64_t ms) {
    if (is_wanted && (shortest_ms == 0 || ms < shortest_ms)) {
      shortest_ms = ms;
    }
  };
  want(account_log_.is_counting(), AccountLog::kTickMs);
  want(session_log_.is_counting(), SessionLog::kTickMs);
  want(heap_.is_due(), HeapTrimmer::kTickMs);
  want(is_draining_ && drain_deadline_ms_.load() > 0, kDrainTickMs);
  return shortest_ms;
}

/// Starts or stops the clock: it runs only while something has a deadline.
void IoLoop::keep_time() {
  const std::uint64_t now_ms = loop_.now_ms();
  const std::optional<std::uint64_t> next_ms = ticks_.next_ms(now_ms, tick_ms());
  if (next_ms == next_tick_ms_) {
    return;
  }
  next_tick_ms_ = next_ms;
  if (next_ms) {
    clock_.start(*next_ms > now_ms ? *next_ms - now_ms : 0, 0);
  } else {
    clock_.stop();
  }
}

}  // namespace tribar
