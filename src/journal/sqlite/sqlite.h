// SPDX-License-Identifier: MIT
//
// The store in an SQLite database; its schema is described in docs/storage.md.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "journal/store.h"

namespace tribar {

/// The store in the file to which `path` leads; open() creates it (mode 0600) when there is no file
/// or an empty one. In a build without SQLite the error says so.
[[nodiscard]] Result<std::unique_ptr<Store>, StoreOpenError> make_sqlite_store(
    const std::string& path, StoreOptions options);

}  // namespace tribar
