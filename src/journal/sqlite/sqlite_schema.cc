// SPDX-License-Identifier: MIT
//
// See sqlite_schema.h.
#include "journal/sqlite/sqlite_schema.h"

#include <fmt/format.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <vector>

#include "journal/record.h"
#include "journal/sqlite/sqlite_database.h"

namespace tribar {
namespace {

/// In the database's header, so that `file` and we know whose it is: "trib".
constexpr std::uint32_t kApplicationId = 0x74726962;
constexpr std::size_t kVersionOffset = 60;
constexpr std::size_t kApplicationOffset = 68;

constexpr const char* kSchema = R"sql(
CREATE TABLE accounts(
  id INTEGER PRIMARY KEY,
  created_ms INTEGER NOT NULL,
  record BLOB NOT NULL);
CREATE TABLE messages(
  number INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  record BLOB NOT NULL);
CREATE TABLE counters(
  one INTEGER PRIMARY KEY CHECK (one = 1),
  last_account INTEGER NOT NULL,
  numbers_below INTEGER NOT NULL,
  record BLOB NOT NULL);
CREATE VIEW readable_accounts AS
  SELECT id, datetime(created_ms / 1000, 'unixepoch') AS created,
    CAST(substr(record, 11, instr(substr(record, 11), x'00') - 1) AS TEXT) AS name
  FROM accounts;
CREATE VIEW readable_messages AS
  SELECT number, (SELECT name FROM readable_accounts a WHERE a.id = account) AS recipient,
    datetime(time_ms / 1000, 'unixepoch') AS time,
    CAST(substr(record, 11, instr(substr(record, 11), x'00') - 1) AS TEXT) AS sender,
    CAST(substr(record, 11 + instr(substr(record, 11), x'00'),
                length(record) - 11 - instr(substr(record, 11), x'00')) AS TEXT) AS text
  FROM messages;
)sql";

/// The text of everything in the schema that is ours, or nothing when it cannot be read.
std::vector<std::string> schema_of(sqlite3* database) {
  std::vector<std::string> lines;
  Statement schema(
      database,
      "SELECT type || ' ' || name || ' ' || tbl_name || ': ' || sql FROM sqlite_schema "
      "WHERE name IN ('accounts', 'messages', 'counters', 'readable_accounts', "
      "'readable_messages') ORDER BY name");
  int code = SQLITE_ROW;
  while (schema.is_ready() && (code = schema.step()) == SQLITE_ROW) {
    lines.emplace_back(schema.bytes(0));
  }
  return code == SQLITE_DONE ? lines : std::vector<std::string>{};
}

}  // namespace

StoreOpenError damaged(const std::string& path, const std::string& reason) {
  return {fmt::format("{}: the store is damaged: {}; restore a backup, or look into it with "
                      "tribard --verify-storage and sqlite3",
                      path, reason),
          true};
}

std::optional<StoreOpenError> check_header(const std::string& path, const StoreFile& file,
                                           bool& is_new) {
  const auto read = file.head(kHeaderBytesOfDatabase);
  if (!read) {
    return StoreOpenError{
        fmt::format("{}: cannot be read: {}", path, std::generic_category().message(errno)), true};
  }
  const std::string& header = *read;
  is_new = header.empty();
  if (is_new) {
    return std::nullopt;
  }
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  if (header.size() < kHeaderBytesOfDatabase || !header.starts_with(kMagic)) {
    return damaged(path, "it is no SQLite database");
  }
  if (big_endian(header.data() + kApplicationOffset) != kApplicationId) {
    return StoreOpenError{
        fmt::format("{}: is a database of another program; name another storage.path", path),
        false};
  }
  const std::uint32_t version = big_endian(header.data() + kVersionOffset);
  if (version != kFormatVersion) {
    return StoreOpenError{
        fmt::format("{}: has format version {}, and this tribard knows version {}; use the tribard "
                    "that wrote it",
                    path, version, kFormatVersion),
        false};
  }
  return std::nullopt;
}

bool has_our_schema(sqlite3* database) {
  static const std::vector<std::string> ours = [] {
    Database empty;
    const bool is_made =
        !open_database(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, empty) &&
        execute(empty.get(), kSchema);
    return is_made ? schema_of(empty.get()) : std::vector<std::string>{};
  }();
  return !ours.empty() && schema_of(database) == ours;
}

bool fill(sqlite3* database) {
  std::string record;
  encode_counters(record, {}, {});
  if (!execute(database, "PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA; BEGIN IMMEDIATE") ||
      !execute(database, kSchema) ||
      !execute(database, fmt::format("PRAGMA application_id={}; PRAGMA user_version={}",
                                     kApplicationId, kFormatVersion))) {
    return false;
  }
  Statement counters(database, "INSERT INTO counters VALUES(1, 0, 0, ?1)");
  counters.bind(1, record);
  return counters.run() && execute(database, "COMMIT");
}

}  // namespace tribar
