// SPDX-License-Identifier: MIT
//
// See sqlite.h: a copy of a store that may be in use.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "journal/sqlite/sqlite.h"
#include "journal/sqlite/sqlite_database.h"

namespace tribar {
namespace {

constexpr mode_t kOwnerOnly = 0600;

/// Whether what was written at `path` is on the disk.
bool sync(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC);
  const bool is_synced = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) {
    close(fd);
  }
  return is_synced;
}

std::optional<StoreOpenError> copy_into(const std::string& from, const std::string& to,
                                        const std::stop_token& stop) {
  Database database;
  if (auto error = open_database(from, SQLITE_OPEN_READONLY, database)) {
    return error;
  }
  const Interruption interruption(database.get(), stop);
  // A read transaction is a state of the store at one moment; whoever writes goes on.
  Statement copy(database.get(), "VACUUM INTO ?1");
  copy.bind_text(1, to);
  if (!copy.is_ready() || !copy.run()) {
    return StoreOpenError{
        fmt::format("{}: cannot be copied to {}: {}", from, to, sqlite3_errmsg(database.get())),
        true};
  }
  const std::string folder = to.substr(0, std::max<std::size_t>(to.rfind('/'), 1));
  if (!sync(to, O_RDONLY) || !sync(folder, O_RDONLY | O_DIRECTORY)) {
    return StoreOpenError{fmt::format("{}: {}", to, std::strerror(errno)), true};
  }
  return std::nullopt;
}

}  // namespace

std::optional<StoreOpenError> backup_sqlite_store(const std::string& from, const std::string& to,
                                                  const std::stop_token& stop) {
  // Made here, since nobody else may read it; SQLite writes into an empty file.
  const int fd = open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly);
  if (fd < 0) {
    return StoreOpenError{fmt::format("{}: {}", to, std::strerror(errno)), false};
  }
  close(fd);
  auto error = copy_into(from, to, stop);
  if (error) {
    static_cast<void>(unlink(to.c_str()));
  }
  return error;
}

}  // namespace tribar
