// SPDX-License-Identifier: MIT
//
// See sqlite_database.h.
#include "journal/sqlite/sqlite_database.h"

#include <fmt/format.h>

#include <utility>

namespace tribar {
namespace {

/// How long a commit waits for a lock of another process, such as a backup.
constexpr int kBusyMs = 2000;

}  // namespace

std::uint32_t big_endian(const char* at) {
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(at[i]);
  }
  return number;
}

std::optional<StoreOpenError> open_database(const std::string& path, int flags,
                                            Database& database) {
  sqlite3* made = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &made, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database.reset(made);
  if (code != SQLITE_OK) {
    return StoreOpenError{fmt::format("{}: cannot be opened: {}", path, sqlite3_errstr(code)),
                          true};
  }
  sqlite3_busy_timeout(made, kBusyMs);
  sqlite3_extended_result_codes(made, 1);
  return std::nullopt;
}

Interruption::Interruption(sqlite3* database, std::stop_token stop)
    : database_(database),
      stop_(std::move(stop)),
      on_stop_(stop_, [database] { sqlite3_interrupt(database); }) {
  constexpr int kStepsBetweenLooks = 100;  // some microseconds
  sqlite3_progress_handler(
      database_, kStepsBetweenLooks,
      [](void* token) { return static_cast<std::stop_token*>(token)->stop_requested() ? 1 : 0; },
      &stop_);
}

Interruption::~Interruption() { sqlite3_progress_handler(database_, 0, nullptr, nullptr); }

bool execute(sqlite3* database, const std::string& sql) {
  return sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
}

}  // namespace tribar
