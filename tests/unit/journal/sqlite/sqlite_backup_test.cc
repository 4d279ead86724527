// SPDX-License-Identifier: MIT
//
// Copies of SQLite stores, and their verification: whole, or given up soon.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "journal/sqlite/sqlite.h"
#include "support/fault_vfs.h"
#include "support/records.h"
#include "support/store_contents.h"
#include "support/temporary_folder.h"

namespace tribar::test {
namespace {

class SqliteBackup : public testing::Test {
 protected:
  FaultVfs disk_;
  TemporaryFolder folder_;
  std::string path_ = folder_.file("store.db");
};

TEST_F(SqliteBackup, IsWholeOrNotThere) {
  const Opening opening = open_store(path_);
  ASSERT_TRUE(opening.store) << opening.error.text;
  ASSERT_EQ(commit(*opening.store, {created(1, "ann"), kept(1, 1, "hello")}), "");
  const std::string copy = folder_.file("copy.db");
  std::stop_source stopped;
  stopped.request_stop();
  const auto error = backup_sqlite_store(path_, copy, stopped.get_token());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->text, path_ + ": cannot be copied to " + copy + ": interrupted");
  EXPECT_FALSE(std::filesystem::exists(copy));
  const std::stop_source goes_on;
  EXPECT_FALSE(backup_sqlite_store(path_, copy, goes_on.get_token()));
  EXPECT_TRUE(std::filesystem::exists(copy));
}

// It was read to its end, which takes seconds for a large store.
TEST_F(SqliteBackup, IsNotVerifiedToItsEndWhenThatIsStopped) {
  {
    const Opening opening = open_store(path_);
    ASSERT_TRUE(opening.store) << opening.error.text;
    ASSERT_EQ(commit(*opening.store, {created(1, "ann"), reserved(1000)}), "");
    for (std::uint64_t number = 1; number <= 200; ++number) {
      ASSERT_EQ(commit(*opening.store, {kept(number, 1, std::string(8000, 'x'))}), "");
    }
  }
  std::uint64_t reads = 0;
  std::uint64_t last = 0;  // the read in which it is stopped; 0: none
  std::stop_source stop;
  disk_.before_read = [&] {
    if (++reads == last) {
      stop.request_stop();
    }
  };
  const auto whole = verify_sqlite_store(path_, stop.get_token());
  ASSERT_TRUE(whole) << whole.error().text;
  EXPECT_EQ(whole.value().messages, 200U);
  EXPECT_EQ(whole.value().damage, std::vector<std::string>{});
  const std::uint64_t all = reads;
  ASSERT_GT(all, 400U);
  for (const std::uint64_t at : {all / 50, all / 10, all / 2, all - all / 10}) {
    stop = std::stop_source();
    reads = 0;
    last = at;
    const auto part = verify_sqlite_store(path_, stop.get_token());
    ASSERT_FALSE(part) << at;
    EXPECT_EQ(part.error().text, path_ + ": was not verified: interrupted");
    EXPECT_LT(reads, at + 20) << "of " << all;
  }
  stop = std::stop_source();
  stop.request_stop();
  EXPECT_FALSE(verify_sqlite_store(path_, stop.get_token()));
}

}  // namespace
}  // namespace tribar::test
