// SPDX-License-Identifier: MIT
//
// See backoff.h.
#include "client/backoff.h"

#include <algorithm>

namespace tribar {

std::chrono::milliseconds Backoff::next(std::uint64_t random) {
  if (++failed_ < servers_) {
    return std::chrono::milliseconds(0);
  }
  failed_ = 0;
  const auto choices = static_cast<std::uint64_t>((limit_ - kLeast).count()) + 1;
  limit_ = std::min(limit_ * 2, kMost);
  return kLeast + std::chrono::milliseconds(random % choices);
}

}  // namespace tribar
