// SPDX-License-Identifier: MIT
//
// Users that log in, send a few messages, wait for the confirmations, leave, and log in again. With
// protocol 1 each second session is broken off with messages under way in both directions: what was
// not answered is sent again in the next one, and what came meanwhile is asked for.
#pragma once

#include <cstdint>
#include <vector>

#include "stress/behaviour.h"
#include "stress/crowd.h"

namespace tribar::stress {

class Churner final : public Behaviour {
 public:
  /// `burst`: messages per session.
  Churner(Crowd& crowd, std::uint32_t burst)
      : crowd_(crowd), burst_(burst), breaks_(crowd.is_numbered() ? crowd.count() : 0) {}

  /// Starts `user`, who has just logged in.
  void start(User user) { on_ready(user); }
  /// No user sends anything new. With protocol 1 those who are away come back, to get what waits
  /// for them.
  void stop() { is_stopped_ = true; }
  /// Sessions that ended in order.
  [[nodiscard]] std::uint64_t sessions() const { return sessions_; }
  /// Sessions that were broken off.
  [[nodiscard]] std::uint64_t broken() const { return broken_; }

  void on_ready(User user) override {
    if (crowd_.is_numbered()) {
      crowd_.ask_for_undelivered(user);
    }
    if (!is_stopped_) {
      send_burst(user);
    }
  }
  void on_answers(User user, std::uint32_t /*answers*/) override {
    if (is_stopped_ || !crowd_.is_ready(user)) {
      return;
    }
    if (crowd_.is_numbered() && breaks_[user]) {
      break_off(user);
    } else if (crowd_.traffic().ledger().unanswered(user) == 0) {
      ++sessions_;
      if (crowd_.is_numbered()) {
        breaks_[user] = true;
      }
      crowd_.leave(user, false);
    }
  }
  void on_left(User user) override {
    if (!is_stopped_ || crowd_.is_numbered()) {
      crowd_.enter(user);
    }
  }

 private:
  void send_burst(User user) {
    const Nanos now = crowd_.swarm().refresh_now();
    for (std::uint32_t i = 0; i < burst_; ++i) {
      crowd_.send(user, now);
    }
  }
  /// Whether the server has read the messages by then is open.
  void break_off(User user) {
    breaks_[user] = false;
    ++broken_;
    send_burst(user);
    crowd_.swarm().flush();
    crowd_.cut(user);
    crowd_.enter(user);
  }

  Crowd& crowd_;
  std::uint32_t burst_;
  std::uint64_t sessions_ = 0;
  std::uint64_t broken_ = 0;
  std::vector<bool> breaks_;  // by user: whether the session is to be broken off
  bool is_stopped_ = false;
};

}  // namespace tribar::stress
