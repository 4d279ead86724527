// SPDX-License-Identifier: MIT
//
// What identifies a database as a store: its header and its schema, which docs/storage.md
// describes.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <string>

#include "journal/sqlite/store_file.h"
#include "journal/store.h"

namespace tribar {

[[nodiscard]] StoreOpenError damaged(const std::string& path, const std::string& reason);

/// Checks the first bytes of the file. Does not use SQLite, which might write to the file.
[[nodiscard]] std::optional<StoreOpenError> check_header(const std::string& path,
                                                         const StoreFile& file, bool& is_new);

/// The format version, from 1 to kFormatVersion, as the log has it: a server that was killed while
/// it brought the store to another one left the header behind.
[[nodiscard]] Result<std::uint32_t, StoreOpenError> check_version(const std::string& path,
                                                                  sqlite3* database);

/// Whether the schema is ours, of that version: SQLite's check does not cover its text.
[[nodiscard]] bool has_our_schema(sqlite3* database, std::uint32_t version);

/// Creates header, schema and counters in an empty database file. Uses a rollback journal, so that
/// afterwards everything is in the file itself.
[[nodiscard]] bool fill(sqlite3* database);

/// Brings a store of `version`, which is good, to kFormatVersion, in one transaction. When that
/// fails it is as it was. Returns why.
[[nodiscard]] std::optional<std::string> migrate(sqlite3* database, std::uint32_t version);

}  // namespace tribar
