// SPDX-License-Identifier: MIT
//
// See traffic.h.
#include "stress/traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/timestamp.h"
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
      numbered_(settings.protocol == 0 ? 0 : names.count(), ledger_),
      origin_(monotonic_now()),
      origin_ms_(unix_ms_now()),
      timeline_(origin_, kSecond) {}

std::uint32_t Traffic::choose_slot(User sender, std::uint32_t number) const {
  const std::uint64_t which = std::uint64_t{sender} << 32 | number;
  return below(pairing_.partners(), mixed(which ^ settings_.seed));
}

void Traffic::send(User sender, Nanos due) {
  const std::uint32_t slot = choose_slot(sender, ledger_.sent(sender));
  const User recipient = pairing_.recipient(sender, slot);
  const Stamp stamp = ledger_.send(sender, slot, due - origin_);
  // A late message may have been due before.
  if (due >= timeline_.from() && due < upto_) {
    ++timeline_.at(due).sent;
  }
  if (settings_.protocol == 1) {
    const Numbered::Pending message{stamp, recipient};
    write(numbered_.send(sender, message), message);
    return;
  }
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
}

void Traffic::write(std::uint64_t n, const Numbered::Pending& message) {
  const User sender = message.stamp.sender;
  const fmt::format_int digits(n);
  const std::size_t text_bytes = payload_.bytes_of(sender, message.stamp.number);
  const std::size_t data_bytes =
      digits.size() + names_.bytes() + 2 * kDelimiter.size() + text_bytes;
  char* out = swarm_.write(sender, kHeaderBytes + data_bytes);
  put_header(out, static_cast<std::uint8_t>(FrameCode::Send), data_bytes, kVersion1);
  out = std::copy_n(digits.data(), digits.size(), out + kHeaderBytes);
  out = std::copy_n(kDelimiter.data(), kDelimiter.size(), out);
  names_.put(out, message.recipient);
  out = std::copy_n(kDelimiter.data(), kDelimiter.size(), out + names_.bytes());
  payload_.write(out, text_bytes, message.stamp, message.recipient);
}

void Traffic::send_pending(User sender) {
  std::uint64_t n = numbered_.first_n(sender);
  for (const Numbered::Pending& message : numbered_.pending(sender)) {
    write(n++, message);
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
  const auto stamp = stamp_of(text, sender, recipient);
  if (sender == user) {
    const bool counts = stamp ? ledger_.confirm(*stamp, recipient, payload_.is_intact(text, *stamp))
                              : ledger_.confirm_unreadable(user);
    return counts ? Came::Confirmation : Came::Other;
  }
  deliver(sender, recipient, text, stamp);
  return Came::Other;
}

std::optional<Stamp> Traffic::stamp_of(std::string_view text, User sender, User recipient) const {
  auto stamp = payload_.stamp_of(text, recipient);
  return stamp && stamp->sender == sender ? stamp : std::nullopt;
}

bool Traffic::deliver(User sender, User recipient, std::string_view text,
                      const std::optional<Stamp>& stamp) {
  if (!stamp) {
    ledger_.deliver_unreadable(sender, recipient);
    return false;
  }
  const bool counts = ledger_.deliver(*stamp, recipient, payload_.is_intact(text, *stamp));
  const Nanos now = swarm_.now();
  const Nanos due = origin_ + stamp->due;
  if (counts && due >= timeline_.from()) {
    const bool is_left_out =
        recipient >= first_left_out_ && recipient - first_left_out_ < left_out_;
    if (due < upto_ && !is_left_out) {
      timeline_.at(due).latency.record(difference(now, due));
    }
    if (now < upto_) {
      ++timeline_.at(now).delivered;
    }
  }
  return counts;
}

User Traffic::find(std::string_view name) const {
  return name.size() == names_.bytes() ? names_.find(name.data()) : names_.count();
}

void Traffic::receive(User user, const Delivery1& delivery) {
  const User sender = find(delivery.message.sender);
  if (find(delivery.message.recipient) != user || sender == names_.count() || sender == user) {
    ledger_.note_damage(user, "a message with unknown usernames");
    return;
  }
  const std::string_view text = delivery.message.text;
  const auto stamp = stamp_of(text, sender, user);
  const auto read =
      numbered_.read(user, delivery.number, stamp && ledger_.has_arrived(*stamp, user));
  if (read == Numbered::Read::Repeat) {
    return;
  }
  const std::uint64_t reordered = ledger_.noted(Wrong::Reordered);
  if (!deliver(sender, user, text, stamp)) {
    return;
  }
  if (read == Numbered::Read::Low && ledger_.noted(Wrong::Reordered) == reordered) {
    ledger_.note(Wrong::Reordered, *stamp, user,
                 fmt::format("has number {}, not above that of one before", delivery.number.value));
  }
  if (!is_plausible(delivery.time, *stamp)) {
    ledger_.note(Wrong::Damaged, *stamp, user,
                 fmt::format("arrived with the impossible time {}", delivery.time.value));
  }
}

Traffic::Came Traffic::receive(User user, const Accepted1& accepted) {
  const auto pending = numbered_.pending(user);
  const bool is_new = accepted.number.value > 0;
  if (is_new && !pending.empty() && !is_plausible(accepted.time, pending.front().stamp)) {
    ledger_.note_damage(
        user, fmt::format("a confirmation with the impossible time {}", accepted.time.value));
  }
  return numbered_.accept(user, accepted) ? Came::Confirmation : Came::Other;
}

bool Traffic::is_plausible(UnixMs time, const Stamp& stamp) const {
  constexpr std::int64_t kMostApart = 60'000;               // two machines' clocks
  constexpr std::uint64_t kLastTime = 253'402'300'799'999;  // of the year 9999
  const auto at = [this](Nanos since) {
    return origin_ms_ + static_cast<std::int64_t>(since / kMillisecond);
  };
  return time.value <= kLastTime &&
         static_cast<std::int64_t>(time.value) >= at(stamp.due) - kMostApart &&
         static_cast<std::int64_t>(time.value) <=
             at(difference(swarm_.now(), origin_)) + kMostApart;
}

bool Traffic::refuse(User user, std::string_view text) {
  if (!ledger_.refuse(user, text)) {
    return false;
  }
  numbered_.refuse(user);
  send_pending(user);
  return true;
}

void Traffic::log_in(User user, std::uint64_t highest) {
  numbered_.log_in(user, highest);
  send_pending(user);
}

void Traffic::acknowledge(User user) {
  if (const auto number = numbered_.take_acknowledgement(user)) {
    const fmt::format_int digits(number->value);
    char* out = swarm_.write(user, kHeaderBytes + digits.size());
    put_header(out, static_cast<std::uint8_t>(FrameCode::Acknowledge), digits.size(), kVersion1);
    std::copy_n(digits.data(), digits.size(), out + kHeaderBytes);
  }
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
