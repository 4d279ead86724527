// SPDX-License-Identifier: MIT
//
// Which database a write-ahead log belongs to. SQLite does not know: it plays back any log that it
// finds beside a database, also beside a backup that was put there, which is undone or destroyed by
// that.
//
// The start id is the database's schema cookie (https://sqlite.org/fileformat.html#schema_cookie),
// a number in its first page that means nothing but "the schema may have changed". Each start sets
// it to a random one while there is no log, and each log has the first page among what it says
// first (SqliteLog). So the two numbers are one, but for the few by which views that a person makes
// count the one in the log on. A backup has another one: that of an earlier start, or, since SQLite
// counts the cookie of every copy that it makes, a number that was never ours.
#pragma once

#include <sqlite3.h>

#include <optional>
#include <string>

#include "journal/sqlite/store_file.h"

namespace tribar {

/// Whether the log beside the open `database` cannot be that of the database in `file`.
[[nodiscard]] bool has_foreign_log(const StoreFile& file, sqlite3* database);

/// Gives the database another start id and makes it keep a write-ahead log. The id stays as it is
/// while somebody else has the database open, or the disk is full. Returns why there can be no log.
[[nodiscard]] std::optional<std::string> begin_start(sqlite3* database);

}  // namespace tribar
