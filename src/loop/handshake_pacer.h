// SPDX-License-Identifier: MIT
//
// Says when a handshake's expensive part may begin: no more than so many a second, and few at a
// time, so that those who are connected have their turns meanwhile. Has no clock and no timer: it
// is told and says when. One a loop; belongs to the loop's thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <utility>

#include "loop/token_bucket.h"

namespace tribar {

class HandshakePacer {
 public:
  /// As many may begin at one time of the clock.
  static constexpr unsigned kMostAtOnce = 4;

  class Waiter {
   public:
    /// Its handshake may begin now. May destroy the waiter.
    virtual void begin_handshake() = 0;

   protected:
    ~Waiter() = default;

   private:
    friend class HandshakePacer;
    std::list<Waiter*>::iterator place_;
    bool is_waiting_ = false;
  };

  /// `per_second` 0 is no limit. `now_ms` is a clock that stands still within a turn of the loop;
  /// `call_in` is to have go_on() called in so many milliseconds, at least 1.
  HandshakePacer(std::uint64_t per_second, std::function<std::uint64_t()> now_ms,
                 std::function<void(std::uint64_t ms)> call_in)
      : bucket_(per_second, now_ms()), now_ms_(std::move(now_ms)), call_in_(std::move(call_in)) {}
  HandshakePacer(const HandshakePacer&) = delete;
  HandshakePacer& operator=(const HandshakePacer&) = delete;
  ~HandshakePacer() = default;

  /// Whether the handshake of `waiter` may begin at once. Otherwise it waits behind those that came
  /// earlier, and begin_handshake() or forget() follows.
  [[nodiscard]] bool admit(Waiter& waiter) {
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
  /// It waits no more, if it did.
  void forget(Waiter& waiter) {
    if (std::exchange(waiter.is_waiting_, false)) {
      waiting_.erase(waiter.place_);
    }
  }
  /// Time has passed.
  void go_on() {
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

  /// From now on this many may begin a second.
  void set_rate(std::uint64_t per_second) { bucket_.set_rate(per_second, now_ms_()); }

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  [[nodiscard]] bool take(std::uint64_t now_ms) {
    if (std::exchange(at_ms_, now_ms) != now_ms) {
      begun_ = 0;
    }
    if (begun_ >= kMostAtOnce || !bucket_.take(now_ms)) {
      return false;
    }
    ++begun_;
    return true;
  }
  void ask_for_call(std::uint64_t now_ms) {
    call_in_(std::max<std::uint64_t>(1, bucket_.wait_ms(now_ms)));
  }

  TokenBucket bucket_;
  std::function<std::uint64_t()> now_ms_;
  std::function<void(std::uint64_t ms)> call_in_;
  std::list<Waiter*> waiting_;
  std::uint64_t at_ms_ = 0;
  unsigned begun_ = 0;  // at at_ms_
};

}  // namespace tribar
