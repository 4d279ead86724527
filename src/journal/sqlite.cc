// SPDX-License-Identifier: MIT
//
// See sqlite.h.
#include "journal/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "journal/record.h"

namespace tribar {
namespace {

/// In the database's header, so that `file` and we know whose it is: "trib".
constexpr std::uint32_t kApplicationId = 0x74726962;
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kHeaderBytesOfDatabase = 100;
constexpr std::size_t kVersionOffset = 60;
constexpr std::size_t kApplicationOffset = 68;
/// How long a commit waits for somebody else's lock, such as a backup's.
constexpr int kBusyMs = 2000;
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

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

/// A prepared statement; bound values count from 1.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* database, const char* sql) {
    sqlite3_stmt* made = nullptr;
    sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    statement_.reset(made);
  }
  [[nodiscard]] bool is_ready() const { return statement_ != nullptr; }

  void bind(int at, std::uint64_t number) {
    sqlite3_bind_int64(statement_.get(), at, static_cast<sqlite3_int64>(number));
  }
  /// `bytes` must stay until run().
  void bind(int at, std::string_view bytes) {
    sqlite3_bind_blob64(statement_.get(), at, bytes.data(), bytes.size(), SQLITE_STATIC);
  }
  /// Runs a statement that returns nothing; whether it worked.
  [[nodiscard]] bool run() {
    const int code = sqlite3_step(statement_.get());
    sqlite3_reset(statement_.get());
    return code == SQLITE_DONE;
  }
  /// The next row: SQLITE_ROW, SQLITE_DONE, or an error.
  [[nodiscard]] int step() { return sqlite3_step(statement_.get()); }
  [[nodiscard]] std::uint64_t number(int column) const {
    return static_cast<std::uint64_t>(sqlite3_column_int64(statement_.get(), column));
  }
  [[nodiscard]] std::string_view bytes(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// A file descriptor that holds the lock beside the store.
class LockFile {
 public:
  explicit LockFile(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {}
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] bool try_lock() const { return flock(descriptor_, LOCK_EX | LOCK_NB) == 0; }

 private:
  int descriptor_;
};

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

bool execute(sqlite3* database, const std::string& sql) {
  return sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::uint32_t big_endian(const char* at) {
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(at[i]);
  }
  return number;
}

std::optional<StoreOpenError> open_database(const std::string& path, int flags,
                                            Database& database) {
  sqlite3* made = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &made, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database.reset(made);
  if (code != SQLITE_OK) {
    return StoreOpenError{fmt::format("{}: cannot be opened: {}", path, sqlite3_errstr(code)),
                          true};
  }
  sqlite3_busy_timeout(made, kBusyMs);
  sqlite3_extended_result_codes(made, 1);
  return std::nullopt;
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

/// The files that an open database writes to. Somebody may remove or replace them; SQLite would not
/// notice, and what it writes then no start would find.
class OpenFiles {
 public:
  explicit OpenFiles(std::string path)
      : database_(std::move(path)), log_(database_ + "-wal"), identities_{look()} {}
  [[nodiscard]] bool are_there() const { return look() == identities_; }

 private:
  using Identities = std::array<std::pair<dev_t, ino_t>, 2>;

  [[nodiscard]] Identities look() const {
    Identities identities;
    for (std::size_t i = 0; i < identities.size(); ++i) {
      struct stat status {};
      if (stat((i == 0 ? database_ : log_).c_str(), &status) == 0) {
        identities[i] = {status.st_dev, status.st_ino};
      }
    }
    return identities;
  }

  std::string database_;
  std::string log_;
  Identities identities_;
};

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(std::unique_ptr<LockFile> lock) : lock_(std::move(lock)) {}

  void take(Database database, const std::string& path) {
    database_ = std::move(database);
    files_.emplace(path);
  }

  /// Whether every statement could be made.
  [[nodiscard]] bool prepare() {
    sqlite3* database = database_.get();
    begin_ = Statement(database, "BEGIN IMMEDIATE");
    commit_ = Statement(database, "COMMIT");
    add_account_ = Statement(database, "INSERT INTO accounts VALUES(?1, ?2, ?3)");
    remove_account_ = Statement(database, "DELETE FROM accounts WHERE id = ?1");
    add_message_ = Statement(database, "INSERT INTO messages VALUES(?1, ?2, ?3, ?4)");
    remove_message_ = Statement(database, "DELETE FROM messages WHERE number = ?1");
    set_counters_ = Statement(database, "INSERT OR REPLACE INTO counters VALUES(1, ?1, ?2, ?3)");
    return begin_.is_ready() && commit_.is_ready() && add_account_.is_ready() &&
           remove_account_.is_ready() && add_message_.is_ready() && remove_message_.is_ready() &&
           set_counters_.is_ready();
  }

  void set_counters(AccountId last_account, MessageNumber below) {
    last_account_ = last_account;
    below_ = below;
  }

  std::optional<StoreError> commit(std::span<const std::span<const Record>> groups) override {
    const AccountId last_account = last_account_;
    const MessageNumber below = below_;
    bool is_ok = begin_.run();
    for (const std::span<const Record> group : groups) {
      for (const Record& record : group) {
        is_ok = is_ok && std::visit([this](const auto& each) { return write(each); }, record);
      }
    }
    if (is_ok && (last_account != last_account_ || below != below_)) {
      is_ok = write_counters();
    }
    const bool is_gone = is_ok && !files_->are_there();
    if (is_ok && !is_gone && commit_.run()) {
      return std::nullopt;
    }
    StoreError error{is_gone ? "its file is gone or another one is in its place"
                             : sqlite3_errmsg(database_.get())};
    if (!is_gone && sqlite3_system_errno(database_.get()) != 0) {
      error.text += fmt::format(
          " ({})", std::generic_category().message(sqlite3_system_errno(database_.get())));
    }
    // Also when nothing was begun: then it fails, and that is as well.
    execute(database_.get(), "ROLLBACK");
    last_account_ = last_account;
    below_ = below;
    return error;
  }

  /// Writes the counters in a transaction of the caller's.
  [[nodiscard]] bool write_counters() {
    encode_counters(record_, last_account_, below_);
    set_counters_.bind(1, last_account_.value);
    set_counters_.bind(2, below_.value);
    set_counters_.bind(3, record_);
    return set_counters_.run();
  }

 private:
  [[nodiscard]] bool write(const MessageKept& kept) {
    encode_message(record_, kept.number, kept.account, kept.time, kept.sender, kept.text);
    add_message_.bind(1, kept.number.value);
    add_message_.bind(2, kept.account.value);
    add_message_.bind(3, kept.time.value);
    add_message_.bind(4, record_);
    return add_message_.run();
  }
  [[nodiscard]] bool write(const HandedOver& handed) {
    remove_message_.bind(1, handed.number.value);
    return remove_message_.run();
  }
  [[nodiscard]] bool write(const AccountCreated& created) {
    encode_account(record_, created.account, created.time, created.name);
    add_account_.bind(1, created.account.value);
    add_account_.bind(2, created.time.value);
    add_account_.bind(3, record_);
    last_account_ = created.account;
    return add_account_.run();
  }
  [[nodiscard]] bool write(const AccountDeleted& deleted) {
    remove_account_.bind(1, deleted.account.value);
    return remove_account_.run();
  }
  [[nodiscard]] bool write(const NumbersReserved& reserved) {
    below_ = reserved.below;
    return true;
  }

  std::optional<OpenFiles> files_;
  std::unique_ptr<LockFile> lock_;  // released after the database is closed
  Database database_;
  Statement begin_, commit_, add_account_, remove_account_, add_message_, remove_message_,
      set_counters_;
  AccountId last_account_;
  MessageNumber below_;
  std::string record_;  // the bytes of the one being written
};

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
  auto store = std::make_unique<SqliteStore>(std::move(lock));
  std::optional<StoreOpenError> refused;
  Walker walker;
  walker.account = reader.account;
  walker.message = [&](MessageNumber number, AccountId account, UnixMs time,
                       const StoredMessage& message) {
    reader.message(account, KeptMessage::make(number, time, message.sender, message.text));
  };
  walker.counters = [&](AccountId last, MessageNumber below) {
    reader.counters(last, below);
    store->set_counters(last, below);
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
  store->take(std::move(database), path);
  if (!store->prepare()) {
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
