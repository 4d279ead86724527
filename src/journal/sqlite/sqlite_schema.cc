// SPDX-License-Identifier: MIT
//
// See sqlite_schema.h.
#include "journal/sqlite/sqlite_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <vector>

#include "journal/record.h"
#include "journal/sqlite/sqlite_database.h"

namespace tribar {
namespace {

/// Stored in the database's header to identify our files, for us and for file(1): "trib".
constexpr std::uint32_t kApplicationId = 0x74726962;
constexpr std::size_t kVersionOffset = 60;
constexpr std::size_t kApplicationOffset = 68;

/// What each version adds to the one before. What is here was written to files: it never changes.
constexpr std::array<const char*, kFormatVersion> kSteps{
    R"sql(
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
)sql",
    R"sql(
CREATE TABLE secrets(
  account INTEGER PRIMARY KEY,
  record BLOB NOT NULL);
CREATE TABLE clients(
  account INTEGER NOT NULL,
  client TEXT NOT NULL,
  n INTEGER NOT NULL,
  number INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY(account, client)) WITHOUT ROWID;
DROP VIEW readable_accounts;
CREATE VIEW readable_accounts AS
  SELECT id, datetime(created_ms / 1000, 'unixepoch') AS created,
    CAST(substr(record, 11, instr(substr(record, 11), x'00') - 1) AS TEXT) AS name,
    CASE WHEN EXISTS (SELECT 1 FROM secrets WHERE account = id) THEN 'yes' ELSE 'no' END
      AS has_secret
  FROM accounts;
CREATE VIEW readable_clients AS
  SELECT (SELECT name FROM readable_accounts a WHERE a.id = account) AS name, client, n, number
  FROM clients;
)sql"};

/// What is in a schema, sorted; empty when it cannot be read.
std::vector<std::string> schema_of(sqlite3* database) {
  std::vector<std::string> lines;
  Statement schema(database,
                   "SELECT type || ' ' || name || ' ' || tbl_name || ': ' || sql FROM "
                   "sqlite_schema WHERE sql IS NOT NULL");
  int code = SQLITE_ERROR;
  while (schema.is_ready() && (code = schema.step()) == SQLITE_ROW) {
    lines.emplace_back(schema.bytes(0));
  }
  std::sort(lines.begin(), lines.end());
  return code == SQLITE_DONE ? lines : std::vector<std::string>{};
}

/// What is in the schema of each version.
std::array<std::vector<std::string>, kFormatVersion> make_schemas() {
  std::array<std::vector<std::string>, kFormatVersion> schemas;
  Database empty;
  if (open_database(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, empty)) {
    return {};
  }
  for (std::size_t i = 0; i < kSteps.size() && execute(empty.get(), kSteps[i]); ++i) {
    schemas[i] = schema_of(empty.get());
  }
  return schemas;
}

/// Takes the steps behind `version`; 0: all. Part of a transaction.
bool take_steps(sqlite3* database, std::uint32_t version) {
  return std::all_of(kSteps.begin() + version, kSteps.end(),
                     [database](const char* step) { return execute(database, step); }) &&
         execute(database, fmt::format("PRAGMA user_version={}", kFormatVersion));
}

bool is_known(std::uint32_t version) { return version > 0 && version <= kFormatVersion; }

StoreOpenError unknown_version(const std::string& path, std::uint32_t version) {
  return {fmt::format("{}: has format version {}, and this tribard knows version {}; use the "
                      "tribard that wrote it",
                      path, version, kFormatVersion),
          false};
}

}  // namespace

StoreOpenError damaged(const std::string& path, const std::string& reason) {
  return {fmt::format("{}: the store is damaged: {}; restore a backup, or inspect it with "
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
    return damaged(path, "it is not an SQLite database");
  }
  if (big_endian(header.data() + kApplicationOffset) != kApplicationId) {
    return StoreOpenError{
        fmt::format("{}: is the database of another program; choose another storage.path", path),
        false};
  }
  const std::uint32_t version = big_endian(header.data() + kVersionOffset);
  if (!is_known(version)) {
    return unknown_version(path, version);
  }
  return std::nullopt;
}

Result<std::uint32_t, StoreOpenError> check_version(const std::string& path, sqlite3* database) {
  Statement user_version(database, "PRAGMA user_version");
  if (!user_version.is_ready() || user_version.step() != SQLITE_ROW) {
    return damaged(path, sqlite3_errmsg(database));
  }
  const auto version = static_cast<std::uint32_t>(user_version.number(0));
  if (!is_known(version)) {
    return unknown_version(path, version);
  }
  return version;
}

bool has_our_schema(sqlite3* database, std::uint32_t version) {
  static const auto schemas = make_schemas();
  const std::vector<std::string>& ours = schemas[version - 1];
  const std::vector<std::string> theirs = schema_of(database);
  return !ours.empty() && std::includes(theirs.begin(), theirs.end(), ours.begin(), ours.end());
}

bool fill(sqlite3* database) {
  std::string record;
  encode_counters(record, {}, {});
  if (!execute(database, "PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA; BEGIN IMMEDIATE") ||
      !take_steps(database, 0) ||
      !execute(database, fmt::format("PRAGMA application_id={}", kApplicationId))) {
    return false;
  }
  Statement counters(database, "INSERT INTO counters VALUES(1, 0, 0, ?1)");
  counters.bind(1, record);
  return counters.run() && execute(database, "COMMIT");
}

std::optional<std::string> migrate(sqlite3* database, std::uint32_t version) {
  if (execute(database, "PRAGMA synchronous=EXTRA; BEGIN IMMEDIATE") &&
      take_steps(database, version) && execute(database, "COMMIT")) {
    return std::nullopt;
  }
  std::string why = sqlite3_errmsg(database);
  // Also when nothing was begun, or all is undone already: then it fails, and that is as well.
  execute(database, "ROLLBACK");
  return why;
}

}  // namespace tribar
