// SPDX-License-Identifier: MIT
//
// How many lines the log gets about things that peers can make happen at any rate, of two kinds
// such as coming and leaving. The first ones in a period are logged; the others are counted, for
// each address by itself, and their number is logged at its end. Belongs to one loop's thread; owns
// no clock.
//
// All users on all loops together are to stay below what systemd's journal takes of a service with
// its default settings, 10,000 lines of one priority in 30 s: beyond that it drops lines, whichever
// they are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "loop/peer_network.h"

namespace tribar {

class LineLimit {
 public:
  struct Limits {
    std::uint64_t period_ms = 0;
    std::uint32_t lines = 0;      // of one address in a period, without what is reported
    std::uint32_t all_lines = 2;  // in a period, with what is reported; at least 2
  };
  /// What was not logged in a period.
  struct Omitted {
    std::optional<PeerNetwork> network;      // none: all for which there was no line left
    std::array<std::uint64_t, 2> of_kind{};  // at least one is not 0
    std::uint64_t elapsed_ms = 0;            // since the period began; 0: flush() has ended it

    /// That time in words, to be put behind others.
    [[nodiscard]] std::string when() const;
  };
  using Report = std::function<void(const Omitted&)>;

  explicit LineLimit(const Limits& limits) : limits_(limits), left_(limits.all_lines - 1) {}
  /// The share of one of `loops` loops in `lines`: what Limits::all_lines may be.
  [[nodiscard]] static constexpr std::uint32_t share(std::uint32_t lines, std::uint32_t loops) {
    return lines / loops < 2 ? 2 : lines / loops;
  }

  /// Whether a line about something of `kind`, 0 or 1, that a peer in `network` did is to be
  /// written now. If not, it is counted.
  [[nodiscard]] bool take(PeerNetwork network, std::size_t kind);

  /// Whether there was anything in this period: then tick() must be called every period_ms.
  [[nodiscard]] bool is_counting() const { return !quotas_.empty(); }

  /// `elapsed_ms`: since the last call. At the end of the period reports what was omitted, in
  /// ascending order of networks.
  void tick(std::uint64_t elapsed_ms, const Report& report);
  /// Ends the period now, since the server stops.
  void flush(const Report& report);

 private:
  using Counts = std::array<std::uint64_t, 2>;
  struct Quota {
    std::uint32_t lines = 0;
    Counts omitted{};
  };

  void end_period(std::uint64_t elapsed_ms, const Report& report);

  Limits limits_;
  std::uint32_t left_;  // of all lines; one for others_, and one for each omitted is set aside
  std::map<PeerNetwork, Quota> quotas_;
  Counts others_{};
  std::uint64_t elapsed_ms_ = 0;
};

}  // namespace tribar
