// SPDX-License-Identifier: MIT
//
// The statements about the row of the table `leader`: see SharedDatabase, whose calls they are.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "journal/postgres/session.h"
#include "journal/shared_database.h"

namespace tribar::lease {

/// SQLSTATE of a fence that fails, and of a row that another transaction has for too long.
inline constexpr const char* kFenced = "22012";
inline constexpr const char* kLockTimeout = "55P03";

/// To begin each transaction, as the first call.
[[nodiscard]] Call fence(std::uint64_t epoch, std::uint64_t number);

/// None: there is no row.
[[nodiscard]] Result<std::optional<LeaderRow>, Failure> look(Session& session,
                                                             std::chrono::milliseconds takeover,
                                                             Session::Clock::time_point deadline);

/// Commits a transaction that changes nothing: whether the database confirms any now. `waiting`: a
/// process of the server that may still wait with an earlier one; it is ended. 0: none.
[[nodiscard]] std::optional<Failure> try_commit(Session& session, int waiting,
                                                Session::Clock::time_point deadline);

[[nodiscard]] Result<std::optional<LeaderRow>, Failure> take(Session& session, std::uint64_t epoch,
                                                             std::chrono::milliseconds takeover,
                                                             const std::string& address,
                                                             Session::Clock::time_point deadline);

/// `process`: the server's of the connection before, which is ended if it is in the way; 0: not
/// known, so whichever is in the way is.
[[nodiscard]] Result<std::optional<LeaderRow>, Failure> ask(Session& session, int process,
                                                            Session::Clock::time_point deadline);

[[nodiscard]] Result<bool, Failure> renew(Session& session, std::uint64_t epoch,
                                          std::uint64_t commits,
                                          Session::Clock::time_point deadline);

[[nodiscard]] std::optional<std::uint64_t> count_replicas(Session& session,
                                                          Session::Clock::time_point deadline);

void release(Session& session, std::uint64_t epoch, std::uint64_t commits,
             Session::Clock::time_point deadline);

}  // namespace tribar::lease
