// SPDX-License-Identifier: MIT
//
// See account_log.h.
#include "loop/account_log.h"

#include <string_view>
#include <utility>

#include "base/log.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "accounts";

}  // namespace

void AccountLog::note(std::span<const AccountChange> changes) {
  for (const AccountChange& change : changes) {
    if (lines_ < kLinesPerSecond) {
      ++lines_;
      log::info(kSubject, "{} {}", change.is_deletion ? "deleted" : "created", change.name);
    } else {
      ++(change.is_deletion ? unlogged_deleted_ : unlogged_created_);
    }
  }
}

void AccountLog::tick(std::uint64_t elapsed_ms) {
  elapsed_ms_ = is_counting() ? elapsed_ms_ + elapsed_ms : 0;
  if (elapsed_ms_ < kTickMs) {
    return;
  }
  if (unlogged_created_ + unlogged_deleted_ > 0) {
    log::info(kSubject, "created {} more and deleted {} more within {} ms",
              std::exchange(unlogged_created_, 0), std::exchange(unlogged_deleted_, 0),
              elapsed_ms_);
  }
  elapsed_ms_ = 0;
  lines_ = 0;
}

}  // namespace tribar
