// SPDX-License-Identifier: MIT
//
// What makes a database a store of ours: its header and its schema, which docs/storage.md
// describes.
#pragma once

#include <sqlite3.h>

#include <optional>
#include <string>

#include "journal/sqlite/store_file.h"
#include "journal/store.h"

namespace tribar {

[[nodiscard]] StoreOpenError damaged(const std::string& path, const std::string& reason);

/// What the first bytes of the file say, without SQLite, which might write.
[[nodiscard]] std::optional<StoreOpenError> check_header(const std::string& path,
                                                         const StoreFile& file, bool& is_new);

/// Whether the schema is ours: SQLite's check does not cover its text.
[[nodiscard]] bool has_our_schema(sqlite3* database);

/// Fills an empty database file. Its journal is a plain one: what is in the file is all there is.
[[nodiscard]] bool fill(sqlite3* database);

}  // namespace tribar
