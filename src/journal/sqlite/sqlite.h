// SPDX-License-Identifier: MIT
//
// The store in an SQLite database; its schema is described in docs/storage.md. In a build without
// SQLite these say so.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/store.h"

namespace tribar {

/// Damage that costs one record and nothing else, each a line for the log.
using StoreWarnings = std::vector<std::string>;

struct OpenedStore {
  std::unique_ptr<Store> store;
  StoreWarnings warnings;
};

/// Opens the store to which `path` leads, creating it (mode 0600) when there is no file or an empty
/// one, and reads all it holds to `reader`. Locks it against every other tribard until it is
/// destroyed. What cannot be trusted is refused and left as it is.
[[nodiscard]] Result<OpenedStore, StoreOpenError> open_sqlite(const std::string& path,
                                                              const StoreOptions& options,
                                                              const StoreReader& reader);

/// What a check of a store found.
struct StoreReport {
  std::uint64_t accounts = 0;
  std::uint64_t messages = 0;
  std::uint64_t message_bytes = 0;
  std::vector<std::string> damage;  // a line each; empty: all is well
  /// What is no damage, and is removed at the next start; a line each. An account's messages can
  /// outlast its deletion, in a running server for a moment.
  std::vector<std::string> leftovers;
};

/// Checks the store at `path` without changing it, also while a server uses it.
[[nodiscard]] Result<StoreReport, StoreOpenError> verify_sqlite(const std::string& path);

/// Whether this build can.
[[nodiscard]] bool has_sqlite();

}  // namespace tribar
