// SPDX-License-Identifier: MIT
//
// Compares what was sent with what arrived: every message exactly once, unchanged, in order per
// pair, and each one confirmed to its sender. No clock, no socket; takes a few nanoseconds per
// message if nothing is wrong.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stress/gaps.h"
#include "stress/pairing.h"
#include "stress/payload.h"
#include "stress/types.h"
#include "stress/usernames.h"

namespace tribar::stress {

enum class Wrong : std::uint8_t {
  Lost,     // never reached its recipient, whether confirmed or not
  Doubled,  // delivered or confirmed more than once
  // arrived after a later message of the same pair, or was confirmed after a later one of the same
  // sender
  Reordered,
  Damaged,     // differs from what was sent, or was never sent
  Unanswered,  // no confirmation and no refusal
};
inline constexpr std::size_t kWrongs = 5;
inline constexpr std::array<std::string_view, kWrongs> kWrongNames{"lost", "doubled", "reordered",
                                                                   "damaged", "unanswered"};

/// What went wrong: how often, with a description of the first of each kind.
struct Findings {
  struct Finding {
    std::uint64_t count = 0;
    std::string first;
    friend bool operator==(const Finding&, const Finding&) = default;
  };
  std::array<Finding, kWrongs> wrongs;
  // refused by the server: not an error in itself, since some limits are meant to be reached
  Finding refused;
  Finding disconnected;  // the server closed a connection that was in use

  [[nodiscard]] const Finding& of(Wrong wrong) const {
    return wrongs[static_cast<std::size_t>(wrong)];
  }
  [[nodiscard]] bool is_anything_wrong() const;
};

class Ledger {
 public:
  /// `names` and `pairing` must outlive this.
  Ledger(const Usernames& names, const Pairing& pairing);

  /// Records that `sender` writes to its partner in `slot` at `due`; returns the stamp for the
  /// message.
  Stamp send(User sender, std::uint32_t slot, Nanos due);

  /// Records that a message with this stamp, intact or not, reached `recipient`. False if it does
  /// not count as a delivery: it had arrived before, or was never sent.
  bool deliver(const Stamp& stamp, User recipient, bool is_intact);
  /// Records that an unreadable message from `sender` reached `recipient`; it is taken for the next
  /// expected one.
  void deliver_unreadable(User sender, User recipient);

  /// Records that a confirmation with this stamp reached its sender. False if it does not count.
  bool confirm(const Stamp& stamp, User recipient, bool is_intact);
  bool confirm_unreadable(User sender);

  /// Records that the server refused, with `text`, the oldest unanswered message of `sender`. False
  /// if there is none.
  bool refuse(User sender, std::string_view text);

  /// Whether the message with this stamp has reached `recipient`.
  [[nodiscard]] bool has_arrived(const Stamp& stamp, User recipient) const;

  /// Records that the message with this stamp is as `wrong` says; `how`: the rest of a sentence.
  void note(Wrong wrong, const Stamp& stamp, User recipient, std::string_view how);
  /// Records that the message with the sender's own number `n` was confirmed again.
  void note_doubled_answer(User sender, std::uint64_t n);
  /// Records that `user` received something else.
  void note_damage(User user, std::string_view what);
  /// Records that another command of `user` was refused.
  void note_refused(User user, std::string_view text);
  void note_disconnected(User user, std::string_view why);

  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t confirmed() const { return confirmed_; }
  /// Messages that are neither delivered nor refused yet.
  [[nodiscard]] std::uint64_t undelivered() const {
    return difference(sent_, delivered_ + refused_);
  }
  [[nodiscard]] std::uint64_t unanswered() const {
    return difference(sent_, confirmed_ + refused_);
  }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  /// Messages sent by `sender`.
  [[nodiscard]] std::uint32_t sent(User sender) const { return senders_[sender].sent; }
  [[nodiscard]] std::uint32_t unanswered(User sender) const {
    return senders_[sender].sent - senders_[sender].confirmed_upto;
  }

  /// Whether an error was found so far, not counting messages in flight; cheap.
  [[nodiscard]] bool is_anything_wrong() const { return found_.is_anything_wrong(); }
  /// How often `wrong` was found so far, not counting messages in flight.
  [[nodiscard]] std::uint64_t noted(Wrong wrong) const { return found_.of(wrong).count; }
  /// All errors so far; messages that have not arrived now count as lost or unanswered.
  [[nodiscard]] Findings findings() const;

 private:
  struct Pair {
    std::uint32_t sent = 0;
    std::uint32_t delivered_upto = 0;
  };
  struct Open {
    std::uint32_t slot;
    std::uint32_t sequence;
  };
  struct Sender {
    std::uint32_t sent = 0;
    std::uint32_t confirmed_upto = 0;
    std::vector<Open> open;  // a ring buffer, its size a power of two: from confirmed_upto to sent
  };

  [[nodiscard]] std::size_t pair_of(User sender, std::uint32_t slot) const {
    return std::size_t{sender} * pairing_.partners() + slot;
  }
  [[nodiscard]] std::string describe(std::size_t pair, std::uint32_t sequence) const;
  void note(Wrong wrong, std::size_t pair, std::uint32_t sequence, std::string_view how);
  void grow(Sender& sender);
  bool deliver_out_of_order(std::size_t pair, std::uint32_t sequence);
  bool confirm_out_of_order(User sender, const Stamp& stamp, std::size_t pair);

  const Usernames& names_;
  const Pairing& pairing_;
  std::vector<Pair> pairs_;
  std::vector<Sender> senders_;
  Gaps missing_;          // skipped deliveries, by pair
  Gaps excused_;          // refused ones that delivery has not reached yet, by pair
  Gaps missing_answers_;  // by sender
  Findings found_;
  std::uint64_t sent_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace tribar::stress
