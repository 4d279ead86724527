// SPDX-License-Identifier: MIT
//
// Detects a write-ahead log that belongs to another database. SQLite does not check this: it
// replays any log that it finds beside a database. If that database is a backup that was just
// restored, the backup is undone or destroyed.
//
// The start id is stored as the database's schema cookie
// (https://sqlite.org/fileformat.html#schema_cookie), a number in its first page that only says
// "the schema may have changed". Each start sets it to a random number while there is no log, and
// each new log begins with the first page (SqliteLog). So the cookies in database and log are
// equal, or the log's is a little higher if the user created views since. A backup has a different
// cookie: that of an earlier start, or, because SQLite increments the cookie of each copy that it
// makes, one that was never ours.
#pragma once

#include <sqlite3.h>

#include <optional>
#include <string>

#include "journal/sqlite/store_file.h"

namespace tribar {

/// Whether the log beside the open `database` belongs to another database than the one in `file`.
[[nodiscard]] bool has_foreign_log(const StoreFile& file, sqlite3* database);

/// Sets a new start id and switches the database to a write-ahead log. The id stays the same if
/// another process has the database open, or the disk is full. Returns why there can be no log, if
/// so.
[[nodiscard]] std::optional<std::string> begin_start(sqlite3* database);

}  // namespace tribar
