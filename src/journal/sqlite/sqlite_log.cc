// SPDX-License-Identifier: MIT
//
// See sqlite_log.h.
#include "journal/sqlite/sqlite_log.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

namespace tribar {
namespace {

/// From this many pages on, about 4 MB, each commit tries to copy the log back into the database
/// (checkpoint).
constexpr int kWriteBackPages = 1000;
constexpr std::uint64_t kFrameHeaderBytes = 24;

}  // namespace

SqliteLog::SqliteLog(sqlite3* database, const std::string& place, const StoreOptions& options)
    : database_(database),
      path_(place + "-wal"),
      options_(options),
      identity_(look()),
      touch_first_page_(database, fmt::format("PRAGMA user_version={}", kFormatVersion).c_str()),
      warned_at_(options.large_log_bytes) {
  Statement size(database, "PRAGMA page_size");
  if (size.is_ready() && size.step() == SQLITE_ROW) {
    page_bytes_ = size.number(0) + kFrameHeaderBytes;
  }
  sqlite3_wal_hook(
      database,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteLog*>(self)->committed(pages);
        return SQLITE_OK;
      },
      this);
}

SqliteLog::~SqliteLog() { sqlite3_wal_hook(database_, nullptr, nullptr); }

SqliteLog::Identity SqliteLog::look() const {
  struct stat status {};
  return stat(path_.c_str(), &status) == 0 ? Identity{status.st_dev, status.st_ino} : Identity{};
}

bool SqliteLog::write_start_id() {
  is_writing_id_ = !has_start_id_;
  return !is_writing_id_ || touch_first_page_.run();
}

/// Called after a commit; the log now has `pages` pages.
void SqliteLog::committed(int pages) {
  const bool is_another_log = pages <= pages_;
  const bool had_start_id = has_start_id_ && !is_another_log;
  has_start_id_ = std::exchange(is_writing_id_, false) || had_start_id;
  pages_ = pages;
  if (pages >= kWriteBackPages) {
    write_back(pages);
  } else {
    warned_at_ = options_.large_log_bytes;
  }
}

void SqliteLog::write_back(int pages) {
  int in_log = 0;
  int written_back = 0;
  const int code = sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log,
                                             &written_back);
  if (code == SQLITE_OK && written_back == in_log) {
    has_start_id_ = false;  // the next commit may start the log again
    return;
  }
  warn_of(static_cast<std::uint64_t>(pages) * page_bytes_,
          code == SQLITE_OK || code == SQLITE_BUSY
              ? "another process has kept a read transaction open all that time, such as a sqlite3 "
                "shell or a backup; end that"
              : sqlite3_errstr(code));
}

/// Warns that the log has `bytes` that cannot be written back, if it is time for another warning.
void SqliteLog::warn_of(std::uint64_t bytes, const std::string& why) {
  if (bytes < warned_at_) {
    if (bytes < options_.large_log_bytes) {
      warned_at_ = options_.large_log_bytes;
    }
    return;
  }
  while (warned_at_ <= bytes) {
    warned_at_ *= 2;
  }
  options_.warn(fmt::format("{} has grown to {} MB and cannot be written back: {}", path_,
                            bytes / 1'000'000, why));
}

}  // namespace tribar
