// SPDX-License-Identifier: MIT
//
// Messages of the crowd: creates and writes them, checks each one that arrives, and records times.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "stress/ledger.h"
#include "stress/numbered.h"
#include "stress/payload.h"
#include "stress/swarm.h"
#include "stress/timeline.h"

namespace tribar::stress {

struct TrafficSettings {
  std::uint64_t seed = 1;
  std::size_t least_bytes = 64;
  std::size_t most_bytes = 64;
  std::uint8_t protocol = 0;
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

  // Protocol 1 only, up to the next empty line.
  /// `user` received a message.
  void receive(User user, const Delivery1& delivery);
  /// `user` was told that a message of it is accepted.
  Came receive(User user, const Accepted1& accepted);
  /// The server refused the oldest unanswered message of `user`, with `text`: those behind it are
  /// sent again. False if there is none.
  bool refuse(User user, std::string_view text);
  /// `user` is logged in on a new connection, see Numbered::log_in(): sends what was not answered.
  void log_in(User user, std::uint64_t highest);
  /// Acknowledges what `user` received on its connection, which is open.
  void acknowledge(User user);
  [[nodiscard]] Numbered& numbered() { return numbered_; }
  [[nodiscard]] const Numbered& numbered() const { return numbered_; }

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
  /// `recipient` received `text` of `sender`; `stamp`: that of the text, if it is one of `sender`.
  /// Returns whether it counts as a delivery.
  bool deliver(User sender, User recipient, std::string_view text,
               const std::optional<Stamp>& stamp);
  /// The stamp of `text`, if it is one of `sender`.
  [[nodiscard]] std::optional<Stamp> stamp_of(std::string_view text, User sender,
                                              User recipient) const;
  /// The user of that name; names_.count() if there is none.
  [[nodiscard]] User find(std::string_view name) const;
  /// Writes `message` as the SEND with the number `n` of its sender.
  void write(std::uint64_t n, const Numbered::Pending& message);
  void send_pending(User sender);
  /// Whether a server whose clock is about right can have said `time` of a message of that stamp.
  [[nodiscard]] bool is_plausible(UnixMs time, const Stamp& stamp) const;
  [[nodiscard]] std::uint32_t choose_slot(User sender, std::uint32_t number) const;

  TrafficSettings settings_;
  const Usernames& names_;
  const Pairing& pairing_;
  Swarm& swarm_;
  Payload payload_;
  Ledger ledger_;
  Numbered numbered_;       // empty with protocol 0
  Nanos origin_;            // time 0 of the stamps
  std::int64_t origin_ms_;  // the same, since 1970
  Timeline timeline_;
  Nanos upto_ = 0;
  User first_left_out_ = 0;
  User left_out_ = 0;
};

}  // namespace tribar::stress
