// SPDX-License-Identifier: MIT
//
// What one loop counts for metrics.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "base/counter.h"
#include "chat/protocol.h"
#include "chat/refusal.h"

namespace tribar {

struct LoopCounters {
  /// Room for each enumerator of Protocol.
  static constexpr std::size_t kProtocols = 4;
  /// Room for each refusal_codes().
  static constexpr std::size_t kRefusals = 64;

  Counter accepted;  // connections, rejected ones included
  Counter rejected;
  std::array<Counter, kProtocols> open;  // connections, by the protocol that they speak
  /// Messages that were written, and that the registry takes for waiting until it hears of it.
  Counter unreported;
  Counter read_bytes;                       // plaintext
  Counter written_bytes;                    // plaintext, also what transports are still writing
  Counter buffered_bytes;                   // see SwitchboardLimits::buffered_bytes
  std::array<Counter, kRefusals> refusals;  // by the index in refusal_codes()
  Histogram turns;                          // microseconds from the end of a poll to the next one
  Histogram commands;  // microseconds from the sending of a batch to its return

  Counter& open_of(Protocol protocol) { return open[static_cast<std::size_t>(protocol)]; }
  void note(RefusalCode code) {
    const std::span<const RefusalCode> codes = refusal_codes();
    const auto at = std::lower_bound(codes.begin(), codes.end(), code);
    refusals[static_cast<std::size_t>(at - codes.begin())].add();
  }
};

}  // namespace tribar
