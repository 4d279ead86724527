// SPDX-License-Identifier: MIT
//
// See handshake_pacer.h.
#include "tls/handshake_pacer.h"

#include <algorithm>
#include <utility>

namespace tribar {

HandshakePacer::HandshakePacer(std::uint64_t per_second, std::function<std::uint64_t()> now_ms,
                               std::function<void(std::uint64_t ms)> call_in)
    : bucket_(per_second, now_ms()), now_ms_(std::move(now_ms)), call_in_(std::move(call_in)) {}

bool HandshakePacer::admit(Waiter& waiter) {
  const std::uint64_t now_ms = now_ms_();
  if (waiting_.empty() && take(now_ms)) {
    return true;
  }
  waiter.place_ = waiting_.insert(waiting_.end(), &waiter);
  waiter.is_waiting_ = true;
  if (waiting_.size() == 1) {
    ask_for_call(now_ms);
  }
  return false;
}

void HandshakePacer::forget(Waiter& waiter) {
  if (std::exchange(waiter.is_waiting_, false)) {
    waiting_.erase(waiter.place_);
  }
}

void HandshakePacer::go_on() {
  const std::uint64_t now_ms = now_ms_();
  while (!waiting_.empty() && take(now_ms)) {
    Waiter& waiter = *waiting_.front();
    forget(waiter);
    waiter.begin_handshake();
  }
  if (!waiting_.empty()) {
    ask_for_call(now_ms);
  }
}

bool HandshakePacer::take(std::uint64_t now_ms) {
  if (std::exchange(at_ms_, now_ms) != now_ms) {
    begun_ = 0;
  }
  if (begun_ >= kMostAtOnce || !bucket_.take(now_ms)) {
    return false;
  }
  ++begun_;
  return true;
}

void HandshakePacer::ask_for_call(std::uint64_t now_ms) {
  call_in_(std::max<std::uint64_t>(1, bucket_.wait_ms(now_ms)));
}

}  // namespace tribar
