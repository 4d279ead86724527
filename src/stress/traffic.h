// SPDX-License-Identifier: MIT
//
// Messages of the crowd: creates and writes them, checks each one that arrives, and records times.
#pragma once

#include <cstdint>
#include <string_view>

#include "stress/ledger.h"
#include "stress/payload.h"
#include "stress/swarm.h"
#include "stress/timeline.h"

namespace tribar::stress {

struct TrafficSettings {
  std::uint64_t seed = 1;
  std::size_t least_bytes = 64;
  std::size_t most_bytes = 64;
};

class Traffic {
 public:
  /// All arguments except `settings` must outlive this.
  Traffic(const TrafficSettings& settings, const Usernames& names, const Pairing& pairing,
          Swarm& swarm);

  /// Sends a message of `sender` to one of its partners, chosen by the seed. `due`: when it should
  /// be sent, a monotonic_now().
  void send(User sender, Nanos due);

  enum class Came { Confirmation, Other };
  /// `user` received the data of a SEND frame; returns whether it confirms a message of this user.
  Came receive(User user, std::string_view data);

  /// Excludes the times of messages to the `count` users from `first` on.
  void leave_out(User first, User count) {
    first_left_out_ = first;
    left_out_ = count;
  }
  /// Starts to measure times and rates; `slice`: length of a step of the timeline.
  void start_measuring(Nanos slice);
  /// Stops measuring: messages that are due later do not count any more, and neither do deliveries.
  void stop_measuring();
  [[nodiscard]] bool is_measuring() const { return upto_ > swarm_.now(); }
  /// The time measured so far; 0 if nothing was.
  [[nodiscard]] Nanos measured() const;

  [[nodiscard]] Ledger& ledger() { return ledger_; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] const Timeline& timeline() const { return timeline_; }
  [[nodiscard]] Timeline& timeline() { return timeline_; }

 private:
  [[nodiscard]] std::uint32_t choose_slot(User sender, std::uint32_t number) const;

  TrafficSettings settings_;
  const Usernames& names_;
  const Pairing& pairing_;
  Swarm& swarm_;
  Payload payload_;
  Ledger ledger_;
  Nanos origin_;  // time 0 of the stamps
  Timeline timeline_;
  Nanos upto_ = 0;
  User first_left_out_ = 0;
  User left_out_ = 0;
};

}  // namespace tribar::stress
