// SPDX-License-Identifier: MIT
//
// What a journal writes to: records in, safely, and out again at start-up. One thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "registry/message_list.h"
#include "registry/record.h"

namespace tribar {

/// Why something could not be stored, for the log.
struct StoreError {
  std::string text;
};

class Store {
 public:
  virtual ~Store() = default;

  /// Stores all records of all groups, in order, or none of them. When it returns without an error
  /// they are safe. After an error it may be tried again with the same records.
  [[nodiscard]] virtual std::optional<StoreError> commit(
      std::span<const std::span<const Record>> groups) = 0;
};

/// What a store holds, at start-up: accounts in the order of creation, messages in the order of
/// acceptance.
struct StoreReader {
  std::function<void(AccountId, UnixMs created, std::string_view name)> account;
  std::function<void(AccountId recipient, KeptMessage::Ptr)> message;
  std::function<void(AccountId last_account, MessageNumber below)> counters;
};

}  // namespace tribar
