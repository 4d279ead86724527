// SPDX-License-Identifier: MIT
//
// See listing.h.
#include "registry/listing.h"

#include <algorithm>

namespace tribar {

void append_listed(std::string& out, const Account& account, bool with_presence) {
  out += account.name;
  out += '\n';
  if (with_presence) {
    out += account.session.is_none() ? "off\n" : "on\n";
  }
}

Listing::Listing(ConnectionId asker, std::uint32_t command_bytes, std::string_view pattern,
                 bool with_presence, const Accounts& accounts)
    : asker_(asker),
      command_bytes_(command_bytes),
      glob_(pattern),
      with_presence_(with_presence),
      next_(accounts.oldest()) {}

Listing::State Listing::step(Accounts& accounts, std::uint64_t steps, std::uint64_t most) {
  std::uint64_t spent = 0;
  while (next_ != Accounts::kNoPlace) {
    if (spent >= steps) {
      return State::Unfinished;
    }
    const Account& account = accounts.at(next_);
    if (glob_.matches(account.name, spent)) {
      if (count_ == most) {
        return State::TooLong;
      }
      ++count_;
      append_listed(names_, account, with_presence_);
    }
    next_ = account.newer;
  }
  return State::Finished;
}

void Listing::pass(const Account& account) {
  if (next_ == account.place) {
    next_ = account.newer;
  }
}

void Listings::add(Listing listing) {
  names_bytes_ += listing.names_bytes();
  queue_.push_back(std::move(listing));
}

std::uint32_t Listings::cancel(ConnectionId asker) {
  const auto found = std::find_if(queue_.begin(), queue_.end(), [asker](const Listing& listing) {
    return listing.asker() == asker;
  });
  if (found == queue_.end()) {
    return 0;
  }
  const std::uint32_t command_bytes = found->command_bytes();
  names_bytes_ -= found->names_bytes();
  queue_.erase(found);
  return command_bytes;
}

void Listings::pass(const Account& account) {
  for (Listing& listing : queue_) {
    listing.pass(account);
  }
}

Listing& Listings::current() {
  turn_ %= std::min(queue_.size(), kAtOnce);
  return queue_[turn_];
}

void Listings::rotate(std::size_t bytes) {
  names_bytes_ += bytes;
  ++turn_;
}

void Listings::drop_current(std::size_t bytes) {
  names_bytes_ -= bytes;
  queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(turn_));
}

}  // namespace tribar
