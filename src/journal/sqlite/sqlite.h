// SPDX-License-Identifier: MIT
//
// The store in an SQLite database; its schema is described in docs/storage.md.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "journal/store.h"

namespace tribar {

/// Makes the store in the file at `path`. open() creates the file (mode 0600) if it does not exist
/// or is empty. In a build without SQLite returns an error that says so.
[[nodiscard]] Result<std::unique_ptr<Store>, StoreOpenError> make_sqlite_store(
    const std::string& path, StoreOptions options);

/// Copies the store at `from`, which may be in use by this process or another, to the file `to`,
/// which must not exist: all that is committed at one moment. Takes as long as reading it all; a
/// server that uses the store goes on meanwhile. The copy is on disk when this returns; if it fails
/// there is none. It fails soon after `stop` is requested. Any thread.
[[nodiscard]] std::optional<StoreOpenError> backup_sqlite_store(const std::string& from,
                                                                const std::string& to,
                                                                const std::stop_token& stop);

/// What Store::verify() says of the store at `path`. It fails soon after `stop` is requested. Any
/// thread.
[[nodiscard]] Result<StoreReport, StoreOpenError> verify_sqlite_store(const std::string& path,
                                                                      const std::stop_token& stop);

}  // namespace tribar
