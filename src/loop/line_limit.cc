// SPDX-License-Identifier: MIT
//
// See line_limit.h.
#include "loop/line_limit.h"

#include <utility>

namespace tribar {

bool LineLimit::take(PeerNetwork network, std::size_t kind) {
  auto at = quotas_.find(network);
  if (at == quotas_.end()) {
    if (quotas_.size() >= limits_.addresses) {
      ++others_.at(kind);
      return false;
    }
    at = quotas_.emplace(network, Quota{}).first;
  }
  Quota& quota = at->second;
  if (quota.lines >= limits_.lines) {
    ++quota.omitted.at(kind);
    return false;
  }
  ++quota.lines;
  return true;
}

void LineLimit::tick(std::uint64_t elapsed_ms, const Report& report) {
  elapsed_ms_ += is_counting() ? elapsed_ms : 0;
  if (elapsed_ms_ >= limits_.period_ms) {
    flush(report);
  }
}

void LineLimit::flush(const Report& report) {
  const std::uint64_t elapsed_ms = std::exchange(elapsed_ms_, 0);
  constexpr std::array<std::uint64_t, 2> kNone{};
  for (const auto& [network, quota] : std::exchange(quotas_, {})) {
    if (quota.omitted != kNone) {
      report({network, quota.omitted, elapsed_ms});
    }
  }
  if (others_ != kNone) {
    report({std::nullopt, std::exchange(others_, {}), elapsed_ms});
  }
}

}  // namespace tribar
