// SPDX-License-Identifier: MIT
//
// The reading half of an SQLite store: reads everything, and reports what is wrong.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/record.h"
#include "registry/record.h"

namespace tribar {

/// Callbacks of walk(), for each thing in a store.
struct Walker {
  /// Returns false if an account with this name or id exists already.
  std::function<bool(AccountId, UnixMs, std::string_view name)> account;
  std::function<void(AccountId, std::string_view hash)> secret;
  std::function<void(AccountId, std::string_view client, std::uint64_t n, MessageNumber)> client;
  std::function<void(MessageNumber, AccountId, UnixMs, const StoredMessage&)> message;
  std::function<void(AccountId last_account, MessageNumber below)> counters;
  /// `is_message`: only one message is lost.
  std::function<void(const std::string& what, const RecordError& error, bool is_message)> damage;
};

/// Reads everything in a store of the format `version`, in the order in which Walker has it; the
/// reason when the database itself fails.
[[nodiscard]] std::optional<std::string> walk(sqlite3* database, std::uint32_t version,
                                              const Walker& walker);

/// Runs the integrity check `pragma`, which limits the number of findings; empty: no problems.
[[nodiscard]] std::vector<std::string> integrity_findings(sqlite3* database, const char* pragma);

}  // namespace tribar
