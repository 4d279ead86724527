// SPDX-License-Identifier: MIT
//
// Messages of the crowd: makes them, writes them, checks each that comes, and keeps the times.
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
  /// All but `settings` must outlive this.
  Traffic(const TrafficSettings& settings, const Usernames& names, const Pairing& pairing,
          Swarm& swarm);

  /// One message of `sender` to one of its partners, chosen by the seed. `due` is when it should
  /// leave, a monotonic_now().
  void send(User sender, Nanos due);

  enum class Came { Confirmation, Other };
  /// The data of a SEND frame came to `user`: whether it confirms a message of his.
  Came receive(User user, std::string_view data);

  /// Times of messages to the `count` users from `first` on do not count.
  void leave_out(User first, User count) {
    first_left_out_ = first;
    left_out_ = count;
  }
  /// From now on times and rates count; `slice` is the length of a step of the timeline.
  void start_measuring(Nanos slice);
  /// What is due from now on does not count any more, and neither do deliveries.
  void stop_measuring();
  [[nodiscard]] bool is_measuring() const { return upto_ > swarm_.now(); }
  /// How long was measured so far; 0 when nothing ever was.
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
  Nanos origin_;  // stamps count from here
  Timeline timeline_;
  Nanos upto_ = 0;
  User first_left_out_ = 0;
  User left_out_ = 0;
};

}  // namespace tribar::stress
