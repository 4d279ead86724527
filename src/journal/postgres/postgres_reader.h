// SPDX-License-Identifier: MIT
//
// The reading half of a PostgreSQL store.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "journal/contents.h"
#include "journal/postgres/session.h"

namespace tribar {

/// What is read. The counters always are.
struct Reading {
  // Rows with keys above these; none: no rows of that table.
  std::optional<std::uint64_t> accounts_above;
  std::optional<std::uint64_t> messages_above;
  bool with_details = false;  // secrets and clients
  /// Only the details that this transaction of the database or a later one has changed, in any
  /// order; 0: all.
  std::uint32_t details_from = 0;
};
/// All of it.
inline constexpr Reading kEverything{0, 0, true};

/// Reads from a store, in the order of RowReader. Returns what is wrong; when the database itself
/// failed, that is in `failure`, too. Calls `meanwhile` from time to time.
[[nodiscard]] std::optional<std::string> walk(
    Session& session, const Reading& reading, const Walker& walker, std::optional<Failure>& failure,
    const std::function<void()>& meanwhile = [] {});

}  // namespace tribar
