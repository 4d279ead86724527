// SPDX-License-Identifier: MIT
//
// See sqlite_reader.h.
#include "journal/sqlite/sqlite_reader.h"

#include <fmt/format.h>

#include "journal/sqlite/sqlite_database.h"

namespace tribar {

std::optional<std::string> walk(sqlite3* database, const Walker& walker) {
  Statement counters(database, "SELECT last_account, numbers_below, record FROM counters");
  Statement accounts(database, "SELECT id, created_ms, record FROM accounts ORDER BY id");
  Statement messages(database,
                     "SELECT number, account, time_ms, record FROM messages ORDER BY number");
  if (!counters.is_ready() || !accounts.is_ready() || !messages.is_ready()) {
    return sqlite3_errmsg(database);
  }
  int code = counters.step();
  if (code != SQLITE_ROW) {
    return code == SQLITE_DONE ? "the counters are missing" : sqlite3_errmsg(database);
  }
  const AccountId last{counters.number(0)};
  const MessageNumber below{counters.number(1)};
  if (const auto error = check_counters(counters.bytes(2), last, below)) {
    walker.damage("the counters", *error, false);
  }
  while ((code = accounts.step()) == SQLITE_ROW) {
    const AccountId id{accounts.number(0)};
    const UnixMs created{accounts.number(1)};
    const auto name = decode_account(accounts.bytes(2), id, created);
    const std::string what = fmt::format("account {}", id.value);
    if (!name) {
      walker.damage(what, name.error(), false);
    } else if (!walker.account(id, created, name.value())) {
      walker.damage(what, {"another account has its name"}, false);
    } else if (id > last) {
      walker.damage(what, {fmt::format("the counters give its number {} again", id.value)}, false);
    }
  }
  if (code != SQLITE_DONE) {
    return sqlite3_errmsg(database);
  }
  while ((code = messages.step()) == SQLITE_ROW) {
    const MessageNumber number{messages.number(0)};
    const AccountId account{messages.number(1)};
    const UnixMs time{messages.number(2)};
    const auto message = decode_message(messages.bytes(3), number, account, time);
    const std::string what = fmt::format("message {}", number.value);
    if (!message) {
      walker.damage(what, message.error(), true);
    } else if (number >= below) {
      walker.damage(what, {fmt::format("the counters give its number {} again", number.value)},
                    false);
    } else if (account > last) {
      walker.damage(what, {fmt::format("there was no account {} yet", account.value)}, false);
    } else {
      walker.message(number, account, time, message.value());
    }
  }
  if (code != SQLITE_DONE) {
    return sqlite3_errmsg(database);
  }
  walker.counters(last, below);
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
