// SPDX-License-Identifier: MIT
//
// The interface of stores: the journal commits records to one, and start-up loads them. Each engine
// implements it in a folder of its own; server/make_store.h chooses one.
#pragma once

#include <chrono>
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

/// The server that has a shared store.
struct StoreHolder {
  std::string address;  // for people, as it said itself; may be empty
  std::uint64_t epoch = 0;
};

/// Why a store cannot be opened: file, reason and remedy in one line.
struct StoreOpenError {
  std::string text;
  // true: the system failed or the file is damaged; false: the user must change something
  bool is_io = false;
  /// Set if the only reason is that another server has the store.
  std::optional<StoreHolder> holder = {};
  bool is_damaged = false;  // what is stored cannot be trusted
};

/// Why something could not be stored, for the log.
struct StoreError {
  std::string text;
  /// Nothing can be stored any more: another server has the store, or it lost what was confirmed.
  /// It stays so until the store is closed.
  bool is_final = false;
  /// Of a final one: set if another server has the store now.
  std::optional<StoreHolder> holder = {};
};

/// What makes this server the one that has a shared store.
struct StoreLease {
  std::uint64_t epoch = 0;    // nobody had it before
  std::uint64_t commits = 0;  // since the store was made, by all that had it
  /// Other machines on which a commit is before it is confirmed, as far as they are there now;
  /// none: it is not known.
  std::optional<std::uint64_t> replicas = {};
};

struct StoreOptions {
  Sync sync = Sync::Full;
  /// Called in open(), load() and commit() with warnings for the operator, one line each.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  /// At this size, and whenever it doubles, `warn` reports a write-ahead log that cannot be merged
  /// into the database.
  std::uint64_t large_log_bytes = 128 << 20;
  // Of a shared store:
  /// Tells people where the server is that has it.
  std::string address = {};
  /// A server that did not renew its lease for this long, by the store's clock, has lost it to
  /// whoever asks.
  std::chrono::milliseconds takeover{3000};
  /// What open() does while another server has the lease: wait until that renews it, or has lost it
  /// (true), or return at once (false).
  bool waits_for_holder = true;
};

/// Callbacks for what load() finds: accounts in the order of creation, then their secrets and
/// clients, then messages in the order of acceptance, then the counters. After Store::follow() a
/// secret or a client may come again, with what it is now.
struct LoadHandlers {
  /// Returns false if an account with this name or id exists already.
  std::function<bool(AccountId, UnixMs created, std::string_view name)> account;
  std::function<void(AccountId, std::string_view hash)> secret;  // one for an account
  /// The highest n that the account's client has used, and the message that it was.
  std::function<void(AccountId, std::string_view client, std::uint64_t n, MessageNumber number)>
      client;
  std::function<void(AccountId recipient, KeptMessage::Ptr message)> message;
  std::function<void(AccountId last_account, MessageNumber below)> counters;
  // Only after Store::follow(): what was passed on and is not stored any more. Not called for
  // clients: an account has those that sent last, AccountDetails::kMostClients of them.
  std::function<void(AccountId)> account_gone = [](AccountId) {};
  std::function<void(AccountId recipient, MessageNumber)> message_gone = [](AccountId,
                                                                            MessageNumber) {};
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
/// and check() any number of times, and close(), in this order; afterwards, and after an open()
/// that failed, it may call open() again. Not thread-safe: one thread at a time.
class Store {
 public:
  /// Closes.
  virtual ~Store() = default;

  /// Its name for people, such as a file's path; starts every error of open(), load() and verify().
  [[nodiscard]] virtual const std::string& name() const = 0;

  /// The reason why open() would fail, as far as that is known without opening or creating
  /// anything.
  [[nodiscard]] virtual std::optional<StoreOpenError> find_obstacle() const = 0;

  /// Whether other servers may take the store over while this one has it open. Then what this
  /// server knows is only good for what a commit confirms that began later.
  [[nodiscard]] virtual bool is_shared() const { return false; }

  /// Of a shared store, from open() to close(), also when it is lost.
  [[nodiscard]] virtual std::optional<StoreLease> lease() const { return std::nullopt; }

  /// Locks the store against other servers until it is closed; creates it if it does not exist. If
  /// it cannot be trusted, returns an error, leaves it unchanged and closes it. If another server
  /// has it (StoreOpenError::holder), a shared store stays connected until close(), and the next
  /// open() costs one look at the lease, unless that is free.
  [[nodiscard]] virtual std::optional<StoreOpenError> open() = 0;

  /// Of a shared store, after an open() that found another server in it: passes on what no
  /// earlier call has, and tells what is gone; the next load() then has little to do. What is
  /// passed on may be read from a state some seconds old. An error means that what was passed on is
  /// of no use any more. Does nothing for stores that cannot do it.
  [[nodiscard]] virtual std::optional<StoreOpenError> follow(const LoadHandlers&) {
    return std::nullopt;
  }

  /// Passes everything in the store to `handlers`, once, but for what follow() passed on already.
  /// If the content is contradictory, returns an error, leaves the store unchanged and closes it.
  /// Converts a store of an older format, once all of it is read.
  [[nodiscard]] virtual Result<StoreWarnings, StoreOpenError> load(
      const LoadHandlers& handlers) = 0;

  /// Stores all records of all groups in order, or none of them. Once it returns without an error
  /// they are stored safely. After an error it may be called again with the same records.
  [[nodiscard]] virtual std::optional<StoreError> commit(
      std::span<const std::span<const Record>> groups) = 0;

  /// Checks, while there is nothing to store, that the store is still there; returns why commit()
  /// would fail. Cheap; to be called about every check_interval().
  [[nodiscard]] virtual std::optional<StoreError> check() = 0;
  [[nodiscard]] virtual std::chrono::milliseconds check_interval() const {
    return std::chrono::milliseconds(1000);
  }

  /// Unlocks the store for others; does nothing if it is not open.
  virtual void close() = 0;

  /// Checks the whole store without changing it, even while another process uses it. Must not be
  /// called while it is open in this object.
  [[nodiscard]] virtual Result<StoreReport, StoreOpenError> verify() const = 0;
};

}  // namespace tribar
