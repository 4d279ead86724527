// SPDX-License-Identifier: MIT
//
// The reading half of an SQLite store: everything in it, and what is wrong with it.
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

/// What reading a store calls for each thing in it.
struct Walker {
  /// False: there is one with this name or id already.
  std::function<bool(AccountId, UnixMs, std::string_view name)> account;
  std::function<void(AccountId, std::string_view hash)> secret;
  std::function<void(AccountId, std::string_view client, std::uint64_t n, MessageNumber)> client;
  std::function<void(MessageNumber, AccountId, UnixMs, const StoredMessage&)> message;
  std::function<void(AccountId last_account, MessageNumber below)> counters;
  /// `is_message`: it costs that message alone.
  std::function<void(const std::string& what, const RecordError& error, bool is_message)> damage;
};

/// Reads everything in a store of the format `version`, in the order in which Walker has it; the
/// reason when the database itself fails.
[[nodiscard]] std::optional<std::string> walk(sqlite3* database, std::uint32_t version,
                                              const Walker& walker);

/// The integrity check's findings, at most some; empty: all is well.
[[nodiscard]] std::vector<std::string> integrity_findings(sqlite3* database, const char* pragma);

}  // namespace tribar
