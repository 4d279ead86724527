// SPDX-License-Identifier: MIT
//
// The write-ahead log: whose it is, and that it does not grow unnoticed.
#include "journal/sqlite/sqlite_log.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "support/fault_vfs.h"
#include "support/store_contents.h"
#include "support/temporary_folder.h"

namespace tribar::test {
namespace {

namespace fs = std::filesystem;

constexpr UnixMs kTime{1700000000000};

/// Somebody else's connection to a database.
class Shell {
 public:
  explicit Shell(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &database_), SQLITE_OK);
  }
  ~Shell() { sqlite3_close(database_); }
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  void run(const std::string& sql) {
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK)
        << sql << ": " << (error != nullptr ? error : "");
    sqlite3_free(error);
  }
  void back_up_to(const std::string& path) {
    sqlite3* to = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &to), SQLITE_OK);
    sqlite3_backup* backup = sqlite3_backup_init(to, "main", database_, "main");
    ASSERT_NE(backup, nullptr);
    EXPECT_EQ(sqlite3_backup_step(backup, -1), SQLITE_DONE);
    sqlite3_backup_finish(backup);
    sqlite3_close(to);
  }

 private:
  sqlite3* database_ = nullptr;
};

class SqliteLogTest : public testing::Test {
 protected:
  /// Stores one more message of `bytes`, for ann.
  void store_one(Store& store, std::size_t bytes = 10) {
    const std::string text(bytes, 'x');
    std::vector<Record> records;
    if (number_ == 0) {
      records.emplace_back(AccountCreated{AccountId{1}, kTime, "ann"});
      records.emplace_back(NumbersReserved{MessageNumber{1'000'000}});
    }
    records.emplace_back(MessageKept{MessageNumber{++number_}, AccountId{1}, kTime, "ann", text});
    ASSERT_EQ(commit(store, records), "");
  }

  /// What a crash of the server leaves at `to`: the files as they are.
  void crash_to(const std::string& to) {
    for (const char* suffix : {"", "-wal"}) {
      fs::copy_file(path_ + suffix, to + suffix, fs::copy_options::overwrite_existing);
    }
  }

  /// Expects that `place` is not started from, nor changed, until its log is removed; then there
  /// are `messages`.
  void expect_foreign_log(const std::string& place, std::size_t messages) {
    const std::string database = read_file(place);
    const std::string log = read_file(place + "-wal");
    {
      const Opening opening = open_store(place);
      EXPECT_FALSE(opening.store);
      EXPECT_TRUE(opening.error.is_io);
      EXPECT_NE(opening.error.text.find("-wal belongs to another state of the database"),
                std::string::npos)
          << opening.error.text;
      EXPECT_NE(opening.error.text.find("remove " + place + "-wal and " + place + "-shm"),
                std::string::npos)
          << opening.error.text;
      const auto report = verify_store(place);
      ASSERT_TRUE(report) << report.error().text;
      ASSERT_FALSE(report.value().damage.empty());
      EXPECT_NE(report.value().damage.front().find("belongs to another state"), std::string::npos);
    }
    EXPECT_TRUE(read_file(place) == database);
    EXPECT_TRUE(read_file(place + "-wal") == log);
    fs::remove(place + "-wal");
    fs::remove(place + "-shm");
    const Opening opening = open_store(place);
    ASSERT_TRUE(opening.store) << opening.error.text;
    EXPECT_EQ(opening.contents.messages.size(), messages);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("tribar.db");
  std::string backup_ = folder_.file("backup.db");
  std::uint64_t number_ = 0;
};

// The log was played back: the restore was undone, and nobody was told.
TEST_F(SqliteLogTest, OfACrashIsNotTakenForThatOfABackup) {
  const std::string left = folder_.file("left.db");
  const std::vector<std::pair<const char*, std::function<void()>>> ways{
      {"a backup", [&] { Shell(path_).back_up_to(backup_); }},
      {"a vacuum", [&] { Shell(path_).run("VACUUM INTO '" + backup_ + "'"); }},
  };
  for (const auto& [name, back_up] : ways) {
    SCOPED_TRACE(name);
    number_ = 0;
    for (const char* suffix : {"", "-wal", "-shm"}) {
      fs::remove(path_ + suffix);
      fs::remove(backup_ + suffix);
    }
    const Opening opening = open_store(path_);
    ASSERT_TRUE(opening.store) << opening.error.text;
    store_one(*opening.store);
    back_up();
    store_one(*opening.store);
    crash_to(left);
    EXPECT_EQ(open_store(left).contents.messages.size(), 2U);
    crash_to(left);
    fs::copy_file(backup_, left, fs::copy_options::overwrite_existing);
    expect_foreign_log(left, 1);
  }
}

TEST_F(SqliteLogTest, OfACrashIsNotTakenForThatOfACopyOfAnEarlierStart) {
  { store_one(*open_store(path_).store); }
  fs::copy_file(path_, backup_);
  const Opening opening = open_store(path_);
  store_one(*opening.store);
  const std::string left = folder_.file("left.db");
  crash_to(left);
  fs::copy_file(backup_, left, fs::copy_options::overwrite_existing);
  expect_foreign_log(left, 1);
}

TEST_F(SqliteLogTest, IsKnownHoweverOftenItBeganAnew) {
  const Opening opening = open_store(path_);
  const std::string left = folder_.file("left.db");
  store_one(*opening.store);
  Shell(path_).back_up_to(backup_);
  std::uint64_t log_bytes = 0;
  int restarts = 0;
  for (int i = 0; i < 40 || restarts < 3; ++i) {
    ASSERT_LT(i, 1000) << "the log is never written back";
    // Long texts fill the log; a short one takes no new page.
    store_one(*opening.store, i % 2 == 0 ? 500'000 : 10);
    const std::string log = read_file(path_ + "-wal").substr(0, 32);
    const std::uint64_t salt = std::hash<std::string>()(log);
    if (std::exchange(log_bytes, salt) != salt) {
      ++restarts;
      crash_to(left);
      EXPECT_EQ(open_store(left).contents.messages.size(), number_);
      crash_to(left);
      fs::copy_file(backup_, left, fs::copy_options::overwrite_existing);
      expect_foreign_log(left, 1);
    }
  }
}

TEST_F(SqliteLogTest, IsKnownAfterAPersonMadeAView) {
  const Opening opening = open_store(path_);
  store_one(*opening.store);
  Shell(path_).run("CREATE VIEW mine AS SELECT 1; CREATE INDEX other ON messages(time_ms)");
  store_one(*opening.store);
  const std::string left = folder_.file("left.db");
  crash_to(left);
  EXPECT_EQ(open_store(left).contents.messages.size(), 2U);
}

/// As a tribard left it that knew no start id.
TEST_F(SqliteLogTest, OfATribardWithoutAStartIdIsPlayedBack) {
  { store_one(*open_store(path_).store); }
  Shell old(path_);
  old.run(
      "PRAGMA journal_mode=DELETE; PRAGMA schema_version=5; PRAGMA journal_mode=WAL;"
      "UPDATE messages SET number = number; DELETE FROM messages");
  const std::string left = folder_.file("left.db");
  crash_to(left);
  const Opening opening = open_store(left);
  ASSERT_TRUE(opening.store) << opening.error.text;
  EXPECT_EQ(opening.contents.messages.size(), 0U);
}

TEST_F(SqliteLogTest, ReadersStopNoStart) {
  { store_one(*open_store(path_).store); }
  Shell reader(path_);
  reader.run("BEGIN; SELECT * FROM messages");
  const Opening opening = open_store(path_);
  ASSERT_TRUE(opening.store) << opening.error.text;
  store_one(*opening.store);
}

TEST_F(SqliteLogTest, APowerLossDuringAStartCostsNothing) {
  { store_one(*open_store(path_).store); }
  const std::string left = folder_.file("left.db");
  {
    const Opening opening = open_store(path_);
    store_one(*opening.store);
    crash_to(left);
  }
  const std::string database = read_file(left);
  const std::string log = read_file(left + "-wal");
  bool is_through = false;
  for (std::uint64_t operations = 0; !is_through; ++operations) {
    ASSERT_LT(operations, 200U);
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const TemporaryFolder place(TemporaryFolder::On::Memory);
      const std::string path = place.file("tribar.db");
      write_file(path, database);
      write_file(path + "-wal", log);
      const std::string after = place.file("after.db");
      {
        FaultVfs disk;
        disk.watch_power();
        disk.lose_power_after(operations);
        const Opening opening = open_store(path);
        is_through = opening.store != nullptr;
        std::mt19937_64 random(seed);
        for (const char* suffix : {"", "-wal", "-journal"}) {
          if (fs::exists(path + suffix)) {
            write_file(after + suffix, disk.left_of(path + suffix, random));
          }
        }
      }
      const Opening opening = open_store(after);
      ASSERT_TRUE(opening.store) << operations << ": " << opening.error.text;
      EXPECT_EQ(opening.contents.messages.size(), 2U) << operations;
    }
  }
}

TEST_F(SqliteLogTest, IsWarnedOfAtEachDoublingWhileSomebodyReads) {
  std::vector<std::string> warnings;
  StoreOptions options;
  options.warn = [&](const std::string& line) { warnings.push_back(line); };
  options.large_log_bytes = 8 << 20;
  const Opening opening = open_store(path_, options);
  const auto grow = [&](int megabytes) {
    for (int i = 0; i < megabytes; ++i) {
      store_one(*opening.store, 1'000'000);
    }
  };
  grow(20);
  EXPECT_EQ(warnings, std::vector<std::string>{}) << "it is written back";
  for (int round = 0; round < 2; ++round) {
    warnings.clear();
    Shell reader(path_);
    reader.run("BEGIN; SELECT count(*) FROM messages");
    grow(40);
    ASSERT_EQ(warnings.size(), 3U) << "at 8, 16 and 32 MiB";
    for (const std::string& warning : warnings) {
      EXPECT_TRUE(warning.starts_with(path_ + "-wal has grown to ")) << warning;
      EXPECT_NE(warning.find("such as a sqlite3 shell or a backup; end that"), std::string::npos);
    }
    EXPECT_LT(fs::file_size(path_ + "-wal"), 100U << 20);
    reader.run("COMMIT");
    grow(10);
    EXPECT_EQ(warnings.size(), 3U) << "it is written back again";
  }
}

}  // namespace
}  // namespace tribar::test
