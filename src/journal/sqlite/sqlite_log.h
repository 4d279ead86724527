// SPDX-License-Identifier: MIT
//
// The write-ahead log of an open store: decides when it is written back into the database, writes
// the start id into it, so that it can be matched with its database, and warns when it grows large.
// One thread at a time.
#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "journal/sqlite/sqlite_database.h"
#include "journal/store.h"

namespace tribar {

class SqliteLog {
 public:
  /// For the database at `place`, which must have been read before. Both arguments must outlive
  /// this.
  SqliteLog(sqlite3* database, const std::string& place, const StoreOptions& options);
  SqliteLog(const SqliteLog&) = delete;
  SqliteLog& operator=(const SqliteLog&) = delete;
  ~SqliteLog();

  /// Whether the log file is still the same. If it was removed SQLite would not notice, and would
  /// go on writing into a file that no start could find.
  [[nodiscard]] bool is_in_place() const { return look() == identity_; }

  /// Must be part of every transaction that writes. The first one in a log also writes the
  /// database's first page, which contains the start id. Returns false if that failed.
  [[nodiscard]] bool write_start_id();

 private:
  using Identity = std::pair<dev_t, ino_t>;

  [[nodiscard]] Identity look() const;
  void committed(int pages);
  void write_back(int pages);
  void warn_of(std::uint64_t bytes, const std::string& why);

  sqlite3* database_;
  std::string path_;
  StoreOptions options_;
  Identity identity_;
  std::uint64_t page_bytes_ = 0;  // bytes that one page takes in the log
  Statement touch_first_page_;
  int pages_ = 0;                // pages in the log
  bool has_start_id_ = false;    // the start id is among them
  bool is_writing_id_ = false;   // the current transaction writes the start id
  std::uint64_t warned_at_ = 0;  // log size of the next warning
};

}  // namespace tribar
