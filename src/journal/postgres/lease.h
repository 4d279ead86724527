// SPDX-License-Identifier: MIT
//
// Who leads: the one row of the table `leader`. A leader has an epoch, which nobody had before, and
// counts its commits. Each commit begins with the fence, which fails once there is another epoch;
// so it does not matter what any clock says. docs/storage.md describes it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "journal/postgres/session.h"
#include "journal/store.h"

namespace tribar {

/// A leader that did not renew its lease for this long has lost it to whoever asks.
inline constexpr std::chrono::milliseconds kTakeover{3000};

/// What the row says of one leader's last commit.
enum class Standing {
  NotStored,  // as many commits as were confirmed
  Stored,     // one more: that whose answer did not come
  Lost,       // another one leads, or the database is older than what was confirmed
};

class Lease {
 public:
  /// Gets the lease in a store that was checked; waits up to kTakeover for one of a leader that may
  /// have crashed. `address` tells people where this server is. An error if another one leads.
  [[nodiscard]] static Result<Lease, StoreOpenError> take(const std::string& name, Session& session,
                                                          const std::string& address);

  /// To begin each transaction, as the first call: SQLSTATE kFenced when this is no leader.
  [[nodiscard]] Call fence() const;
  static constexpr const char* kFenced = "22012";

  /// Counts a commit that is stored.
  void advance() { ++commits_; }

  /// Asks on a new connection what became of the last commit; also renews the lease. By a write,
  /// since it waits for the transaction that is asked about, and since what it returns is as safe
  /// as a commit. `process` is that of the connection before: it is ended if it is in the way. When
  /// the answer is Lost, why() says why.
  [[nodiscard]] Result<Standing, Failure> ask(Session& session, int process,
                                              Session::Clock::time_point deadline);
  [[nodiscard]] const std::string& why() const { return why_; }

  /// Renews the lease; false: it is lost, or nobody knows: ask().
  [[nodiscard]] Result<bool, Failure> renew(Session& session, Session::Clock::time_point deadline);

  /// Gives the lease back, so that the next server need not wait for its end. Best effort.
  void release(Session& session, Session::Clock::time_point deadline) const;

 private:
  Lease(std::uint64_t epoch, std::uint64_t commits) : epoch_(epoch), commits_(commits) {}

  std::uint64_t epoch_;
  std::uint64_t commits_;
  std::string why_;
};

}  // namespace tribar
