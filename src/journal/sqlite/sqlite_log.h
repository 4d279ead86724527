// SPDX-License-Identifier: MIT
//
// The write-ahead log of an open store: when it is written back into the database, that it can be
// known whose it is, and that it does not grow unnoticed. One thread at a time.
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
  /// Of `database` at `place`, which was read before. Both stay.
  SqliteLog(sqlite3* database, const std::string& place, const StoreOptions& options);
  SqliteLog(const SqliteLog&) = delete;
  SqliteLog& operator=(const SqliteLog&) = delete;
  ~SqliteLog();

  /// Whether the file is where it was. SQLite would not notice that somebody removed it, and what
  /// it writes then no start would find.
  [[nodiscard]] bool is_in_place() const { return look() == identity_; }

  /// Part of every transaction that writes: the first of a log brings the first page along, which
  /// has the start id. False: it failed.
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
  std::uint64_t page_bytes_ = 0;  // that a page takes in the log
  Statement touch_first_page_;
  int pages_ = 0;                // in the log
  bool has_start_id_ = false;    // among them
  bool is_writing_id_ = false;   // in the transaction under way
  std::uint64_t warned_at_ = 0;  // the size from which on it is told next
};

}  // namespace tribar
