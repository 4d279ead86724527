// SPDX-License-Identifier: MIT
//
// The interface of stores: the journal commits records to one, and start-up loads them. Each engine
// implements it in a folder of its own; server/make_store.h chooses one.
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
  Full,    // on disk before it is confirmed: survives a power failure
  Normal,  // survives a crash of the server, not of the machine
};

/// Why a store cannot be opened: file, reason and remedy in one line.
struct StoreOpenError {
  std::string text;
  // true: the system failed or the file is damaged; false: the user must change something
  bool is_io = false;
};

/// Why something could not be stored, for the log.
struct StoreError {
  std::string text;
  /// Nothing can be stored any more: another server has the store, or it lost what was confirmed.
  /// It stays so until the store is closed.
  bool is_final = false;
};

struct StoreOptions {
  Sync sync = Sync::Full;
  /// Called in open(), load() and commit() with warnings for the operator, one line each.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  /// At this size, and whenever it doubles, `warn` reports a write-ahead log that cannot be merged
  /// into the database.
  std::uint64_t large_log_bytes = 128 << 20;
  /// Of a store that several machines can reach: tells people where the server is that has it.
  std::string address = {};
};

/// Callbacks for what load() finds: accounts in the order of creation, then their secrets and
/// clients, then messages in the order of acceptance, then the counters.
struct LoadHandlers {
  /// Returns false if an account with this name or id exists already.
  std::function<bool(AccountId, UnixMs created, std::string_view name)> account;
  std::function<void(AccountId, std::string_view hash)> secret;  // at most one for an account
  /// The highest n that the account's client has used, and the message that it was.
  std::function<void(AccountId, std::string_view client, std::uint64_t n, MessageNumber number)>
      client;
  std::function<void(AccountId recipient, KeptMessage::Ptr message)> message;
  std::function<void(AccountId last_account, MessageNumber below)> counters;
};

/// Damage that loses one record each and nothing else; one log line each.
using StoreWarnings = std::vector<std::string>;

/// The result of verify().
struct StoreReport {
  std::uint64_t accounts = 0;
  std::uint64_t secrets = 0;  // accounts that have one
  std::uint64_t clients = 0;
  std::uint64_t messages = 0;
  std::uint64_t message_bytes = 0;
  std::vector<std::string> damage;  // one line each; empty: no damage
  /// Not damage, and removed at the next start; one line each. Messages can outlast their deleted
  /// account; in a running server, for a moment.
  std::vector<std::string> leftovers;
};

/// A store. Creating the object does not touch any file. A server calls open(), load(), commit()
/// and check() any number of times, and close(), in this order; afterwards it may call open()
/// again. Not thread-safe: one thread at a time.
class Store {
 public:
  /// Closes.
  virtual ~Store() = default;

  /// Its name for people, such as a file's path; starts every error of open(), load() and verify().
  [[nodiscard]] virtual const std::string& name() const = 0;

  /// The reason why open() would fail, as far as that is known without opening or creating
  /// anything.
  [[nodiscard]] virtual std::optional<StoreOpenError> find_obstacle() const = 0;

  /// Locks the store against other servers until it is closed; creates it if it does not exist. If
  /// it cannot be trusted, returns an error, leaves it unchanged and closes it.
  [[nodiscard]] virtual std::optional<StoreOpenError> open() = 0;

  /// Passes everything in the store to `handlers`, once. If the content is contradictory, returns
  /// an error, leaves the store unchanged and closes it. Converts a store of an older format, once
  /// all of it is read.
  [[nodiscard]] virtual Result<StoreWarnings, StoreOpenError> load(
      const LoadHandlers& handlers) = 0;

  /// Stores all records of all groups in order, or none of them. Once it returns without an error
  /// they are stored safely. After an error it may be called again with the same records.
  [[nodiscard]] virtual std::optional<StoreError> commit(
      std::span<const std::span<const Record>> groups) = 0;

  /// Checks, while there is nothing to store, that the store is still there; returns why commit()
  /// would fail. Cheap; to be called about once a second.
  [[nodiscard]] virtual std::optional<StoreError> check() = 0;

  /// Unlocks the store for others; does nothing if it is not open.
  virtual void close() = 0;

  /// Checks the whole store without changing it, even while another process uses it. Must not be
  /// called while it is open in this object.
  [[nodiscard]] virtual Result<StoreReport, StoreOpenError> verify() const = 0;
};

}  // namespace tribar
