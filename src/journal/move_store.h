// SPDX-License-Identifier: MIT
//
// Copies what one store contains into another one, of any engine.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "journal/store.h"

namespace tribar {

struct Moved {
  std::uint64_t accounts = 0;
  std::uint64_t secrets = 0;
  std::uint64_t messages = 0;
  StoreWarnings warnings;  // damaged messages, which are not copied
};

/// Copies `from` to `to`, both closed, in one commit, and compares what `to` then contains. No
/// server can use either meanwhile. `to` must be empty or not be there yet; when anything fails it
/// is empty still. Holds all that is stored in memory.
[[nodiscard]] Result<Moved, StoreOpenError> move_store(Store& from, Store& to);

}  // namespace tribar
