// SPDX-License-Identifier: MIT
//
// What a journal writes to: records in, safely, and out again at start-up. Each engine has a folder
// of its own that implements this; server/make_store.h says which one it is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
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

/// Who takes what a store holds, at start-up: accounts in the order of creation, then messages in
/// the order of acceptance, then the counters.
struct LoadHandlers {
  /// False: there is one with this name or id already.
  std::function<bool(AccountId, UnixMs created, std::string_view name)> account;
  std::function<void(AccountId recipient, KeptMessage::Ptr message)> message;
  std::function<void(AccountId last_account, MessageNumber below)> counters;
};

/// Damage that costs one record and nothing else, each a line for the log.
using StoreWarnings = std::vector<std::string>;

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

/// A store at its place; making one touches nothing. A server calls open(), load(), any number of
/// commit() and check(), close(), in this order; it may go on with open(). One thread at a time.
class Store {
 public:
  /// Closes.
  virtual ~Store() = default;

  /// What a person calls it; begins every error of open(), load() and verify().
  [[nodiscard]] virtual const std::string& name() const = 0;

  /// Why open() would fail, as far as that can be known without opening or creating anything.
  [[nodiscard]] virtual std::optional<StoreOpenError> find_obstacle() const = 0;

  /// Takes the store against every other server until it is closed, and creates it where there is
  /// none. What cannot be trusted is refused and left as it is; then it is closed.
  [[nodiscard]] virtual std::optional<StoreOpenError> open() = 0;

  /// Gives all that the store holds to `handlers`, once. What contradicts itself is refused and
  /// left as it is; then it is closed.
  [[nodiscard]] virtual Result<StoreWarnings, StoreOpenError> load(
      const LoadHandlers& handlers) = 0;

  /// Stores all records of all groups, in order, or none of them. When it returns without an error
  /// they are safe. After an error it may be tried again with the same records.
  [[nodiscard]] virtual std::optional<StoreError> commit(
      std::span<const std::span<const Record>> groups) = 0;

  /// What commit() would fail of though there is nothing to store: the store is not at its place
  /// any more. Cheap; to be called every second or so.
  [[nodiscard]] virtual std::optional<StoreError> check() = 0;

  /// Gives the store free for others; nothing when it is not open.
  virtual void close() = 0;

  /// Checks everything without changing anything, also while a server uses the store. Not while it
  /// is open here.
  [[nodiscard]] virtual Result<StoreReport, StoreOpenError> verify() const = 0;
};

}  // namespace tribar
