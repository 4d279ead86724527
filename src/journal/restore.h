// SPDX-License-Identifier: MIT
//
// The way back at start-up: from a store into a new registry.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "journal/store.h"
#include "registry/registry.h"

namespace tribar {

struct Restored {
  std::uint64_t messages = 0;
  std::uint64_t removed = 0;  // messages of accounts that are not there
  StoreWarnings warnings;
};

/// Opens `store` and gives all it holds to `registry`. Messages of accounts that are not there are
/// removed from the store: there was no time to delete all that a deleted account had.
[[nodiscard]] Result<Restored, StoreOpenError> restore(Store& store, Registry& registry);

}  // namespace tribar
