// SPDX-License-Identifier: MIT
//
// The writing half of an SQLite store: writes records, one transaction per commit.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "journal/sqlite/sqlite_database.h"
#include "journal/sqlite/sqlite_log.h"
#include "journal/sqlite/store_file.h"
#include "journal/store.h"

namespace tribar {

/// Messages are added many with one statement, and what is handed over is deleted in runs of
/// numbers: for SQLite a statement costs more than a row. Of what a client has sent, only the last
/// of a commit is written.
class SqliteWriter {
 public:
  /// Writes to `database`, which is in `file` and has the counters `last_account` and `below`.
  /// `database` and `file` must outlive this.
  SqliteWriter(sqlite3* database, const StoreFile& file, const StoreOptions& options,
               AccountId last_account, MessageNumber below);

  /// False: the tables do not have the expected form.
  [[nodiscard]] bool is_ready() const { return is_ready_; }

  // See Store.
  [[nodiscard]] std::optional<StoreError> commit(std::span<const std::span<const Record>> groups);
  [[nodiscard]] std::optional<StoreError> check() const;

 private:
  static constexpr std::size_t kRowsAtOnce = 32;
  static constexpr int kColumns = 4;

  [[nodiscard]] bool is_in_place() const;
  [[nodiscard]] bool write_all(std::span<const std::span<const Record>> groups);
  [[nodiscard]] bool write(const MessageKept& kept);
  [[nodiscard]] bool write(const HandedOver& handed);
  [[nodiscard]] bool write(const AccountCreated& created);
  [[nodiscard]] bool write(const AccountDeleted& deleted);
  [[nodiscard]] bool write(const NumbersReserved& reserved);
  [[nodiscard]] bool write(const SecretSet& set);
  [[nodiscard]] bool write(const ClientSent& sent);
  [[nodiscard]] bool write(const ClientForgotten& forgotten);
  [[nodiscard]] bool add_messages();
  [[nodiscard]] bool remove_messages();
  [[nodiscard]] bool write_clients();
  [[nodiscard]] bool write_counters();

  sqlite3* database_;
  const StoreFile& file_;
  SqliteLog log_;
  Statement begin_, commit_, add_account_, remove_account_, add_message_, add_messages_,
      remove_messages_, set_counters_, set_secret_, remove_secret_, set_client_, remove_client_,
      remove_clients_;
  AccountId last_account_;
  MessageNumber below_;
  bool is_ready_ = false;
  std::string record_;  // encoded bytes of the current record
  // Of the current commit.
  std::array<const MessageKept*, kRowsAtOnce> kept_{};
  std::array<std::string, kRowsAtOnce> kept_records_;
  std::size_t kept_count_ = 0;
  std::vector<std::uint64_t> handed_over_;
  std::vector<const ClientSent*> sent_;  // in order, not written yet
};

}  // namespace tribar
