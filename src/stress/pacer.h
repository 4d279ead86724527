// SPDX-License-Identifier: MIT
//
// Sends messages on a schedule, whether or not the server keeps up. Each carries the time at which
// it was due; how late it was really written is recorded.
#pragma once

#include <cstdint>

#include "stress/behaviour.h"
#include "stress/crowd.h"
#include "stress/histogram.h"
#include "stress/results.h"

namespace tribar::stress {

class Pacer final : public Behaviour {
 public:
  /// The `count` users from `first` on send, in an order determined by `seed`.
  Pacer(Crowd& crowd, User first, User count, std::uint64_t seed);

  /// Starts to send `rate` > 0 messages a second, until stop() or until `messages` were due.
  void start(double rate, std::uint64_t messages);
  void stop() { left_ = 0; }
  [[nodiscard]] bool is_done() const { return left_ == 0; }

  /// Times from when a message was due until it was written.
  [[nodiscard]] const Histogram& lateness() const { return lateness_; }
  void forget_lateness() { lateness_ = {}; }
  /// Messages that were due but never sent: their connection was closed, or had no room for far
  /// too long.
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

  Nanos on_time(Nanos now) override;

 private:
  [[nodiscard]] Nanos due_of(std::uint64_t message) const {
    return start_ + static_cast<Nanos>(static_cast<double>(message) * interval_);
  }

  Crowd& crowd_;
  User first_;
  User count_;
  std::uint64_t seed_;
  std::size_t most_unwritten_;
  Nanos start_ = 0;
  double interval_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t left_ = 0;
  std::uint64_t skipped_ = 0;
  Histogram lateness_;
};

/// Reports how well `pacer` kept its schedule of `rate` messages a second.
void report_schedule(Results& results, const Pacer& pacer, double rate);

}  // namespace tribar::stress
