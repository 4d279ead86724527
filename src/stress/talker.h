// SPDX-License-Identifier: MIT
//
// Users that keep a number of messages in flight: each confirmation triggers the next message. The
// server sets the pace.
#pragma once

#include <cstdint>

#include "stress/behaviour.h"
#include "stress/crowd.h"

namespace tribar::stress {

class Talker final : public Behaviour {
 public:
  /// Each user keeps `window` messages in flight, until all users together have sent `messages`.
  Talker(Crowd& crowd, std::uint32_t window, std::uint64_t messages)
      : crowd_(crowd), window_(window), left_(messages) {}

  /// Starts `user`, who must be ready.
  void start(User user) { on_answers(user, window_); }
  /// Stops sending.
  void stop() { left_ = 0; }
  [[nodiscard]] bool is_done() const { return left_ == 0; }

  void on_answers(User user, std::uint32_t answers) override {
    const Nanos now = crowd_.swarm().refresh_now();
    for (; answers > 0 && left_ > 0; --answers, --left_) {
      crowd_.send(user, now);
    }
  }

 private:
  Crowd& crowd_;
  std::uint32_t window_;
  std::uint64_t left_;
};

}  // namespace tribar::stress
