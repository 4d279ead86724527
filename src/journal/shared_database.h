// SPDX-License-Identifier: MIT
//
// A database that several servers can reach and of which one leads: what FencedStore needs of it.
// It has one row that says who leads. A leader has an epoch, which nobody had before, and counts
// its commits. Each commit begins with the fence, which fails once another one leads; so it does
// not matter what any clock says.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "journal/contents.h"
#include "journal/store.h"
#include "registry/record.h"

namespace tribar {

/// What the row says.
struct LeaderRow {
  std::uint64_t epoch = 0;
  std::uint64_t commits = 0;  // since the store was made
  std::string address;        // of the leader, for people; empty: there is none
  std::string seen;           // of look(): changes when the leader renews its lease
  bool is_free = false;       // of look(): the lease was given back, or not renewed in time
};

/// What no account and no message reaches.
struct Counters {
  AccountId last_account;
  MessageNumber below;
  friend bool operator==(const Counters&, const Counters&) = default;
};

/// One transaction.
struct FencedCommit {
  // The fence: nothing is stored unless the row has this epoch and the commit before `number`.
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  std::span<const std::span<const Record>> groups;
  std::optional<Counters> counters;  // to be stored, too
  /// Some or all of it may be stored already, and becomes what it would be after a first time.
  /// Otherwise an account or a message that is there already is an error.
  bool may_be_stored = false;
};

/// Why something could not be done, in words of one line.
struct DatabaseFailure {
  enum class Outcome {
    NotStored,  // nothing of it
    Unknown,    // it was stored, or will be, or never: ask()
    Fenced,     // nothing of it; the row does not say what the fence expects
  };
  std::string text;
  Outcome outcome = Outcome::NotStored;
};

/// One server's connection to it. One thread at a time. Every call ends at its deadline, about, or
/// after a time of its own.
class SharedDatabase {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~SharedDatabase() = default;

  // See Store. The errors of all that returns a StoreOpenError begin with the name.
  [[nodiscard]] virtual const std::string& name() const = 0;
  [[nodiscard]] virtual std::optional<StoreOpenError> find_obstacle() const = 0;
  [[nodiscard]] virtual Result<StoreReport, StoreOpenError> verify() const = 0;

  /// The clock of all deadlines.
  [[nodiscard]] virtual Clock::time_point now() const = 0;
  virtual void pause(std::chrono::milliseconds time) = 0;

  /// Connects, in place of the connection that there was.
  [[nodiscard]] virtual std::optional<DatabaseFailure> connect() = 0;
  /// False: there is no connection, or it is of no use any more.
  [[nodiscard]] virtual bool is_connected() const = 0;
  virtual void disconnect() = 0;

  // Before this server leads:

  /// Connects, if it is not connected; checks that this is a store that can be trusted, and makes
  /// an empty one where there is none. Returns warnings for the operator.
  [[nodiscard]] virtual Result<std::vector<std::string>, StoreOpenError> prepare() = 0;

  /// Reads the row. One that was not renewed for `takeover`, by the database's clock, is free.
  [[nodiscard]] virtual Result<LeaderRow, StoreOpenError> look(
      std::chrono::milliseconds takeover) = 0;

  /// Makes this server the leader, in a new epoch, if the row still has the epoch of `seen` and is
  /// free; returns the row, or none. Waits for a transaction that has the row; one that does not
  /// end is ended. An error while the database confirms no commits; none after that, as long as the
  /// leader may need to renew its lease.
  [[nodiscard]] virtual Result<std::optional<LeaderRow>, StoreOpenError> take(
      const LeaderRow& seen, std::chrono::milliseconds takeover, const std::string& address) = 0;

  /// See Store::follow().
  [[nodiscard]] virtual std::optional<StoreOpenError> follow(const LoadHandlers&) {
    return std::nullopt;
  }

  /// See load_contents(), and Store::follow().
  [[nodiscard]] virtual Result<Loaded, StoreOpenError> load(const LoadHandlers& handlers) = 0;

  // While it leads:

  /// Stores a commit. When that returns without a failure, it is stored as surely as the database
  /// does that.
  [[nodiscard]] virtual std::optional<DatabaseFailure> commit(const FencedCommit& commit,
                                                              Clock::time_point deadline) = 0;

  /// Asks on a new connection what the row says; none: it is gone. Also renews the lease. By a
  /// write, since that waits for a commit of the connection before whose end is not known, and
  /// since what it returns is as safe as a commit. A transaction that is in the way and does not
  /// end is ended.
  [[nodiscard]] virtual Result<std::optional<LeaderRow>, DatabaseFailure> ask(
      Clock::time_point deadline) = 0;

  /// Renews the lease; false: the row does not have this epoch and this many commits.
  [[nodiscard]] virtual Result<bool, DatabaseFailure> renew(std::uint64_t epoch,
                                                            std::uint64_t commits,
                                                            Clock::time_point deadline) = 0;

  /// How many synchronous standbys of the database are connected to it; none: it is not known.
  [[nodiscard]] virtual std::optional<std::uint64_t> count_replicas(Clock::time_point) {
    return std::nullopt;
  }

  /// Gives the lease back, so that the next server need not wait for its end. Best effort.
  virtual void release(std::uint64_t epoch, std::uint64_t commits, Clock::time_point deadline) = 0;
};

}  // namespace tribar
