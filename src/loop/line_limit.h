// SPDX-License-Identifier: MIT
//
// How many lines the log gets about things that peers can make happen at any rate, of two kinds
// such as coming and leaving. The first ones in a period are logged; the others are counted, for
// each address by itself, and their number is logged at its end. Belongs to one loop's thread; owns
// no clock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "loop/peer_network.h"

namespace tribar {

class LineLimit {
 public:
  struct Limits {
    std::uint64_t period_ms = 0;
    std::uint32_t lines = 0;    // of one address in a period
    std::size_t addresses = 1;  // in a period; of further ones everything is only counted
  };
  /// What was not logged in a period.
  struct Omitted {
    std::optional<PeerNetwork> network;      // none: all for which there was no room
    std::array<std::uint64_t, 2> of_kind{};  // at least one is not 0
    std::uint64_t elapsed_ms = 0;            // since the period began
  };
  using Report = std::function<void(const Omitted&)>;

  explicit LineLimit(const Limits& limits) : limits_(limits) {}

  /// Whether a line about something of `kind`, 0 or 1, that a peer in `network` did is to be
  /// written now. If not, it is counted.
  [[nodiscard]] bool take(PeerNetwork network, std::size_t kind);

  /// Whether there was anything in this period: then tick() must be called every period_ms.
  [[nodiscard]] bool is_counting() const { return !quotas_.empty(); }

  /// `elapsed_ms`: since the last call. At the end of the period reports what was omitted, in
  /// ascending order of networks.
  void tick(std::uint64_t elapsed_ms, const Report& report);
  /// Ends the period now.
  void flush(const Report& report);

 private:
  struct Quota {
    std::uint32_t lines = 0;
    std::array<std::uint64_t, 2> omitted{};
  };

  Limits limits_;
  std::map<PeerNetwork, Quota> quotas_;
  std::array<std::uint64_t, 2> others_{};
  std::uint64_t elapsed_ms_ = 0;
};

}  // namespace tribar
