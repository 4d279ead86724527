// SPDX-License-Identifier: MIT
//
// See ledger.h.
#include "stress/ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace tribar::stress {
namespace {

void count(Findings::Finding& finding, const std::string& first) {
  if (finding.count++ == 0) {
    finding.first = first;
  }
}

}  // namespace

bool Findings::is_anything_wrong() const {
  return disconnected.count > 0 ||
         std::any_of(wrongs.begin(), wrongs.end(), [](const Finding& f) { return f.count > 0; });
}

Ledger::Ledger(const Usernames& names, const Pairing& pairing)
    : names_(names),
      pairing_(pairing),
      pairs_(std::size_t{names.count()} * pairing.partners()),
      senders_(names.count()) {}

Stamp Ledger::send(User sender, std::uint32_t slot, Nanos due) {
  Sender& from = senders_[sender];
  if (from.sent - from.confirmed_upto == from.open.size()) {
    grow(from);
  }
  Pair& pair = pairs_[pair_of(sender, slot)];
  from.open[from.sent & (from.open.size() - 1)] = {slot, pair.sent};
  ++sent_;
  return {.sender = sender, .sequence = pair.sent++, .number = from.sent++, .due = due};
}

void Ledger::grow(Sender& sender) {
  std::vector<Open> larger(std::max(sender.open.size() * 2, std::size_t{1}));
  for (std::uint32_t n = sender.confirmed_upto; n != sender.sent; ++n) {
    larger[n & (larger.size() - 1)] = sender.open[n & (sender.open.size() - 1)];
  }
  sender.open = std::move(larger);
}

bool Ledger::deliver(const Stamp& stamp, User recipient, bool is_intact) {
  const auto slot =
      stamp.sender < names_.count() ? pairing_.slot_of(stamp.sender, recipient) : std::nullopt;
  if (!slot) {
    note_damage(recipient, "a message between users who do not write to each other");
    return false;
  }
  const std::size_t at = pair_of(stamp.sender, *slot);
  Pair& pair = pairs_[at];
  if (stamp.sequence >= pair.sent) {
    note(Wrong::Damaged, at, stamp.sequence, "arrived but was never sent");
    return false;
  }
  if (!is_intact) {
    note(Wrong::Damaged, at, stamp.sequence, "arrived changed");
  }
  if (stamp.sequence == pair.delivered_upto) {
    ++pair.delivered_upto;
    if (excused_.count() > 0 && excused_.take(at, stamp.sequence)) {
      note(Wrong::Damaged, at, stamp.sequence, "was refused but arrived");
      return false;
    }
  } else if (!deliver_out_of_order(at, stamp.sequence)) {
    return false;
  }
  ++delivered_;
  return true;
}

bool Ledger::deliver_out_of_order(std::size_t at, std::uint32_t sequence) {
  Pair& pair = pairs_[at];
  if (sequence > pair.delivered_upto) {
    // Refused messages are not missing: remove them again.
    missing_.add(at, pair.delivered_upto, sequence);
    for (std::uint32_t n = pair.delivered_upto; n != sequence && excused_.count() > 0; ++n) {
      if (excused_.take(at, n)) {
        missing_.take(at, n);
      }
    }
    pair.delivered_upto = sequence + 1;
    return true;
  }
  if (missing_.take(at, sequence)) {
    note(Wrong::Reordered, at, sequence,
         fmt::format("arrived late, after all before #{} had come", pair.delivered_upto));
    return true;
  }
  note(Wrong::Doubled, at, sequence, "arrived again");
  return false;
}

void Ledger::deliver_unreadable(User sender, User recipient) {
  const auto slot = pairing_.slot_of(sender, recipient);
  const std::size_t at = slot ? pair_of(sender, *slot) : 0;
  if (!slot || pairs_[at].delivered_upto == pairs_[at].sent) {
    note_damage(recipient, "an unexpected, unreadable message");
    return;
  }
  const std::uint32_t next = pairs_[at].delivered_upto++;
  note(Wrong::Damaged, at, next, "or one near it, arrived unreadable");
  // A refused one is accounted for already.
  if (excused_.count() == 0 || !excused_.take(at, next)) {
    ++delivered_;
  }
}

bool Ledger::confirm(const Stamp& stamp, User recipient, bool is_intact) {
  const auto slot = pairing_.slot_of(stamp.sender, recipient);
  Sender& sender = senders_[stamp.sender];
  if (!slot || stamp.number >= sender.sent) {
    note_damage(stamp.sender, "a confirmation of a message that was never sent");
    return false;
  }
  const std::size_t at = pair_of(stamp.sender, *slot);
  if (!is_intact) {
    note(Wrong::Damaged, at, stamp.sequence, "was confirmed changed");
  }
  if (stamp.number == sender.confirmed_upto) {
    ++sender.confirmed_upto;
  } else if (!confirm_out_of_order(stamp.sender, stamp, at)) {
    return false;
  }
  ++confirmed_;
  return true;
}

bool Ledger::confirm_out_of_order(User user, const Stamp& stamp, std::size_t pair) {
  Sender& sender = senders_[user];
  if (stamp.number > sender.confirmed_upto) {
    missing_answers_.add(user, sender.confirmed_upto, stamp.number);
    sender.confirmed_upto = stamp.number + 1;
    return true;
  }
  if (missing_answers_.take(user, stamp.number)) {
    note(Wrong::Reordered, pair, stamp.sequence, "was confirmed after later ones of its sender");
    return true;
  }
  note(Wrong::Doubled, pair, stamp.sequence, "was confirmed again");
  return false;
}

bool Ledger::confirm_unreadable(User user) {
  Sender& sender = senders_[user];
  if (sender.confirmed_upto == sender.sent) {
    note_damage(user, "an unexpected, unreadable confirmation");
    return false;
  }
  const Open& open = sender.open[sender.confirmed_upto & (sender.open.size() - 1)];
  note(Wrong::Damaged, pair_of(user, open.slot), open.sequence,
       "or one near it, was confirmed unreadable");
  ++sender.confirmed_upto;
  ++confirmed_;
  return true;
}

bool Ledger::refuse(User user, std::string_view text) {
  Sender& sender = senders_[user];
  if (sender.confirmed_upto == sender.sent) {
    return false;
  }
  const Open open = sender.open[sender.confirmed_upto++ & (sender.open.size() - 1)];
  const std::size_t at = pair_of(user, open.slot);
  if (open.sequence >= pairs_[at].delivered_upto) {
    excused_.add(at, open.sequence, open.sequence + 1);
  } else if (!missing_.take(at, open.sequence)) {
    note(Wrong::Damaged, at, open.sequence, "was delivered but refused");
    --delivered_;
  }
  ++refused_;
  count(found_.refused, fmt::format("{}: \"{}\"", describe(at, open.sequence), log::escaped(text)));
  return true;
}

bool Ledger::has_arrived(const Stamp& stamp, User recipient) const {
  const auto slot =
      stamp.sender < names_.count() ? pairing_.slot_of(stamp.sender, recipient) : std::nullopt;
  if (!slot) {
    return false;
  }
  const std::size_t at = pair_of(stamp.sender, *slot);
  return stamp.sequence < pairs_[at].delivered_upto && !missing_.holds(at, stamp.sequence);
}

void Ledger::note(Wrong wrong, const Stamp& stamp, User recipient, std::string_view how) {
  if (const auto slot = pairing_.slot_of(stamp.sender, recipient)) {
    note(wrong, pair_of(stamp.sender, *slot), stamp.sequence, how);
  }
}

void Ledger::note_doubled_answer(User sender, std::uint64_t n) {
  count(found_.wrongs[static_cast<std::size_t>(Wrong::Doubled)],
        fmt::format("message {} that {} sent was confirmed again", n, names_.name(sender)));
}

void Ledger::note_damage(User user, std::string_view what) {
  Findings::Finding& damaged = found_.wrongs[static_cast<std::size_t>(Wrong::Damaged)];
  count(damaged,
        damaged.count > 0 ? std::string() : fmt::format("{} came to {}", what, names_.name(user)));
}

void Ledger::note_refused(User user, std::string_view text) {
  count(found_.refused, fmt::format("{}: \"{}\"", names_.name(user), log::escaped(text)));
}

void Ledger::note_disconnected(User user, std::string_view why) {
  count(found_.disconnected, fmt::format("{}: {}", names_.name(user), why));
}

void Ledger::note(Wrong wrong, std::size_t pair, std::uint32_t sequence, std::string_view how) {
  Findings::Finding& finding = found_.wrongs[static_cast<std::size_t>(wrong)];
  count(finding,
        finding.count > 0 ? std::string() : fmt::format("{} {}", describe(pair, sequence), how));
}

std::string Ledger::describe(std::size_t pair, std::uint32_t sequence) const {
  const auto sender = static_cast<User>(pair / pairing_.partners());
  const auto slot = static_cast<std::uint32_t>(pair % pairing_.partners());
  return fmt::format("message #{} from {} to {}", sequence, names_.name(sender),
                     names_.name(pairing_.recipient(sender, slot)));
}

Findings Ledger::findings() const {
  Findings all = found_;
  Findings::Finding& lost = all.wrongs[static_cast<std::size_t>(Wrong::Lost)];
  lost.count = missing_.count();
  if (missing_.count() > 0) {
    lost.first = describe(missing_.first().first, missing_.first().second);
  }
  // After the last delivered message, refused ones are not expected any more.
  Gaps excused = excused_;
  for (std::size_t at = 0; at < pairs_.size(); ++at) {
    const Pair& pair = pairs_[at];
    const std::uint64_t due =
        pair.sent - pair.delivered_upto - excused.take_range(at, pair.delivered_upto, pair.sent);
    lost.count += due;
    if (due > 0 && lost.first.empty()) {
      std::uint32_t first = pair.delivered_upto;
      while (excused_.holds(at, first)) {
        ++first;
      }
      lost.first = describe(at, first);
    }
  }
  Findings::Finding& unanswered = all.wrongs[static_cast<std::size_t>(Wrong::Unanswered)];
  unanswered.count = missing_answers_.count();
  if (missing_answers_.count() > 0) {
    const auto [user, number] = missing_answers_.first();
    unanswered.first =
        fmt::format("message {} that {} sent", number + 1, names_.name(static_cast<User>(user)));
  }
  for (User user = 0; user < senders_.size(); ++user) {
    const Sender& sender = senders_[user];
    if (sender.sent != sender.confirmed_upto && unanswered.first.empty()) {
      const Open& open = sender.open[sender.confirmed_upto & (sender.open.size() - 1)];
      unanswered.first = describe(pair_of(user, open.slot), open.sequence);
    }
    unanswered.count += sender.sent - sender.confirmed_upto;
  }
  return all;
}

}  // namespace tribar::stress
