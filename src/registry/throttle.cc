// SPDX-License-Identifier: MIT
//
// See throttle.h.
#include "registry/throttle.h"

#include <algorithm>

namespace tribar {

std::uint64_t Throttle::begin(AccountId account, std::uint64_t network, UnixMs now) {
  forget(now);
  const Key key{account, network};
  auto [at, is_new] = entries_.try_emplace(key);
  Entry& entry = at->second;
  if (is_new) {
    entry.serial = ++serial_;
    order_.push_back({key, entry.serial, now});
  }
  if (entry.attempts >= kFree) {
    const std::uint32_t doublings = std::min(entry.attempts - kFree, 16U);
    const std::uint64_t wait_ms = std::min(kFirstWaitMs << doublings, kLongestWaitMs);
    // A clock that was set back must not make anybody wait longer.
    entry.last = std::min(entry.last, now);
    const std::uint64_t waited_ms = now.value - entry.last.value;
    if (waited_ms < wait_ms) {
      return wait_ms - waited_ms;
    }
  }
  ++entry.attempts;
  entry.last = now;
  return 0;
}

void Throttle::take_back(AccountId account, std::uint64_t network) {
  const auto at = entries_.find({account, network});
  if (at != entries_.end() && at->second.attempts > 0) {
    --at->second.attempts;
  }
}

/// Looks at the front of the order, a few items per call.
void Throttle::forget(UnixMs now) {
  constexpr int kPerCall = 4;
  for (int i = 0; i < kPerCall && !order_.empty(); ++i) {
    const Item item = order_.front();
    const auto at = entries_.find(item.key);
    const bool is_current = at != entries_.end() && at->second.serial == item.serial;
    if (is_current && entries_.size() < kMostEntries) {
      if (now.value < item.seen.value + kForgottenMs) {
        return;
      }
      if (at->second.last > item.seen) {
        order_.push_back({item.key, item.serial, at->second.last});
        order_.pop_front();
        continue;
      }
    }
    if (is_current) {
      entries_.erase(at);
    }
    order_.pop_front();
  }
}

}  // namespace tribar
