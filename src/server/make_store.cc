// SPDX-License-Identifier: MIT
//
// See make_store.h.
#include "server/make_store.h"

#include <utility>

#include "journal/sqlite/sqlite.h"

namespace tribar {

Result<std::unique_ptr<Store>, StoreOpenError> make_store(
    const Config::Storage& settings, std::function<void(const std::string&)> warn) {
  StoreOptions options;
  options.sync = settings.sync == StorageSync::Full ? Sync::Full : Sync::Normal;
  options.warn = std::move(warn);
  switch (settings.engine) {
    case StorageEngine::Sqlite:
      return make_sqlite_store(settings.path, std::move(options));
    case StorageEngine::Memory:
      break;
  }
  return std::unique_ptr<Store>();
}

Result<std::unique_ptr<Store>, StoreOpenError> make_file_store(const std::string& path) {
  return make_sqlite_store(path, {});
}

}  // namespace tribar
