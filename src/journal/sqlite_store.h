// SPDX-License-Identifier: MIT
//
// The writing half of an SQLite store: records in, a transaction a commit.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "journal/sqlite_database.h"
#include "journal/store.h"

namespace tribar {

/// A file descriptor that holds the lock beside the store.
class LockFile {
 public:
  /// Opens `path`, or makes it, for its owner only.
  explicit LockFile(const std::string& path);
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile();
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  /// False when another process has it.
  [[nodiscard]] bool try_lock() const;

 private:
  int descriptor_;
};

/// The files that an open database writes to. Somebody may remove or replace them; SQLite would not
/// notice, and what it writes then no start would find.
class OpenFiles {
 public:
  explicit OpenFiles(std::string path)
      : database_(std::move(path)), log_(database_ + "-wal"), identities_{look()} {}
  [[nodiscard]] bool are_there() const { return look() == identities_; }

 private:
  using Identities = std::array<std::pair<dev_t, ino_t>, 2>;

  [[nodiscard]] Identities look() const;

  std::string database_;
  std::string log_;
  Identities identities_;
};

/// Messages are added many with one statement, and what is handed over is deleted in runs of
/// numbers: for SQLite a statement costs more than a row.
class SqliteStore final : public Store {
 public:
  /// Keeps `lock` for as long as it lives.
  explicit SqliteStore(std::unique_ptr<LockFile> lock) : lock_(std::move(lock)) {}

  /// Writes to `database` at `path` from now on; false when its tables are not as they should be.
  /// `last_account` and `below` are its counters.
  [[nodiscard]] bool take(Database database, const std::string& path, AccountId last_account,
                          MessageNumber below);

  std::optional<StoreError> commit(std::span<const std::span<const Record>> groups) override;

 private:
  static constexpr std::size_t kRowsAtOnce = 32;
  static constexpr int kColumns = 4;

  [[nodiscard]] bool write_all(std::span<const std::span<const Record>> groups);
  [[nodiscard]] bool write(const MessageKept& kept);
  [[nodiscard]] bool write(const HandedOver& handed);
  [[nodiscard]] bool write(const AccountCreated& created);
  [[nodiscard]] bool write(const AccountDeleted& deleted);
  [[nodiscard]] bool write(const NumbersReserved& reserved);
  [[nodiscard]] bool add_messages();
  [[nodiscard]] bool remove_messages();
  [[nodiscard]] bool write_counters();

  std::unique_ptr<LockFile> lock_;  // released after the database is closed
  std::optional<OpenFiles> files_;
  Database database_;
  Statement begin_, commit_, add_account_, remove_account_, add_message_, add_messages_,
      remove_messages_, set_counters_;
  AccountId last_account_;
  MessageNumber below_;
  std::string record_;  // the bytes of the one being written
  // Of the commit under way.
  std::array<const MessageKept*, kRowsAtOnce> kept_{};
  std::array<std::string, kRowsAtOnce> kept_records_;
  std::size_t kept_count_ = 0;
  std::vector<std::uint64_t> handed_over_;
};

}  // namespace tribar
