// SPDX-License-Identifier: MIT
//
// See line_limit.h.
#include "loop/line_limit.h"

#include <fmt/format.h>

#include <utility>

namespace tribar {

std::string LineLimit::Omitted::when() const {
  return elapsed_ms > 0 ? fmt::format("within {} ms", elapsed_ms) : "until the server stopped";
}

bool LineLimit::take(PeerNetwork network, std::size_t kind) {
  const auto at = quotas_.find(network);
  const bool is_known = at != quotas_.end();
  if (left_ > 0 && (!is_known || at->second.lines < limits_.lines)) {
    --left_;
    ++quotas_[network].lines;
    return true;
  }
  const bool is_reported = is_known && at->second.omitted != Counts{};
  if (is_known && (is_reported || left_ > 0)) {
    left_ -= is_reported ? 0 : 1;
    ++at->second.omitted.at(kind);
  } else {
    ++others_.at(kind);
  }
  return false;
}

void LineLimit::tick(std::uint64_t elapsed_ms, const Report& report) {
  elapsed_ms_ += is_counting() ? elapsed_ms : 0;
  if (elapsed_ms_ >= limits_.period_ms) {
    end_period(elapsed_ms_, report);
  }
}

void LineLimit::flush(const Report& report) { end_period(0, report); }

void LineLimit::end_period(std::uint64_t elapsed_ms, const Report& report) {
  elapsed_ms_ = 0;
  left_ = limits_.all_lines - 1;
  for (const auto& [network, quota] : std::exchange(quotas_, {})) {
    if (quota.omitted != Counts{}) {
      report({network, quota.omitted, elapsed_ms});
    }
  }
  if (others_ != Counts{}) {
    report({std::nullopt, std::exchange(others_, {}), elapsed_ms});
  }
}

}  // namespace tribar
