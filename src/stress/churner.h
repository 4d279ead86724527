// SPDX-License-Identifier: MIT
//
// Users that log in, send a few messages, wait for the confirmations, leave, and log in again.
#pragma once

#include <cstdint>

#include "stress/behaviour.h"
#include "stress/crowd.h"

namespace tribar::stress {

class Churner final : public Behaviour {
 public:
  /// `burst`: messages per session.
  Churner(Crowd& crowd, std::uint32_t burst) : crowd_(crowd), burst_(burst) {}

  /// Starts `user`, who has just logged in.
  void start(User user) { on_ready(user); }
  /// Users who have left do not log in again.
  void stop() { is_stopped_ = true; }
  [[nodiscard]] std::uint64_t sessions() const { return sessions_; }

  void on_ready(User user) override {
    if (is_stopped_) {
      return;
    }
    const Nanos now = crowd_.swarm().refresh_now();
    for (std::uint32_t i = 0; i < burst_; ++i) {
      crowd_.send(user, now);
    }
  }
  void on_answers(User user, std::uint32_t /*answers*/) override {
    if (!is_stopped_ && crowd_.is_ready(user) && crowd_.traffic().ledger().unanswered(user) == 0) {
      ++sessions_;
      crowd_.leave(user, false);
    }
  }
  void on_left(User user) override {
    if (!is_stopped_) {
      crowd_.enter(user);
    }
  }

 private:
  Crowd& crowd_;
  std::uint32_t burst_;
  std::uint64_t sessions_ = 0;
  bool is_stopped_ = false;
};

}  // namespace tribar::stress
