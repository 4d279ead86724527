// SPDX-License-Identifier: MIT
//
// Wrappers for SQLite: a database, its statements, and their ownership. Not thread-safe: one thread
// at a time.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "journal/store.h"

namespace tribar {

/// In the database's header; of an older store, a smaller one: see sqlite_schema.h.
constexpr std::uint32_t kFormatVersion = 2;
constexpr std::size_t kHeaderBytesOfDatabase = 100;

/// Reads four bytes at `at` as a big-endian number, as in the database's header.
[[nodiscard]] std::uint32_t big_endian(const char* at);

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

/// A prepared statement; the indexes of bound values start at 1.
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
  /// `bytes` must stay valid until run().
  void bind(int at, std::string_view bytes) {
    sqlite3_bind_blob64(statement_.get(), at, bytes.data(), bytes.size(), SQLITE_STATIC);
  }
  /// As text, for a column that has text.
  void bind_text(int at, std::string_view text) {
    sqlite3_bind_text64(statement_.get(), at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  /// Runs a statement that returns nothing; whether it worked.
  [[nodiscard]] bool run() {
    const int code = sqlite3_step(statement_.get());
    sqlite3_reset(statement_.get());
    return code == SQLITE_DONE;
  }
  /// Fetches the next row: SQLITE_ROW, SQLITE_DONE, or an error code.
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

/// Opens the file at `path`; `flags` are SQLITE_OPEN_*. If another process, such as a backup, has
/// it locked, waits up to kBusyMs.
[[nodiscard]] std::optional<StoreOpenError> open_database(const std::string& path, int flags,
                                                          Database& database);

/// While this exists, whatever runs on `database` fails soon after `stop` is requested, on any
/// thread. `database` outlives it, and has no other progress handler.
class Interruption {
 public:
  Interruption(sqlite3* database, std::stop_token stop);
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

 private:
  sqlite3* database_;
  std::stop_token stop_;                               // asked between steps of SQLite's machine
  std::stop_callback<std::function<void()>> on_stop_;  // in a step: some read a whole table
};

/// Runs SQL that returns no rows; returns whether it succeeded.
bool execute(sqlite3* database, const std::string& sql);

}  // namespace tribar
