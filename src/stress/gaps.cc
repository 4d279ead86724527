// SPDX-License-Identifier: MIT
//
// See gaps.h.
#include "stress/gaps.h"

#include <algorithm>
#include <iterator>

namespace tribar::stress {

void Gaps::add(std::uint64_t series, std::uint32_t from, std::uint32_t to) {
  count_ += to - from;
  const auto after = ranges_.lower_bound({series, from});
  if (after != ranges_.begin()) {
    const auto before = std::prev(after);
    if (before->first.first == series && before->second == from) {
      before->second = to;
      return;
    }
  }
  ranges_.emplace_hint(after, Place{series, from}, to);
}

bool Gaps::holds(std::uint64_t series, std::uint32_t number) const {
  const auto after = ranges_.upper_bound({series, number});
  return after != ranges_.begin() && std::prev(after)->first.first == series &&
         std::prev(after)->second > number;
}

bool Gaps::take(std::uint64_t series, std::uint32_t number) {
  return take_range(series, number, number + 1) == 1;
}

std::uint64_t Gaps::take_range(std::uint64_t series, std::uint32_t from, std::uint32_t to) {
  std::uint64_t taken = 0;
  auto at = ranges_.upper_bound({series, from});
  if (at != ranges_.begin() && std::prev(at)->first.first == series) {
    --at;
  }
  while (at != ranges_.end() && at->first.first == series && at->first.second < to) {
    const auto [place, end] = *at;
    const std::uint32_t low = std::max(place.second, from);
    const std::uint32_t high = std::min(end, to);
    if (low >= high) {
      ++at;
      continue;
    }
    at = ranges_.erase(at);
    if (place.second < low) {
      ranges_.emplace(place, low);
    }
    if (high < end) {
      at = ranges_.emplace(Place{series, high}, end).first;
    }
    taken += high - low;
  }
  count_ -= taken;
  return taken;
}

}  // namespace tribar::stress
