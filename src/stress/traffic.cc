// SPDX-License-Identifier: MIT
//
// See traffic.h.
#include "stress/traffic.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "zero/command.h"
#include "zero/frame.h"

namespace tribar::stress {
namespace {

// Before any message of a run is due; messages on a schedule may be written later than they are
// due.
constexpr Nanos kNever = std::numeric_limits<Nanos>::max();

}  // namespace

Traffic::Traffic(const TrafficSettings& settings, const Usernames& names, const Pairing& pairing,
                 Swarm& swarm)
    : settings_(settings),
      names_(names),
      pairing_(pairing),
      swarm_(swarm),
      payload_(settings.seed, settings.least_bytes, settings.most_bytes),
      ledger_(names, pairing),
      origin_(monotonic_now()),
      timeline_(origin_, kSecond) {}

std::uint32_t Traffic::choose_slot(User sender, std::uint32_t number) const {
  const std::uint64_t which = std::uint64_t{sender} << 32 | number;
  return below(pairing_.partners(), mixed(which ^ settings_.seed));
}

void Traffic::send(User sender, Nanos due) {
  const std::uint32_t slot = choose_slot(sender, ledger_.sent(sender));
  const User recipient = pairing_.recipient(sender, slot);
  const Stamp stamp = ledger_.send(sender, slot, due - origin_);
  const std::size_t text_bytes = payload_.bytes_of(sender, stamp.number);
  const std::size_t name_bytes = names_.bytes();
  const std::size_t data_bytes = 2 * (name_bytes + kDelimiter.size()) + text_bytes;

  char* out = swarm_.write(sender, kHeaderBytes + data_bytes);
  put_header(out, static_cast<std::uint8_t>(FrameCode::Send), data_bytes);
  out += kHeaderBytes;
  for (const User user : {sender, recipient}) {
    names_.put(out, user);
    std::memcpy(out + name_bytes, kDelimiter.data(), kDelimiter.size());
    out += name_bytes + kDelimiter.size();
  }
  payload_.write(out, text_bytes, stamp, recipient);
  // A late message may have been due before.
  if (due >= timeline_.from() && due < upto_) {
    ++timeline_.at(due).sent;
  }
}

Traffic::Came Traffic::receive(User user, std::string_view data) {
  const std::size_t name_bytes = names_.bytes();
  const std::size_t field_bytes = name_bytes + kDelimiter.size();
  if (data.size() < 2 * field_bytes || !data.substr(name_bytes).starts_with(kDelimiter) ||
      !data.substr(field_bytes + name_bytes).starts_with(kDelimiter)) {
    ledger_.note_damage(user, "a message with unknown usernames");
    return Came::Other;
  }
  const User sender = names_.find(data.data());
  const User recipient = names_.find(data.data() + field_bytes);
  if (sender == names_.count() || recipient == names_.count() ||
      (sender != user && recipient != user)) {
    ledger_.note_damage(user, "a message with unknown usernames");
    return Came::Other;
  }
  const std::string_view text = data.substr(2 * field_bytes);
  const auto stamp = payload_.stamp_of(text, recipient);
  const bool is_readable = stamp && stamp->sender == sender;
  const bool is_intact = is_readable && payload_.is_intact(text, *stamp);
  if (sender == user) {
    const bool counts = is_readable ? ledger_.confirm(*stamp, recipient, is_intact)
                                    : ledger_.confirm_unreadable(user);
    return counts ? Came::Confirmation : Came::Other;
  }
  if (!is_readable) {
    ledger_.deliver_unreadable(sender, recipient);
    return Came::Other;
  }
  const Nanos now = swarm_.now();
  const Nanos due = origin_ + stamp->due;
  if (ledger_.deliver(*stamp, recipient, is_intact) && due >= timeline_.from()) {
    const bool is_left_out =
        recipient >= first_left_out_ && recipient - first_left_out_ < left_out_;
    if (due < upto_ && !is_left_out) {
      timeline_.at(due).latency.record(difference(now, due));
    }
    if (now < upto_) {
      ++timeline_.at(now).delivered;
    }
  }
  return Came::Other;
}

void Traffic::start_measuring(Nanos slice) {
  timeline_ = Timeline(swarm_.refresh_now(), slice);
  upto_ = kNever;
}

Nanos Traffic::measured() const {
  return difference(upto_ == kNever ? swarm_.now() : upto_, timeline_.from());
}

void Traffic::stop_measuring() { upto_ = swarm_.refresh_now(); }

}  // namespace tribar::stress
