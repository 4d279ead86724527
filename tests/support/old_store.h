// SPDX-License-Identifier: MIT
//
// A store as the tribard before this one wrote it: format version 1. What is here was written to
// files: it never changes.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <vector>

#include "journal/record.h"

namespace tribar::test {

inline constexpr const char* kSchemaOfVersion1 = R"sql(
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

/// Makes one at `path`, where nothing is: ann is account 1 and bob account 2, messages from 1 on
/// wait for bob, one for each of `texts`, from ann; numbers below 100 are used. A server had it,
/// and was stopped.
inline void make_old_store(const std::string& path, std::uint64_t time_ms,
                           const std::vector<std::string>& texts) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  const auto run = [database](const std::string& sql, const std::string& record = {}) {
    sqlite3_stmt* statement = nullptr;
    ASSERT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
    sqlite3_bind_blob(statement, 1, record.data(), static_cast<int>(record.size()), SQLITE_STATIC);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_DONE) << sql;
    sqlite3_finalize(statement);
  };
  ASSERT_EQ(sqlite3_exec(database, kSchemaOfVersion1, nullptr, nullptr, nullptr), SQLITE_OK);
  run("PRAGMA application_id=1953655138");
  run("PRAGMA user_version=1");
  const std::string time = std::to_string(time_ms);
  std::string record;
  encode_account(record, AccountId{1}, UnixMs{time_ms}, "ann");
  run("INSERT INTO accounts VALUES(1, " + time + ", ?1)", record);
  encode_account(record, AccountId{2}, UnixMs{time_ms}, "bob");
  run("INSERT INTO accounts VALUES(2, " + time + ", ?1)", record);
  encode_counters(record, AccountId{2}, MessageNumber{100});
  run("INSERT INTO counters VALUES(1, 2, 100, ?1)", record);
  std::uint64_t number = 0;
  for (const std::string& text : texts) {
    encode_message(record, MessageNumber{++number}, AccountId{2}, UnixMs{time_ms}, "ann", text);
    run("INSERT INTO messages VALUES(" + std::to_string(number) + ", 2, " + time + ", ?1)", record);
  }
  ASSERT_EQ(sqlite3_exec(database, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
}

}  // namespace tribar::test
