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

  /// Logs `changes`; only counts those beyond the limit of lines in this second.
  void note(std::span<const AccountChange> changes);

  /// Whether lines were written or omitted in this second.
  [[nodiscard]] bool is_counting() const { return limit_.is_counting(); }

  /// Logs how many lines were omitted, once a second.
  void tick(std::uint64_t elapsed_ms) { limit_.tick(elapsed_ms, report); }
  /// The same now: nothing more will come.
  void flush() { limit_.flush(report); }

 private:
  static constexpr std::uint32_t kLinesPerSecond = 20;

  static void report(const LineLimit::Omitted& omitted);

  LineLimit limit_{{kTickMs, kLinesPerSecond}};  // whoever asked for it
};

}  // namespace tribar
