// SPDX-License-Identifier: MIT
//
// Decides who writes to whom. The recipients are a range of the users; each sender has up to
// kMostPartners of them, chosen at random, which limits the state per pair when there are many
// users.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stress/types.h"

namespace tribar::stress {

class Pairing {
 public:
  static constexpr std::uint32_t kMostPartners = 128;

  /// The recipients are `first` .. `first + count - 1`, count >= 1. No user writes to itself, so a
  /// sender in that range needs count >= 2.
  Pairing(User first, User count, std::uint64_t seed);

  /// The number of partners of a sender.
  [[nodiscard]] std::uint32_t partners() const {
    return static_cast<std::uint32_t>(strides_.size());
  }
  /// The partner in `slot` < partners() of `sender`.
  [[nodiscard]] User recipient(User sender, std::uint32_t slot) const {
    const User at = place_of(sender) + strides_[slot];
    return first_ + (at < count_ ? at : at - count_);
  }
  /// The slot in which `recipient` is a partner of `sender`, if it is one. Accepts any two users.
  [[nodiscard]] std::optional<std::uint32_t> slot_of(User sender, User recipient) const;

 private:
  [[nodiscard]] User place_of(User user) const {
    return user >= first_ && user - first_ < count_ ? user - first_ : user % count_;
  }

  User first_;
  User count_;
  std::vector<User> strides_;           // by slot
  std::vector<std::uint16_t> slot_of_;  // by stride
};

}  // namespace tribar::stress
