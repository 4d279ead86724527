// SPDX-License-Identifier: MIT
//
// Users that read for a while, then stop reading for a while, one after the other. They keep
// writing as long as they get confirmations.
#pragma once

#include <cstdint>

#include "stress/behaviour.h"
#include "stress/crowd.h"

namespace tribar::stress {

class Sleeper final : public Behaviour {
 public:
  /// The `count` users from `first` on stop and start reading every `span`. `talker` sends their
  /// messages.
  Sleeper(Crowd& crowd, Behaviour& talker, User first, User count, Nanos span)
      : crowd_(crowd), talker_(talker), first_(first), count_(count), span_(span) {}

  void start(Nanos now) { next_ = now + span_; }
  /// All users read again, and continue to.
  void stop() {
    is_stopped_ = true;
    set_reading(true);
  }
  [[nodiscard]] std::uint64_t naps() const { return naps_; }

  void on_answers(User user, std::uint32_t answers) override { talker_.on_answers(user, answers); }

  Nanos on_time(Nanos now) override {
    if (is_stopped_ || next_ == 0) {
      return now + kSecond;
    }
    if (now >= next_) {
      next_ = now + span_;
      naps_ += is_asleep_ ? 0 : 1;
      set_reading(is_asleep_);
    }
    return next_;
  }

 private:
  void set_reading(bool is_reading) {
    is_asleep_ = !is_reading;
    for (User user = first_; user < first_ + count_; ++user) {
      if (crowd_.is_ready(user)) {
        crowd_.swarm().set_reading(user, is_reading);
      }
    }
  }

  Crowd& crowd_;
  Behaviour& talker_;
  User first_;
  User count_;
  Nanos span_;
  Nanos next_ = 0;
  std::uint64_t naps_ = 0;
  bool is_asleep_ = false;
  bool is_stopped_ = false;
};

}  // namespace tribar::stress
