// SPDX-License-Identifier: MIT
//
// See sqlite.h.
#include "journal/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "journal/record.h"
#include "journal/sqlite_store.h"

namespace tribar {
namespace {

/// In the database's header, so that `file` and we know whose it is: "trib".
constexpr std::uint32_t kApplicationId = 0x74726962;
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kHeaderBytesOfDatabase = 100;
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

std::string text_of_errno() { return std::generic_category().message(errno); }

StoreOpenError damaged(const std::string& path, const std::string& reason) {
  return {fmt::format("{}: the store is damaged: {}; restore a backup, or look into it with "
                      "tribard --verify-storage and sqlite3",
                      path, reason),
          true};
}

/// Makes a new name in the folder of `path` last.
bool sync_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    return false;
  }
  const bool is_ok = fsync(descriptor) == 0;
  close(descriptor);
  return is_ok;
}

std::uint32_t big_endian(const char* at) {
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(at[i]);
  }
  return number;
}

/// What the first bytes of the file say, without SQLite, which might write.
std::optional<StoreOpenError> check_header(const std::string& path, bool& is_new) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) {
      is_new = true;
      return std::nullopt;
    }
    return StoreOpenError{fmt::format("{}: cannot be opened: {}", path, text_of_errno()), true};
  }
  std::array<char, kHeaderBytesOfDatabase> header{};
  const ssize_t size = read(descriptor, header.data(), header.size());
  const int code = errno;
  close(descriptor);
  if (size < 0) {
    errno = code;
    return StoreOpenError{fmt::format("{}: cannot be read: {}", path, text_of_errno()), true};
  }
  if (size == 0) {
    is_new = true;
    return std::nullopt;
  }
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  if (static_cast<std::size_t>(size) < header.size() ||
      std::string_view(header.data(), kMagic.size()) != kMagic) {
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
  std::function<void(AccountId, UnixMs, std::string_view name)> account;
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
    if (!name) {
      walker.damage(fmt::format("account {}", id.value), name.error(), false);
    } else {
      walker.account(id, created, name.value());
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
    if (!message) {
      walker.damage(fmt::format("message {}", number.value), message.error(), true);
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

/// Makes an empty store under another name first, so that there is all of it or none.
std::optional<StoreOpenError> create(const std::string& path) {
  const auto failed = [&path](const std::string& why) {
    return StoreOpenError{fmt::format("{}: cannot be created: {}", path, why), true};
  };
  const std::string draft = path + ".new";
  for (const char* suffix : {"", "-journal"}) {
    unlink((draft + suffix).c_str());
  }
  // SQLite gives its other files the mode of this one.
  const int made = open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made < 0) {
    return failed(text_of_errno());
  }
  close(made);
  Database database;
  if (auto error = open_database(draft, SQLITE_OPEN_READWRITE, database)) {
    return error;
  }
  if (!fill(database.get())) {
    return failed(sqlite3_errmsg(database.get()));
  }
  database.reset();
  if (rename(draft.c_str(), path.c_str()) != 0 || !sync_folder_of(path)) {
    return failed(text_of_errno());
  }
  return std::nullopt;
}

}  // namespace

Result<OpenedStore, StoreOpenError> open_sqlite(const std::string& path, Sync sync,
                                                const StoreReader& reader) {
  bool is_new = false;
  if (auto error = check_header(path, is_new)) {
    return *error;
  }
  auto lock = std::make_unique<LockFile>(path + ".lock");
  if (!lock->is_open()) {
    return StoreOpenError{
        fmt::format("{}.lock: cannot be opened: {}; its folder must exist and be writable", path,
                    text_of_errno()),
        true};
  }
  if (!lock->try_lock()) {
    return StoreOpenError{fmt::format("{}: is in use by another tribard; stop that one, or name "
                                      "another storage.path",
                                      path),
                          false};
  }
  if (is_new) {
    if (auto error = create(path)) {
      return *error;
    }
  }
  Database database;
  if (auto error = open_database(path, SQLITE_OPEN_READWRITE, database)) {
    return *error;
  }
  // Whatever is refused below stays as it is: closing must not write either.
  sqlite3_db_config(database.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const bool is_set =
      execute(database.get(), fmt::format("PRAGMA journal_mode=WAL; PRAGMA synchronous={}; "
                                          "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; "
                                          "PRAGMA journal_size_limit={}",
                                          sync == Sync::Full ? "FULL" : "NORMAL", kWalBytes));
  if (!is_set) {
    return damaged(path, sqlite3_errmsg(database.get()));
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
  auto store = std::make_unique<SqliteStore>(std::move(lock));
  if (!store->take(std::move(database), path, last_account, numbers_below)) {
    return damaged(path, "its tables cannot be used");
  }
  opened.store = std::move(store);
  return opened;
}

Result<StoreReport, StoreOpenError> verify_sqlite(const std::string& path) {
  bool is_new = false;
  if (auto error = check_header(path, is_new)) {
    return *error;
  }
  if (is_new) {
    return StoreOpenError{fmt::format("{}: there is no store", path), false};
  }
  Database database;
  if (auto error = open_database(path, SQLITE_OPEN_READONLY, database)) {
    return *error;
  }
  StoreReport report;
  report.damage = integrity_findings(database.get(), "PRAGMA integrity_check(100)");
  if (!has_our_schema(database.get())) {
    report.damage.emplace_back("its schema is another one");
  }
  Walker walker;
  walker.account = [&](AccountId, UnixMs, std::string_view) { ++report.accounts; };
  walker.message = [&](MessageNumber, AccountId, UnixMs, const StoredMessage& message) {
    ++report.messages;
    report.message_bytes += message.text.size();
  };
  walker.counters = [](AccountId, MessageNumber) {};
  walker.damage = [&](const std::string& what, const RecordError& error, bool) {
    report.damage.push_back(fmt::format("{}: {}", what, error.text));
  };
  if (const auto reason = walk(database.get(), walker)) {
    report.damage.push_back(*reason);
  }
  return report;
}

bool has_sqlite() { return true; }

}  // namespace tribar
