// SPDX-License-Identifier: MIT
//
// Logs each account that is created or deleted; when there are very many in a second, logs their
// number. Belongs to one loop's thread; owns no clock.
#pragma once

#include <cstdint>
#include <span>

#include "registry/output.h"

namespace tribar {

class AccountLog {
 public:
  /// How often tick() must be called while is_counting().
  static constexpr std::uint64_t kTickMs = 1000;

  /// Logs `changes`; only counts those beyond the limit of lines in this second.
  void note(std::span<const AccountChange> changes);

  /// Whether lines were written or omitted in this second.
  [[nodiscard]] bool is_counting() const { return lines_ > 0; }

  /// Logs how many lines were omitted, once a second.
  void tick(std::uint64_t elapsed_ms);

 private:
  static constexpr std::uint64_t kLinesPerSecond = 20;

  std::uint64_t lines_ = 0;  // in this second; so are the next ones
  std::uint64_t unlogged_created_ = 0;
  std::uint64_t unlogged_deleted_ = 0;
  std::uint64_t elapsed_ms_ = 0;
};

}  // namespace tribar
