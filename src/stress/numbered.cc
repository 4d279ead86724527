// SPDX-License-Identifier: MIT
//
// See numbered.h.
#include "stress/numbered.h"

#include <fmt/format.h>

#include <algorithm>

namespace tribar::stress {

std::uint64_t Numbered::send(User sender, const Pending& message) {
  Sender& from = senders_[sender];
  from.sent.push_back(message);
  return from.accepted + (from.sent.size() - from.answered);
}

std::span<const Numbered::Pending> Numbered::pending(User sender) const {
  const Sender& from = senders_[sender];
  return std::span(from.sent).subspan(from.answered);
}

void Numbered::drop_first(Sender& sender) {
  // The answered half is removed at once, so that each message is moved once on average.
  if (++sender.answered * 2 > sender.sent.size()) {
    sender.sent.erase(sender.sent.begin(),
                      sender.sent.begin() + static_cast<std::ptrdiff_t>(sender.answered));
    sender.answered = 0;
  }
}

void Numbered::log_in(User user, std::uint64_t highest) {
  Sender& from = senders_[user];
  const std::uint64_t waiting = pending(user).size();
  if (from.accepted == 0 && waiting == 0) {
    from.accepted = highest;  // an account that was there before
  } else if (highest < from.accepted || highest - from.accepted > waiting) {
    ledger_.note_damage(user,
                        fmt::format("an answer to a login with n {}, while {} were accepted and {} "
                                    "more were sent,",
                                    highest, from.accepted, waiting));
  }
  from.known = highest;
  from.to_come_back = 0;
  resent_ += waiting;
  readers_[user].here = readers_[user].acknowledged = {};
}

bool Numbered::accept(User sender, const Accepted1& accepted) {
  Sender& from = senders_[sender];
  const std::span<const Pending> open = pending(sender);
  if (accepted.n <= from.accepted) {
    ledger_.note_doubled_answer(sender, accepted.n);
    return false;
  }
  const std::uint64_t skipped = accepted.n - from.accepted - 1;
  if (skipped >= open.size()) {
    ledger_.note_damage(sender,
                        fmt::format("a confirmation of n {}, which was not sent,", accepted.n));
    return false;
  }
  const Pending message = open[skipped];
  const bool is_repeat = accepted.number.value == 0;
  if (is_repeat != (accepted.n <= from.known)) {
    ledger_.note_damage(
        sender, fmt::format("a confirmation of n {} that says it was {}accepted before", accepted.n,
                            is_repeat ? "" : "not "));
  } else if (!is_repeat && accepted.number.value <= from.last.value) {
    ledger_.note_damage(sender, fmt::format("a confirmation with number {} after one with {}",
                                            accepted.number.value, from.last.value));
  }
  from.last.value = std::max(from.last.value, accepted.number.value);
  for (std::uint64_t i = 0; i <= skipped; ++i) {
    drop_first(from);
  }
  from.accepted = accepted.n;
  return ledger_.confirm(message.stamp, message.recipient, true);
}

void Numbered::refuse(User sender) {
  Sender& from = senders_[sender];
  drop_first(from);
  from.to_come_back = static_cast<std::uint32_t>(pending(sender).size());
}

bool Numbered::return_one(User sender, std::uint64_t highest) {
  Sender& from = senders_[sender];
  if (from.to_come_back == 0 || highest != from.accepted) {
    return false;
  }
  --from.to_come_back;
  return true;
}

Numbered::Read Numbered::read(User reader, MessageNumber number, bool has_arrived) {
  Reader& to = readers_[reader];
  if (number.value <= to.here.value) {
    return Read::Low;
  }
  to.here = number;
  if (number.value > to.highest.value) {
    to.highest = number;
    return Read::New;
  }
  if (!has_arrived) {
    return Read::Low;
  }
  if (number.value <= to.trusted.value) {
    return Read::New;  // for the ledger, which has it already
  }
  ++repeats_;
  return Read::Repeat;
}

std::optional<MessageNumber> Numbered::take_acknowledgement(User reader) {
  Reader& to = readers_[reader];
  if (to.acknowledged.value == to.here.value) {
    return std::nullopt;
  }
  to.acknowledged = to.here;
  return to.here;
}

void Numbered::trust_acknowledgements(User reader) {
  Reader& to = readers_[reader];
  to.trusted.value = std::max(to.trusted.value, to.acknowledged.value);
}

}  // namespace tribar::stress
