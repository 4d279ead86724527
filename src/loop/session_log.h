// SPDX-License-Identifier: MIT
//
// Logs who logs in, and why a session ends: one line each at `info`, a few in ten seconds of one
// address, and not too many in all; further ones are counted. Belongs to one loop's thread; owns no
// clock.
#pragma once

#include <cstdint>
#include <string_view>

#include "chat/protocol.h"
#include "loop/line_limit.h"
#include "loop/transport.h"

namespace tribar {

class SessionLog {
 public:
  /// How often tick() must be called while is_counting().
  static constexpr std::uint64_t kTickMs = 10'000;
  /// In that time.
  static constexpr std::uint32_t kLinesOfAddress = 5;
  /// The same of all loops together, so at most four times as many in any 30 s: see LineLimit.
  static constexpr std::uint32_t kLines = 1280;

  /// One of `loops` loops.
  explicit SessionLog(std::uint32_t loops = 1)
      : limit_({kTickMs, kLinesOfAddress, LineLimit::share(kLines, loops)}) {}

  /// `name` is logged in now. `network`: that of `transport`.
  void came(std::string_view name, PeerNetwork network, const Transport& transport,
            Protocol protocol);
  /// `name`, of whom came() was told, is not logged in any more. `reason`: a word such as
  /// "replaced"; docs/operate.md lists all.
  void left(std::string_view name, PeerNetwork network, std::string_view reason);

  /// Whether anybody came or left in this period.
  [[nodiscard]] bool is_counting() const { return limit_.is_counting(); }
  /// Logs how many lines were omitted, once a period.
  void tick(std::uint64_t elapsed_ms) { limit_.tick(elapsed_ms, report); }
  /// The same now: nothing more will come.
  void flush() { limit_.flush(report); }

 private:
  static void report(const LineLimit::Omitted& omitted);

  LineLimit limit_;
};

}  // namespace tribar
