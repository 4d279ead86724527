// SPDX-License-Identifier: MIT
//
// Start-up: loads a store into a new registry.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "journal/store.h"
#include "registry/record.h"
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

/// Fills a registry, which is empty at first, from a store. What belongs to accounts that do not
/// exist is removed from the store: the server ended before it had deleted all messages of a
/// deleted account.
class Restorer {
 public:
  /// `registry` must outlive this.
  explicit Restorer(Registry& registry);
  Restorer(const Restorer&) = delete;
  Restorer& operator=(const Restorer&) = delete;

  /// See Store::follow(). After an error the registry is of no use any more.
  [[nodiscard]] std::optional<StoreOpenError> follow(Store& store) {
    return store.follow(handlers_);
  }

  /// Loads all of `store`, which is open, or what follow() has left. Once, and last.
  [[nodiscard]] Result<Restored, StoreOpenError> load(Store& store);

 private:
  Registry& registry_;
  Restored restored_;
  std::vector<Record> ownerless_;  // what removes from the store what is nobody's
  AccountId absent_;               // the last one for which there was more than messages
  LoadHandlers handlers_;
};

/// Opens `store` and loads all of it into `registry`.
[[nodiscard]] Result<Restored, StoreOpenError> restore(Store& store, Registry& registry);

}  // namespace tribar
