// SPDX-License-Identifier: MIT
//
// The SQLite store: what it keeps, and what it refuses and leaves as it is.
#include "journal/sqlite/sqlite.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "journal/sqlite/store_file.h"
#include "support/old_store.h"
#include "support/records.h"
#include "support/store_contents.h"
#include "support/store_rules.h"
#include "support/temporary_folder.h"

namespace tribar::test {
namespace {

/// Runs SQL on a database of nobody's.
void execute(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK)
      << (error != nullptr ? error : "");
  sqlite3_free(error);
  sqlite3_close(database);
}

/// For a load of which nothing is wanted.
LoadHandlers handlers_that_ignore() {
  LoadHandlers handlers;
  handlers.account = [](AccountId, UnixMs, std::string_view) { return true; };
  handlers.secret = [](AccountId, std::string_view) {};
  handlers.client = [](AccountId, std::string_view, std::uint64_t, MessageNumber) {};
  handlers.message = [](AccountId, const KeptMessage::Ptr&) {};
  handlers.counters = [](AccountId, MessageNumber) {};
  return handlers;
}

/// What a query of one number says.
std::int64_t ask(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW) << sql;
  const std::int64_t number = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return number;
}

class SqliteEngine final : public StoreEngine {
 public:
  Result<std::unique_ptr<Store>, StoreOpenError> make(const StoreOptions& options) override {
    return make_sqlite_store(path_, options);
  }
  void begin_anew() override { path_ += 'x'; }
  void execute(const std::string& sql) override { test::execute(path_, sql); }
  std::string ask(const std::string& sql) override { return std::to_string(test::ask(path_, sql)); }
  [[nodiscard]] std::string shell() const override { return "sqlite3"; }
  [[nodiscard]] std::string bytes(const std::string& hex) const override {
    return "x'" + hex + '\'';
  }

 private:
  TemporaryFolder folder_;
  std::string path_ = folder_.file("tribar.db");
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreRules, testing::Values([]() -> std::unique_ptr<StoreEngine> {
                           return std::make_unique<SqliteEngine>();
                         }));

class SqliteTest : public testing::Test {
 protected:
  /// Ann and bob, and messages 1..3 for bob; closed.
  void make_store() {
    Opening opening = open_store(path_);
    ASSERT_TRUE(opening.store) << opening.error.text;
    ASSERT_EQ(commit(*opening.store,
                     {created(1, "ann"), created(2, "bob"), reserved(100), kept(1, 2, "one"),
                      kept(2, 2, "two of a kind"), kept(3, 2, "three")}),
              "");
  }

  StoreContents made_contents() {
    return {{{1, "ann"}, {2, "bob"}},
            {{1, 2, kTime.value, "ann", "one"},
             {2, 2, kTime.value, "ann", "two of a kind"},
             {3, 2, kTime.value, "ann", "three"}},
            2,
            100};
  }

  /// Expects that the store is refused for `reason`, as `is_io`, and not touched.
  void expect_refused(const std::string& reason, bool is_io) {
    const std::string before = read_file(path_);
    {
      const Opening opening = open_store(path_);
      EXPECT_FALSE(opening.store);
      EXPECT_EQ(opening.error.is_io, is_io) << opening.error.text;
      EXPECT_NE(opening.error.text.find(path_), std::string::npos) << opening.error.text;
      EXPECT_NE(opening.error.text.find(reason), std::string::npos) << opening.error.text;
    }
    EXPECT_TRUE(read_file(path_) == before) << "the file was changed: " << reason;
  }

  /// Where `bytes` stand in the closed store, which has them once.
  std::size_t offset_of(std::string_view bytes) {
    const std::string file = read_file(path_);
    const std::size_t at = file.find(bytes);
    EXPECT_NE(at, std::string::npos);
    EXPECT_EQ(file.find(bytes, at + 1), std::string::npos);
    return at;
  }

  void flip(std::size_t offset, unsigned bit = 0) {
    std::string bytes = read_file(path_);
    bytes[offset] = static_cast<char>(bytes[offset] ^ 1 << bit);
    write_file(path_, bytes);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("tribar.db");
};

TEST_F(SqliteTest, CreatesAnEmptyStoreForItsOwnerOnly) {
  const Opening opening = open_store(path_);
  ASSERT_TRUE(opening.store) << opening.error.text;
  EXPECT_EQ(opening.contents, StoreContents{});
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    EXPECT_EQ(mode_of(entry.path()), 0600U) << entry.path();
  }
  EXPECT_EQ(mode_of(path_), 0600U);
}

TEST_F(SqliteTest, TakesAnEmptyFileForNone) {
  write_file(path_, "");
  EXPECT_TRUE(open_store(path_).store);
}

// The end of a process in the middle of this left a store that no start accepted.
TEST_F(SqliteTest, CreatesAStoreThatWasHalfMadeBefore) {
  make_store();
  const std::string whole = read_file(path_);
  std::filesystem::remove(path_);
  write_file(path_ + ".new", whole.substr(0, 4096));
  write_file(path_ + ".new-journal", "torn");
  const Opening opening = open_store(path_);
  ASSERT_TRUE(opening.store) << opening.error.text;
  EXPECT_EQ(opening.contents, StoreContents{});
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(SqliteTest, StoresTheSameRecordsAfterAnError) {
  make_store();
  const Opening opening = open_store(path_);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const std::string error = commit(*opening.store, {kept(4, 2, "four")});
  EXPECT_NE(error.find("locked"), std::string::npos) << error;
  sqlite3_close(other);
  EXPECT_EQ(commit(*opening.store, {kept(4, 2, "four")}), "");
}

TEST_F(SqliteTest, IsLockedWhileItIsOpen) {
  make_store();
  Opening first = open_store(path_);
  // Not expect_refused: reading the file here would drop the first one's locks.
  const Opening second = open_store(path_);
  EXPECT_FALSE(second.store);
  EXPECT_FALSE(second.error.is_io);
  EXPECT_EQ(second.error.text, path_ +
                                   ": is in use by another tribard; stop that one, or name another "
                                   "storage.path");
  first.store.reset();
  EXPECT_EQ(open_store(path_).contents, made_contents());
}

// Writing went on, and confirmed, into files without a name.
TEST_F(SqliteTest, FailsWhileItsFilesAreGoneAndRecovers) {
  make_store();
  const Opening opening = open_store(path_);
  ASSERT_EQ(commit(*opening.store, {kept(4, 2, "four")}), "");
  for (const char* suffix : {"", "-wal"}) {
    const std::string name = path_ + suffix;
    std::filesystem::rename(name, name + ".away");
    EXPECT_EQ(commit(*opening.store, {kept(5, 2, "five")}), "its file was removed or replaced")
        << name;
    write_file(name, "another one");
    EXPECT_NE(commit(*opening.store, {kept(5, 2, "five")}), "") << name;
    std::filesystem::rename(name + ".away", name);
  }
  EXPECT_EQ(commit(*opening.store, {kept(5, 2, "five")}), "");
}

TEST_F(SqliteTest, RefusesAFolderThatIsNotThere) {
  path_ = folder_.file("none/tribar.db");
  const Opening opening = open_store(path_);
  EXPECT_FALSE(opening.store);
  EXPECT_TRUE(opening.error.is_io);
  EXPECT_EQ(opening.error.text,
            path_ + ": its folder does not exist; create it with: install -d -m 0700 " +
                folder_.file("none"));
}

TEST_F(SqliteTest, RefusesWhatIsNoDatabase) {
  write_file(path_, "these are not the bytes that you are looking for");
  expect_refused("it is not an SQLite database", true);
  write_file(path_, std::string(8192, 'x'));
  expect_refused("it is not an SQLite database", true);
}

TEST_F(SqliteTest, RefusesADatabaseOfAnotherProgram) {
  execute(path_, "CREATE TABLE accounts(id)");
  expect_refused("is the database of another program", false);
}

TEST_F(SqliteTest, RefusesAnotherVersion) {
  make_store();
  for (const std::string version : {"0", "3", "-1"}) {
    execute(path_, "PRAGMA user_version=" + version);
    expect_refused(", and this tribard knows version 2; use the tribard that wrote it", false);
  }
  const auto report = verify_store(path_);
  ASSERT_FALSE(report);
  EXPECT_FALSE(report.error().is_io);
}

TEST_F(SqliteTest, RefusesAnotherSchema) {
  make_store();
  execute(path_, "ALTER TABLE messages ADD COLUMN more");
  expect_refused("its schema is not that of a store", true);
}

TEST_F(SqliteTest, RefusesATornFile) {
  make_store();
  const std::string whole = read_file(path_);
  for (const std::size_t size :
       {whole.find_last_not_of('\0'), whole.size() - 4096, std::size_t{4096}}) {
    write_file(path_, whole.substr(0, size));
    expect_refused("the store is damaged", true);
  }
}

TEST_F(SqliteTest, RefusesDamagedAccountsAndCounters) {
  make_store();
  const std::string whole = read_file(path_);
  for (const std::string_view needle : {std::string_view("\0bob\0", 5), std::string_view("bob")}) {
    write_file(path_, whole);
    const std::size_t at = read_file(path_).rfind(needle);
    if (at != std::string::npos) {
      flip(at + 1);
      expect_refused("account 2: its checksum is wrong", true);
    }
  }
  write_file(path_, whole);
  execute(path_, "UPDATE counters SET numbers_below = 5");
  expect_refused("the counters: its checksum is wrong", true);
  write_file(path_, whole);
  execute(path_, "DELETE FROM counters");
  expect_refused("the counters are missing", true);
}

TEST_F(SqliteTest, LosesOnlyTheMessageInWhichABitFlipped) {
  make_store();
  flip(offset_of("two of a kind") + 3, 5);
  const Opening opening = open_store(path_);
  ASSERT_TRUE(opening.store) << opening.error.text;
  StoreContents expected = made_contents();
  expected.messages.erase(expected.messages.begin() + 1);
  EXPECT_EQ(opening.contents, expected);
  EXPECT_EQ(opening.warnings,
            (StoreWarnings{path_ + ": message 2 is lost: its checksum is wrong"}));
}

// Whatever a store was refused for, it can be opened again once that is mended; and a closed one.
TEST_F(SqliteTest, IsClosedAfterARefusalAndOpensAgain) {
  make_store();
  const auto made = make_sqlite_store(path_, {});
  ASSERT_TRUE(made);
  Store& store = *made.value();
  EXPECT_EQ(store.name(), path_);
  const LoadHandlers takes = handlers_that_ignore();
  LoadHandlers refuses = takes;
  refuses.account = [](AccountId, UnixMs, std::string_view) { return false; };
  ASSERT_FALSE(store.open());
  EXPECT_FALSE(store.load(refuses));
  ASSERT_FALSE(store.open()) << "nobody holds it";
  ASSERT_TRUE(store.load(takes));
  EXPECT_FALSE(open_store(path_).store) << "it is held";
  EXPECT_EQ(commit(store, {kept(4, 2, "four")}), "");
  store.close();
  store.close();
  StoreContents expected = made_contents();
  expected.messages.push_back({4, 2, kTime.value, "ann", "four"});
  EXPECT_EQ(open_store(path_).contents, expected);
}

TEST_F(SqliteTest, VerifiesADamagedStore) {
  make_store();
  flip(offset_of("two of a kind"));
  const std::string before = read_file(path_);
  const auto report = verify_store(path_);
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(report.value().messages, 2U);
  EXPECT_EQ(report.value().damage, std::vector<std::string>{"message 2: its checksum is wrong"});
  EXPECT_TRUE(read_file(path_) == before);
}

// For SQLite a statement is what costs: a commit of a busy server has thousands of these.
TEST_F(SqliteTest, WritesAClientOnceInACommit) {
  make_store();
  const Opening opening = open_store(path_);
  execute(
      path_,
      "CREATE TABLE writes(n); CREATE TRIGGER written AFTER INSERT ON clients BEGIN INSERT INTO "
      "writes VALUES(new.n); END");
  std::vector<Record> records;
  for (std::uint64_t n = 1; n <= 40; ++n) {
    records.push_back(sent(1 + n % 2, "home", n, 10 + n));
  }
  ASSERT_EQ(commit(*opening.store, records), "");
  EXPECT_EQ(ask(path_, "SELECT count(*) FROM writes"), 2);
  EXPECT_EQ(ask(path_, "SELECT sum(n) FROM writes"), 39 + 40);
}

/// A store of the version before this one.
class OldSqliteTest : public SqliteTest {
 protected:
  OldSqliteTest() { make_old_store(path_, kTime.value, {"one", "two of a kind", "three"}); }
};

TEST_F(OldSqliteTest, IsBroughtToTodaysVersionAndSaysSo) {
  std::vector<std::string> told;
  StoreOptions options;
  options.warn = [&told](const std::string& line) { told.push_back(line); };
  {
    const Opening opening = open_store(path_, options);
    ASSERT_TRUE(opening.store) << opening.error.text;
    EXPECT_EQ(opening.contents, made_contents());
    EXPECT_EQ(told,
              std::vector<std::string>{path_ + ": was brought from format version 1 to 2: the "
                                               "tribard that wrote it cannot use it any more"});
    EXPECT_EQ(read_file(path_).substr(60, 4), std::string("\0\0\0\2", 4))
        << "the version before looks there";
    EXPECT_EQ(commit(*opening.store, {secret(1, "ann's"), sent(1, "home", 1, 4)}), "");
  }
  StoreContents expected = made_contents();
  expected.secrets = {{1, "ann's"}};
  expected.clients = {{1, "home", 1, 4}};
  EXPECT_EQ(open_store(path_, options).contents, expected);
  EXPECT_EQ(told.size(), 1U);
  EXPECT_EQ(ask(path_, "SELECT count(*) FROM readable_messages WHERE recipient = 'bob'"), 3);
}

TEST_F(OldSqliteTest, IsVerifiedAndNotChanged) {
  const std::string before = read_file(path_);
  const auto report = verify_store(path_);
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(report.value().accounts, 2U);
  EXPECT_EQ(report.value().messages, 3U);
  EXPECT_EQ(report.value().damage, std::vector<std::string>{});
  EXPECT_TRUE(read_file(path_) == before);
}

TEST_F(OldSqliteTest, LosesOnlyTheMessageThatIsDamaged) {
  flip(offset_of("two of a kind") + 3, 5);
  const Opening opening = open_store(path_);
  ASSERT_TRUE(opening.store) << opening.error.text;
  EXPECT_EQ(opening.contents.messages.size(), 2U);
}

TEST_F(OldSqliteTest, IsNotChangedByAStartThatFails) {
  const std::string whole = read_file(path_);
  const struct {
    const char* sql;
    const char* reason;
  } cases[] = {
      {"UPDATE accounts SET created_ms = 1 WHERE id = 2", "account 2: its checksum is wrong"},
      {"DELETE FROM counters", "the counters are missing"},
      {"ALTER TABLE messages ADD COLUMN more", "its schema is not that of a store"},
      {"DROP VIEW readable_messages", "its schema is not that of a store"},
      {"CREATE TABLE clients(mine)", "is as it was: table clients already exists"},
      {"CREATE VIEW readable_clients AS SELECT 1", "already exists"},
  };
  for (const auto& c : cases) {
    write_file(path_, whole);
    execute(path_, c.sql);
    expect_refused(c.reason, true);
  }
  // A page in which a bit flipped.
  write_file(path_, whole);
  flip(offset_of("CREATE TABLE counters") + 3);
  expect_refused("", true);
}

TEST_F(OldSqliteTest, IsNotChangedWhileAnotherServerHasIt) {
  const std::string before = read_file(path_);
  const auto file = StoreFile::lock(path_);
  ASSERT_TRUE(file) << file.error().text;
  const Opening opening = open_store(path_);
  EXPECT_FALSE(opening.store);
  EXPECT_NE(opening.error.text.find("is in use"), std::string::npos) << opening.error.text;
  EXPECT_TRUE(read_file(path_) == before);
}

TEST_F(OldSqliteTest, IsNotChangedWhenTheNamesInItAreRefused) {
  const std::string before = read_file(path_);
  const auto made = make_sqlite_store(path_, {});
  ASSERT_TRUE(made);
  ASSERT_FALSE(made.value()->open());
  LoadHandlers handlers = handlers_that_ignore();
  handlers.account = [](AccountId, UnixMs, std::string_view) { return false; };
  EXPECT_FALSE(made.value()->load(handlers));
  EXPECT_TRUE(read_file(path_) == before);
}

// What a server that is killed leaves: a log beside a database that it was not written back to.
TEST_F(OldSqliteTest, IsBroughtToTodaysVersionWithTheLogOfACrash) {
  const std::string left = folder_.file("left.db");
  {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    ASSERT_EQ(
        sqlite3_exec(database, "DELETE FROM messages WHERE number = 2", nullptr, nullptr, nullptr),
        SQLITE_OK);
    std::filesystem::copy_file(path_, left);
    std::filesystem::copy_file(path_ + "-wal", left + "-wal");
    sqlite3_close(database);
  }
  StoreContents expected = made_contents();
  expected.messages.erase(expected.messages.begin() + 1);
  EXPECT_EQ(open_store(left).contents, expected);
  EXPECT_EQ(open_store(left).contents, expected);
}

/// As long as it lives no file grows beyond `bytes`; the system kills nobody for it.
class FileLimit {
 public:
  explicit FileLimit(std::uint64_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

// The log of a crash, which what is added does not fit behind.
TEST_F(OldSqliteTest, IsNotChangedWhenThereIsNoRoom) {
  const std::string left = folder_.file("left.db");
  {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    for (int i = 0; i < 10; ++i) {
      for (const char* sql : {"INSERT INTO messages VALUES(4, 2, 0, x'00')",
                              "DELETE FROM messages WHERE number = 4"}) {
        ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
      }
    }
    std::filesystem::copy_file(path_, left);
    std::filesystem::copy_file(path_ + "-wal", left + "-wal");
    sqlite3_close(database);
  }
  const std::string before = read_file(left);
  const std::string log_before = read_file(left + "-wal");
  ASSERT_GT(log_before.size(), 32768U) << "what SQLite shares beside it must fit";
  for (const std::uint64_t room : {0U, 1U, 4120U, 2U * 4120U}) {
    {
      const FileLimit limit(log_before.size() + room);
      const Opening opening = open_store(left);
      EXPECT_FALSE(opening.store) << room;
      EXPECT_TRUE(opening.error.is_io);
      EXPECT_NE(opening.error.text.find("cannot be brought from format version 1 to 2, and is as "
                                        "it was: "),
                std::string::npos)
          << opening.error.text;
    }
    EXPECT_TRUE(read_file(left) == before) << room;
    EXPECT_TRUE(read_file(left + "-wal").starts_with(log_before)) << room;
  }
  const Opening opening = open_store(left);
  ASSERT_TRUE(opening.store) << opening.error.text;
  EXPECT_EQ(opening.contents, made_contents());
}

// The server was killed when the step was in the log and not in the database yet.
TEST_F(OldSqliteTest, IsTakenAsItsLogHasIt) {
  sqlite3* reader = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &reader), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM messages", nullptr, nullptr, nullptr),
            SQLITE_OK);
  const std::string left = folder_.file("left.db");
  {
    const Opening opening = open_store(path_);
    ASSERT_TRUE(opening.store) << opening.error.text;
    ASSERT_EQ(commit(*opening.store, {secret(2, "bob's")}), "");
    std::filesystem::copy_file(path_, left);
    std::filesystem::copy_file(path_ + "-wal", left + "-wal");
  }
  sqlite3_close(reader);
  EXPECT_EQ(read_file(left).substr(60, 4), std::string("\0\0\0\1", 4));
  StoreContents expected = made_contents();
  expected.secrets = {{2, "bob's"}};
  EXPECT_EQ(open_store(left).contents, expected);
  EXPECT_EQ(read_file(left).substr(60, 4), std::string("\0\0\0\2", 4));
}

TEST_F(SqliteTest, VerifiesNothingWhereThereIsNoStore) {
  const auto report = verify_store(path_);
  ASSERT_FALSE(report);
  EXPECT_FALSE(report.error().is_io);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace tribar::test
