// SPDX-License-Identifier: MIT
//
// Implements sqlite.h in a build without SQLite.
#include "journal/sqlite/sqlite.h"

namespace tribar {

Result<std::unique_ptr<Store>, StoreOpenError> make_sqlite_store(
    const std::string& path,
    StoreOptions /*options*/) {  // NOLINT(performance-unnecessary-value-param): as in sqlite.cc
  return StoreOpenError{
      path + ": this build has no SQLite; use storage.engine \"memory\", or build with SQLite",
      false};
}

std::optional<StoreOpenError> backup_sqlite_store(const std::string& from, const std::string&,
                                                  const std::stop_token&) {
  return StoreOpenError{from + ": this build has no SQLite", false};
}

Result<StoreReport, StoreOpenError> verify_sqlite_store(const std::string& path,
                                                        const std::stop_token&) {
  return StoreOpenError{path + ": this build has no SQLite", false};
}

}  // namespace tribar
