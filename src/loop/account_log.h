// SPDX-License-Identifier: MIT
//
// A line in the log for each account that is created or deleted; of very many in a second, how many
// there were. Belongs to one loop's thread; owns no clock.
#pragma once

#include <cstdint>
#include <span>

#include "registry/output.h"

namespace tribar {

class AccountLog {
 public:
  /// How often tick() is to be called while is_counting().
  static constexpr std::uint64_t kTickMs = 1000;

  /// Logs `changes`, or counts those of them that are too many for this second.
  void note(std::span<const AccountChange> changes);

  /// Whether lines were written or left out in this second.
  [[nodiscard]] bool is_counting() const { return lines_ > 0; }

  /// Logs how many were left out, once a second.
  void tick(std::uint64_t elapsed_ms);

 private:
  static constexpr std::uint64_t kLinesPerSecond = 20;

  std::uint64_t lines_ = 0;  // in this second, as for the next
  std::uint64_t unlogged_created_ = 0;
  std::uint64_t unlogged_deleted_ = 0;
  std::uint64_t elapsed_ms_ = 0;
};

}  // namespace tribar
