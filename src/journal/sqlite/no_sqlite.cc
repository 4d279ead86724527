// SPDX-License-Identifier: MIT
//
// What sqlite.h promises, in a build without SQLite.
#include "journal/sqlite/sqlite.h"

namespace tribar {
namespace {

StoreOpenError not_built(const std::string& path) {
  return {path + ": this build has no SQLite; use storage.engine \"memory\", or build with SQLite",
          false};
}

}  // namespace

Result<OpenedStore, StoreOpenError> open_sqlite(const std::string& path, const StoreOptions&,
                                                const StoreReader&) {
  return not_built(path);
}

Result<StoreReport, StoreOpenError> verify_sqlite(const std::string& path) {
  return not_built(path);
}

bool has_sqlite() { return false; }

}  // namespace tribar
