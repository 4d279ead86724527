// SPDX-License-Identifier: MIT
//
// See pairing.h.
#include "stress/pairing.h"

#include <algorithm>

namespace tribar::stress {
namespace {

constexpr std::uint16_t kNoSlot = 0xffff;

}  // namespace

Pairing::Pairing(User first, User count, std::uint64_t seed)
    : first_(first), count_(count), slot_of_(count, kNoSlot) {
  if (count == 1) {
    strides_ = {0};
  }
  // A stride of 0 would be the sender itself.
  const User wanted = std::min(count - 1, kMostPartners);
  for (std::uint64_t draw = 0; strides_.size() < wanted; ++draw) {
    const User stride = count - 1 <= kMostPartners ? static_cast<User>(draw) + 1
                                                   : 1 + below(count - 1, mixed(seed + draw));
    if (slot_of_[stride] == kNoSlot) {
      slot_of_[stride] = static_cast<std::uint16_t>(strides_.size());
      strides_.push_back(stride);
    }
  }
  if (count == 1) {
    slot_of_[0] = 0;
  }
}

std::optional<std::uint32_t> Pairing::slot_of(User sender, User recipient) const {
  if (recipient < first_ || recipient - first_ >= count_) {
    return std::nullopt;
  }
  const User from = place_of(sender);
  const User to = recipient - first_;
  const std::uint16_t slot = slot_of_[to >= from ? to - from : to + count_ - from];
  return slot == kNoSlot ? std::nullopt : std::optional<std::uint32_t>(slot);
}

}  // namespace tribar::stress
