// SPDX-License-Identifier: MIT
//
// See sqlite.h.
#include "journal/sqlite/sqlite.h"

#include <fmt/format.h>

#include <cerrno>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "journal/record.h"
#include "journal/sqlite/sqlite_start_id.h"
#include "journal/sqlite/sqlite_store.h"
#include "journal/sqlite/store_file.h"

namespace tribar {
namespace {

/// In the database's header, so that `file` and we know whose it is: "trib".
constexpr std::uint32_t kApplicationId = 0x74726962;
constexpr std::size_t kVersionOffset = 60;
constexpr std::size_t kApplicationOffset = 68;
/// The write-ahead log gives back what it has above this when it starts again.
constexpr int kWalBytes = 64 << 20;

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

StoreOpenError damaged(const std::string& path, const std::string& reason) {
  return {fmt::format("{}: the store is damaged: {}; restore a backup, or look into it with "
                      "tribard --verify-storage and sqlite3",
                      path, reason),
          true};
}

StoreOpenError unusable(const std::string& path, sqlite3* database) {
  const int code = sqlite3_errcode(database) & 0xff;  // without its extension
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
    return damaged(path, sqlite3_errmsg(database));
  }
  return {fmt::format("{}: cannot be used: {}", path, sqlite3_errmsg(database)), true};
}

std::string foreign_log(const std::string& place) {
  return fmt::format("{0}-wal is the log of another state of the store", place);
}

/// What the first bytes of the file say, without SQLite, which might write.
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

/// The integrity check's findings, at most some; empty: all is well.
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

/// Whether the schema is the one that kSchema makes: SQLite's check does not cover its text.
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

/// What reading a store calls for each thing in it.
struct Walker {
  /// False: there is one with this name or id already.
  std::function<bool(AccountId, UnixMs, std::string_view name)> account;
  std::function<void(MessageNumber, AccountId, UnixMs, const StoredMessage&)> message;
  std::function<void(AccountId last_account, MessageNumber below)> counters;
  /// `is_message`: it costs that message alone.
  std::function<void(const std::string& what, const RecordError& error, bool is_message)> damage;
};

/// Reads everything; the reason when the database itself fails.
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

/// Fills an empty database file. Its journal is a plain one: what is in the file is all there is.
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

/// Makes an empty store of an empty file.
std::optional<StoreOpenError> create(StoreFile& file) {
  const auto draft = file.begin_draft();
  if (!draft) {
    return draft.error();
  }
  Database database;
  if (auto error = open_database(draft.value(), SQLITE_OPEN_READWRITE, database)) {
    return error;
  }
  if (!fill(database.get())) {
    return StoreOpenError{
        fmt::format("{}: cannot be created: {}", file.place(), sqlite3_errmsg(database.get())),
        true};
  }
  database.reset();
  return file.take_draft();
}

}  // namespace

Result<OpenedStore, StoreOpenError> open_sqlite(const std::string& path,
                                                const StoreOptions& options,
                                                const StoreReader& reader) {
  auto file = StoreFile::lock(path);
  if (!file) {
    return file.error();
  }
  bool is_new = false;
  if (auto error = check_header(path, file.value(), is_new)) {
    return *error;
  }
  if (is_new) {
    if (auto error = create(file.value())) {
      return *error;
    }
  }
  Database database;
  const std::string& place = file.value().place();
  if (auto error = open_database(place, SQLITE_OPEN_READWRITE, database)) {
    return *error;
  }
  // Whatever is refused below stays as it is: closing must not write either.
  sqlite3_db_config(database.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (!execute(database.get(), fmt::format("PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; "
                                           "PRAGMA journal_size_limit={}",
                                           kWalBytes))) {
    return unusable(path, database.get());
  }
  if (has_foreign_log(file.value(), database.get())) {
    return StoreOpenError{
        fmt::format("{0}: {1}; if the file is a backup that is to be used, remove {2}-wal and "
                    "{2}-shm, else put the database back that was there",
                    path, foreign_log(place), place),
        true};
  }
  if (!has_our_schema(database.get())) {
    return damaged(path, "its schema is another one");
  }
  const auto findings = integrity_findings(database.get(), "PRAGMA quick_check(3)");
  if (!findings.empty()) {
    return damaged(path, findings.front());
  }

  OpenedStore opened;
  AccountId last_account;
  MessageNumber numbers_below;
  std::optional<StoreOpenError> refused;
  Walker walker;
  walker.account = reader.account;
  walker.message = [&](MessageNumber number, AccountId account, UnixMs time,
                       const StoredMessage& message) {
    reader.message(account, KeptMessage::make(number, time, message.sender, message.text));
  };
  walker.counters = [&](AccountId last, MessageNumber below) {
    reader.counters(last, below);
    last_account = last;
    numbers_below = below;
  };
  walker.damage = [&](const std::string& what, const RecordError& error, bool is_message) {
    if (is_message && !error.is_unknown) {
      opened.warnings.push_back(fmt::format("{}: {} is lost: {}", path, what, error.text));
    } else if (!refused) {
      refused = damaged(path, fmt::format("{}: {}", what, error.text));
    }
  };
  if (const auto reason = walk(database.get(), walker)) {
    return damaged(path, *reason);
  }
  if (refused) {
    return *refused;
  }
  sqlite3_db_config(database.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  const char* sync = options.sync == Sync::Full ? "FULL" : "NORMAL";
  if (begin_start(database.get()) ||
      !execute(database.get(), fmt::format("PRAGMA synchronous={}", sync))) {
    return unusable(path, database.get());
  }
  auto store = std::make_unique<SqliteStore>(std::move(file.value()), options);
  if (!store->take(std::move(database), last_account, numbers_below)) {
    return damaged(path, "its tables cannot be used");
  }
  opened.store = std::move(store);
  return opened;
}

Result<StoreReport, StoreOpenError> verify_sqlite(const std::string& path) {
  const auto file = StoreFile::look_at(path);
  if (!file) {
    return file.error();
  }
  bool is_new = false;
  if (auto error = check_header(path, file.value(), is_new)) {
    return *error;
  }
  if (is_new) {
    return StoreOpenError{fmt::format("{}: there is no store", path), false};
  }
  const std::string& place = file.value().place();
  Database database;
  if (auto error = open_database(place, SQLITE_OPEN_READONLY, database)) {
    return *error;
  }
  StoreReport report;
  // All that follows is about one state, also while a server goes on.
  execute(database.get(), "BEGIN");
  if (has_foreign_log(file.value(), database.get())) {
    report.damage.push_back(foreign_log(place));
  }
  for (std::string& finding : integrity_findings(database.get(), "PRAGMA integrity_check(100)")) {
    report.damage.push_back(std::move(finding));
  }
  if (!has_our_schema(database.get())) {
    report.damage.emplace_back("its schema is another one");
  }
  std::unordered_set<std::uint64_t> accounts;
  std::unordered_set<std::string> names;
  std::map<std::uint64_t, std::uint64_t> ownerless;  // messages of an account that is not there
  Walker walker;
  walker.account = [&](AccountId id, UnixMs, std::string_view name) {
    ++report.accounts;
    return accounts.insert(id.value).second && names.emplace(name).second;
  };
  walker.message = [&](MessageNumber, AccountId account, UnixMs, const StoredMessage& message) {
    ++report.messages;
    report.message_bytes += message.text.size();
    if (!accounts.contains(account.value)) {
      ++ownerless[account.value];
    }
  };
  walker.counters = [](AccountId, MessageNumber) {};
  walker.damage = [&](const std::string& what, const RecordError& error, bool) {
    report.damage.push_back(fmt::format("{}: {}", what, error.text));
  };
  if (const auto reason = walk(database.get(), walker)) {
    report.damage.push_back(*reason);
  }
  for (const auto& [account, count] : ownerless) {
    report.leftovers.push_back(fmt::format("{} message{} for account {}, which is not there", count,
                                           count == 1 ? "" : "s", account));
  }
  return report;
}

bool has_sqlite() { return true; }

}  // namespace tribar
