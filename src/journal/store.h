// SPDX-License-Identifier: MIT
//
// What a journal writes to: records in, safely, and out again at start-up. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "registry/message_list.h"
#include "registry/record.h"

namespace tribar {

enum class Sync {
  Full,    // on disk before it is confirmed: survives power loss
  Normal,  // survives a crash of the server, not of the machine
};

/// Why a store cannot be opened: file, reason and remedy in one line.
struct StoreOpenError {
  std::string text;
  bool is_io =
      false;  // the system failed or the file is damaged; otherwise it is a mistake to use it
};

/// Why something could not be stored, for the log.
struct StoreError {
  std::string text;
};

struct StoreOptions {
  Sync sync = Sync::Full;
  /// Is told, in commit(), what an operator should do something about; a line each.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  /// From here on, and at every doubling, `warn` is told of a log that cannot be written back.
  std::uint64_t large_log_bytes = 128 << 20;
};

class Store {
 public:
  virtual ~Store() = default;

  /// Stores all records of all groups, in order, or none of them. When it returns without an error
  /// they are safe. After an error it may be tried again with the same records.
  [[nodiscard]] virtual std::optional<StoreError> commit(
      std::span<const std::span<const Record>> groups) = 0;

  /// What commit() would fail of though there is nothing to store: the store is not at its place
  /// any more. Cheap; to be called every second or so.
  [[nodiscard]] virtual std::optional<StoreError> check() = 0;
};

/// What a store holds, at start-up: accounts in the order of creation, messages in the order of
/// acceptance.
struct StoreReader {
  /// False: there is one with this name or id already.
  std::function<bool(AccountId, UnixMs created, std::string_view name)> account;
  std::function<void(AccountId recipient, KeptMessage::Ptr)> message;
  std::function<void(AccountId last_account, MessageNumber below)> counters;
};

}  // namespace tribar
