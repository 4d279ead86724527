// SPDX-License-Identifier: MIT
//
// Start-up: loads a store into a new registry.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "journal/store.h"
#include "registry/registry.h"

namespace tribar {

struct Restored {
  std::uint64_t messages = 0;
  // Removed because their account does not exist:
  std::uint64_t removed = 0;  // messages
  std::uint64_t removed_secrets = 0;
  std::uint64_t removed_clients = 0;
  StoreWarnings warnings;
};

/// Loads all of `store`, which is open, into `registry`, which is empty. What belongs to accounts
/// that do not exist is removed from the store: the server ended before it had deleted all messages
/// of a deleted account.
[[nodiscard]] Result<Restored, StoreOpenError> restore_opened(Store& store, Registry& registry);

/// The same with a store that is opened first.
[[nodiscard]] Result<Restored, StoreOpenError> restore(Store& store, Registry& registry);

}  // namespace tribar
