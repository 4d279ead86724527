// SPDX-License-Identifier: MIT
//
// See sqlite_reader.h.
#include "journal/sqlite/sqlite_reader.h"

#include <fmt/format.h>

#include "journal/sqlite/sqlite_database.h"

namespace tribar {

namespace {

/// What no number or account can reach, as the counters say.
struct Counters {
  AccountId last_account;
  MessageNumber below;
};

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

/// What is wrong with the account of a row.
std::optional<RecordError> check_owner(AccountId account, const Counters& counters) {
  if (account > counters.last_account) {
    return RecordError{fmt::format("no account {} was ever created", account.value)};
  }
  return std::nullopt;
}

/// What is wrong with the message's number and the account of a row.
std::optional<RecordError> check_keys(AccountId account, MessageNumber number,
                                      const Counters& counters) {
  if (number >= counters.below) {
    return RecordError{fmt::format("the counters would use its number {} again", number.value)};
  }
  return check_owner(account, counters);
}

void walk_account(const Statement& row, const Counters& counters, const Walker& walker) {
  const AccountId id{row.number(0)};
  const UnixMs created{row.number(1)};
  const auto name = decode_account(row.bytes(2), id, created);
  const std::string what = fmt::format("account {}", id.value);
  if (!name) {
    walker.damage(what, name.error(), false);
  } else if (!walker.account(id, created, name.value())) {
    walker.damage(what, {"another account has its name"}, false);
  } else if (id > counters.last_account) {
    walker.damage(what, {fmt::format("the counters would use its number {} again", id.value)},
                  false);
  }
}

void walk_secret(const Statement& row, const Counters& counters, const Walker& walker) {
  const AccountId account{row.number(0)};
  const auto hash = decode_secret(row.bytes(1), account);
  const std::string what = fmt::format("the secret of account {}", account.value);
  if (!hash) {
    walker.damage(what, hash.error(), false);
  } else if (const auto error = check_owner(account, counters)) {
    walker.damage(what, *error, false);
  } else {
    walker.secret(account, hash.value());
  }
}

void walk_client(const Statement& row, const Counters& counters, const Walker& walker) {
  const AccountId account{row.number(0)};
  const std::string_view client = row.bytes(1);
  const std::uint64_t n = row.number(2);
  const MessageNumber number{row.number(3)};
  // Without its name: that may be any bytes.
  const std::string what = fmt::format("a client of account {}", account.value);
  if (const auto error = check_client(row.bytes(4), account, client, n, number)) {
    walker.damage(what, *error, false);
  } else if (const auto mistake = check_keys(account, number, counters)) {
    walker.damage(what, *mistake, false);
  } else {
    walker.client(account, client, n, number);
  }
}

void walk_message(const Statement& row, const Counters& counters, const Walker& walker) {
  const MessageNumber number{row.number(0)};
  const AccountId account{row.number(1)};
  const UnixMs time{row.number(2)};
  const auto message = decode_message(row.bytes(3), number, account, time);
  const std::string what = fmt::format("message {}", number.value);
  if (!message) {
    walker.damage(what, message.error(), true);
  } else if (const auto error = check_keys(account, number, counters)) {
    walker.damage(what, *error, false);
  } else {
    walker.message(number, account, time, message.value());
  }
}

}  // namespace

std::optional<std::string> walk(sqlite3* database, std::uint32_t version, const Walker& walker) {
  std::optional<Counters> counters;
  auto failure = each_row(database, "SELECT last_account, numbers_below, record FROM counters",
                          [&](const Statement& row) {
                            counters = {AccountId{row.number(0)}, MessageNumber{row.number(1)}};
                            if (const auto error = check_counters(
                                    row.bytes(2), counters->last_account, counters->below)) {
                              walker.damage("the counters", *error, false);
                            }
                          });
  if (failure || !counters) {
    return failure ? failure : "the counters are missing";
  }
  using WalkRow = void (*)(const Statement&, const Counters&, const Walker&);
  const struct {
    std::uint32_t since_version;
    const char* sql;
    WalkRow walk_row;
  } tables[] = {
      {1, "SELECT id, created_ms, record FROM accounts ORDER BY id", walk_account},
      {2, "SELECT account, record FROM secrets ORDER BY account", walk_secret},
      {2, "SELECT account, client, n, number, record FROM clients ORDER BY account, client",
       walk_client},
      {1, "SELECT number, account, time_ms, record FROM messages ORDER BY number", walk_message},
  };
  for (const auto& table : tables) {
    if (table.since_version <= version) {
      failure = each_row(database, table.sql,
                         [&](const Statement& row) { table.walk_row(row, *counters, walker); });
    }
    if (failure) {
      return failure;
    }
  }
  walker.counters(counters->last_account, counters->below);
  return std::nullopt;
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
