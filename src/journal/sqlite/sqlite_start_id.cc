// SPDX-License-Identifier: MIT
//
// See sqlite_start_id.h.
#include "journal/sqlite/sqlite_start_id.h"

#include <fmt/format.h>

#include <cstdint>
#include <random>

#include "journal/sqlite/sqlite_database.h"

namespace tribar {
namespace {

constexpr std::size_t kCookieOffset = 40;
/// How often a user may change the schema (each change adds 1 to the cookie) before the log is next
/// written back.
constexpr std::uint32_t kMostSchemaChanges = 1000;
/// Random ids stay away from 0, where new databases start to count, and from 2^31, where the number
/// becomes negative.
constexpr std::uint32_t kLeastId = 1U << 20;
constexpr std::uint32_t kMostId = (1U << 31) - (1U << 20);

/// The schema cookie in the first page: from the log if the page is there, else from the database.
std::optional<std::uint32_t> cookie_through_log(sqlite3* database) {
  Statement cookie(database, "PRAGMA schema_version");
  if (!cookie.is_ready() || cookie.step() != SQLITE_ROW) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(cookie.number(0));
}

bool has_log_mode(sqlite3* database) {
  Statement mode(database, "PRAGMA journal_mode=WAL");
  return mode.is_ready() && mode.step() == SQLITE_ROW && mode.bytes(0) == "wal";
}

std::string random_id() {
  std::random_device device;
  return fmt::format("{}", std::uniform_int_distribution<std::uint32_t>(kLeastId, kMostId)(device));
}

}  // namespace

bool has_foreign_log(const StoreFile& file, sqlite3* database) {
  const auto logged = cookie_through_log(database);
  const auto head = file.head(kHeaderBytesOfDatabase);
  if (!logged || !head || head->size() < kHeaderBytesOfDatabase) {
    return false;  // the caller finds the problem when it reads the database
  }
  return *logged - big_endian(head->data() + kCookieOffset) > kMostSchemaChanges;
}

std::optional<std::string> begin_start(sqlite3* database) {
  // With a rollback journal this change is atomic, and no log exists that could contradict it.
  if (execute(database, "PRAGMA synchronous=EXTRA; PRAGMA journal_mode=DELETE")) {
    execute(database, "PRAGMA schema_version=" + random_id());
  }
  // The first read creates the log.
  if (!has_log_mode(database) || !cookie_through_log(database)) {
    return sqlite3_errmsg(database);
  }
  return std::nullopt;
}

}  // namespace tribar
