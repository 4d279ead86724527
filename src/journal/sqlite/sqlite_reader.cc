// SPDX-License-Identifier: MIT
//
// See sqlite_reader.h.
#include "journal/sqlite/sqlite_reader.h"

#include <functional>

#include "journal/sqlite/sqlite_database.h"

namespace tribar {

namespace {

/// Calls `take` with each row of what `sql` selects; the reason when the database fails.
std::optional<std::string> each_row(sqlite3* database, const char* sql,
                                    const std::function<void(const Statement&)>& take) {
  Statement rows(database, sql);
  int code = SQLITE_ERROR;
  while (rows.is_ready() && (code = rows.step()) == SQLITE_ROW) {
    take(rows);
  }
  return code == SQLITE_DONE ? std::nullopt : std::optional(sqlite3_errmsg(database));
}

void take_account(const Statement& row, const RowReader& reader) {
  reader.take_account(AccountId{row.number(0)}, UnixMs{row.number(1)}, row.bytes(2));
}

void take_secret(const Statement& row, const RowReader& reader) {
  reader.take_secret(AccountId{row.number(0)}, row.bytes(1));
}

void take_client(const Statement& row, const RowReader& reader) {
  reader.take_client(AccountId{row.number(0)}, row.bytes(1), row.number(2),
                     MessageNumber{row.number(3)}, row.bytes(4));
}

void take_message(const Statement& row, const RowReader& reader) {
  reader.take_message(MessageNumber{row.number(0)}, AccountId{row.number(1)}, UnixMs{row.number(2)},
                      row.bytes(3));
}

}  // namespace

std::optional<std::string> walk(sqlite3* database, std::uint32_t version, const Walker& walker) {
  RowReader reader(walker);
  auto failure = each_row(database, "SELECT last_account, numbers_below, record FROM counters",
                          [&](const Statement& row) {
                            reader.take_counters(AccountId{row.number(0)},
                                                 MessageNumber{row.number(1)}, row.bytes(2));
                          });
  if (!failure) {
    failure = reader.missing();
  }
  using TakeRow = void (*)(const Statement&, const RowReader&);
  const struct {
    std::uint32_t since_version;
    const char* sql;
    TakeRow take_row;
  } tables[] = {
      {1, "SELECT id, created_ms, record FROM accounts ORDER BY id", take_account},
      {2, "SELECT account, record FROM secrets ORDER BY account", take_secret},
      {2, "SELECT account, client, n, number, record FROM clients ORDER BY account, client",
       take_client},
      {1, "SELECT number, account, time_ms, record FROM messages ORDER BY number", take_message},
  };
  for (const auto& table : tables) {
    if (failure) {
      return failure;
    }
    if (table.since_version <= version) {
      failure =
          each_row(database, table.sql, [&](const Statement& row) { table.take_row(row, reader); });
    }
  }
  if (!failure) {
    reader.finish();
  }
  return failure;
}

std::vector<std::string> integrity_findings(sqlite3* database, const char* pragma) {
  std::vector<std::string> findings;
  Statement check(database, pragma);
  if (!check.is_ready()) {
    return {sqlite3_errmsg(database)};
  }
  int code = SQLITE_ROW;
  while ((code = check.step()) == SQLITE_ROW) {
    const std::string_view line = check.bytes(0);
    if (line != "ok") {
      findings.emplace_back(line);
    }
  }
  if (code != SQLITE_DONE) {
    findings.emplace_back(sqlite3_errmsg(database));
  }
  return findings;
}

}  // namespace tribar
