// SPDX-License-Identifier: MIT
//
// Logs each account that is created or deleted; when there are very many in a second, logs their
// number. Belongs to one loop's thread; owns no clock.
#pragma once

#include <cstdint>
#include <span>

#include "loop/line_limit.h"
#include "registry/output.h"

namespace tribar {

class AccountLog {
 public:
  /// How often tick() must be called while is_counting().
  static constexpr std::uint64_t kTickMs = 1000;
  /// In that time, of one loop, without what is reported.
  static constexpr std::uint32_t kLinesOfLoop = 20;
  /// In that time, of all loops together, as far as each has two: see LineLimit.
  static constexpr std::uint32_t kLines = 100;

  /// One of `loops` loops.
  explicit AccountLog(std::uint32_t loops = 1)
      : limit_({kTickMs, kLinesOfLoop, LineLimit::share(kLines, loops)}) {}

  /// Logs `changes`; only counts those beyond the limit of lines in this second.
  void note(std::span<const AccountChange> changes);

  /// Whether lines were written or omitted in this second.
  [[nodiscard]] bool is_counting() const { return limit_.is_counting(); }

  /// Logs how many lines were omitted, once a second.
  void tick(std::uint64_t elapsed_ms) { limit_.tick(elapsed_ms, report); }
  /// The same now: nothing more will come.
  void flush() { limit_.flush(report); }

 private:
  static void report(const LineLimit::Omitted& omitted);

  LineLimit limit_;  // of one address, whoever asked for it
};

}  // namespace tribar
