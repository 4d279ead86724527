// SPDX-License-Identifier: MIT
//
// A failing disk: an SQLite VFS around the system's own, and the default one while it exists. It
// can make writes and syncs fail or wait, and knows which parts of every file are certainly on
// disk, so that it can simulate a loss of power. Any thread; only one at a time per process.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tribar::test {

class FaultVfs {
 public:
  FaultVfs();
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  /// The result of each write from now on, and of each sync; SQLITE_OK: performs it.
  std::atomic<int> write_code{SQLITE_OK};
  std::atomic<int> sync_code{SQLITE_OK};
  /// Called first in each read of a file, on its thread. Set it before the store is opened.
  std::function<void()> before_read;
  /// Called first in each sync, on its thread; may wait. Set it before the store is opened.
  std::function<void()> before_sync;

  // Loss of power. Nothing is really synced, since these files need not survive the test.

  /// Starts to record what is on disk. Call before a store is opened.
  void watch_power();
  /// The power goes after so many more writes, truncations, syncs and removals: they fail from
  /// there on. A removal is on disk at once: SQLite syncs the folder before it relies on one.
  void lose_power_after(std::uint64_t operations);
  [[nodiscard]] bool has_power() const { return !is_watching_ || operations_left_ > 0; }
  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  /// The file after the loss of power: everything that was synced, and for each 512-byte sector
  /// written since, at random the new or the old content.
  [[nodiscard]] std::string left_of(const std::string& path, std::mt19937_64& random);

 private:
  struct File;
  struct Change {
    bool is_truncation = false;
    std::uint64_t at = 0;
    std::string bytes;
  };
  struct Disk {
    std::string synced;
    std::vector<Change> since;
  };

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                  int* out_flags);
  [[nodiscard]] static sqlite3_io_methods methods();
  [[nodiscard]] int remove(const char* name, int sync);
  [[nodiscard]] bool count_operation();
  static void apply(std::string& bytes, const Change& change);

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  sqlite3_io_methods methods_;
  std::mutex mutex_;
  bool is_watching_ = false;
  std::uint64_t operations_left_ = 0;
  std::uint64_t operations_ = 0;
  std::map<std::string, Disk> disks_;  // by path
};

}  // namespace tribar::test
