// SPDX-License-Identifier: MIT
//
// The store in an SQLite database; its schema is described in docs/storage.md.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "journal/store.h"

namespace tribar {

/// Makes the store in the file at `path`. open() creates the file (mode 0600) if it does not exist
/// or is empty. In a build without SQLite returns an error that says so.
[[nodiscard]] Result<std::unique_ptr<Store>, StoreOpenError> make_sqlite_store(
    const std::string& path, StoreOptions options);

}  // namespace tribar
