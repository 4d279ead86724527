// SPDX-License-Identifier: MIT
//
// What was sent, held against what came: every message exactly once, unchanged, in order per pair,
// and every one confirmed to its sender. No clock, no socket; a few nanoseconds a message as long
// as all is well.
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
  Lost,        // confirmed or not, it never reached its recipient
  Doubled,     // a delivery or a confirmation came again
  Reordered,   // came after a later one of the same pair, or of the same sender for confirmations
  Damaged,     // not what was sent, or never sent at all
  Unanswered,  // no confirmation and no refusal
};
inline constexpr std::size_t kWrongs = 5;
inline constexpr std::array<std::string_view, kWrongs> kWrongNames{"lost", "doubled", "reordered",
                                                                   "damaged", "unanswered"};

/// What went wrong: how often, and the first of each kind in words.
struct Findings {
  struct Finding {
    std::uint64_t count = 0;
    std::string first;
    friend bool operator==(const Finding&, const Finding&) = default;
  };
  std::array<Finding, kWrongs> wrongs;
  Finding refused;       // the server said no: not wrong by itself, some limits are meant to be met
  Finding disconnected;  // the server ended a connection that was in use

  [[nodiscard]] const Finding& of(Wrong wrong) const {
    return wrongs[static_cast<std::size_t>(wrong)];
  }
  [[nodiscard]] bool is_anything_wrong() const;
};

class Ledger {
 public:
  /// `names` and `pairing` must outlive this.
  Ledger(const Usernames& names, const Pairing& pairing);

  /// `sender` writes to its partner in `slot` at `due`: what the message has to carry.
  Stamp send(User sender, std::uint32_t slot, Nanos due);

  /// A message with this stamp, intact or not, reached `recipient`. False when it does not count
  /// as a delivery: it came before, or was never sent.
  bool deliver(const Stamp& stamp, User recipient, bool is_intact);
  /// Something from `sender` that cannot be told reached `recipient`: taken for the next one due.
  void deliver_unreadable(User sender, User recipient);

  /// A confirmation with this stamp reached its sender. False when it does not count.
  bool confirm(const Stamp& stamp, User recipient, bool is_intact);
  bool confirm_unreadable(User sender);

  /// The server refused the oldest message of `sender` that it has not answered, in its own words.
  /// False when there is none.
  bool refuse(User sender, std::string_view text);

  /// What comes to `user` and is none of the above.
  void note_damage(User user, std::string_view what);
  /// Another command of `user` was refused.
  void note_refused(User user, std::string_view text);
  void note_disconnected(User user, std::string_view why);

  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t confirmed() const { return confirmed_; }
  /// Messages that were neither delivered nor refused so far.
  [[nodiscard]] std::uint64_t undelivered() const {
    return difference(sent_, delivered_ + refused_);
  }
  [[nodiscard]] std::uint64_t unanswered() const {
    return difference(sent_, confirmed_ + refused_);
  }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  /// Of `sender` alone.
  [[nodiscard]] std::uint32_t sent(User sender) const { return senders_[sender].sent; }
  [[nodiscard]] std::uint32_t unanswered(User sender) const {
    return senders_[sender].sent - senders_[sender].confirmed_upto;
  }

  /// Whether anything but what is under way is wrong so far; cheap.
  [[nodiscard]] bool is_anything_wrong() const { return found_.is_anything_wrong(); }
  /// All that is wrong so far; what has not come is lost or unanswered now.
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
    std::vector<Open> open;  // a ring of a power of two: those from confirmed_upto to sent
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
  Gaps missing_;          // deliveries that were passed over, by pair
  Gaps excused_;          // refused before the pair came to them, by pair
  Gaps missing_answers_;  // by sender
  Findings found_;
  std::uint64_t sent_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace tribar::stress
