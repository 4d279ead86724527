// SPDX-License-Identifier: MIT
//
// See lease.h.
#include "journal/postgres/lease.h"

#include <utility>

namespace tribar::lease {
namespace {

using std::chrono::milliseconds;

// Division by zero aborts the transaction on the server's side, with all that was sent behind it.
constexpr Prepared kFence{"fence", R"sql(
WITH fence AS (UPDATE leader SET commits = $2::bigint, seen = clock_timestamp()
  WHERE one = 1 AND epoch = $1::bigint AND commits = $2::bigint - 1 RETURNING 1)
SELECT 1 / count(*) FROM fence)sql"};

constexpr Prepared kLookAt{"look_at_leader", R"sql(
SELECT epoch, commits, address, seen < clock_timestamp() - $1::bigint * interval '1 ms', seen::text
FROM leader WHERE one = 1)sql"};

// What it writes makes its commit one that waits for the standby.
constexpr Prepared kTryCommit{"try_commit",
                              "SELECT pg_logical_emit_message(true, 'tribar', 'standby')"};

constexpr Prepared kEndWaiting{"end_waiting", R"sql(
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = $1::bigint AND wait_event = 'SyncRep')sql"};

constexpr Prepared kTake{"take_lease", R"sql(
UPDATE leader SET epoch = epoch + 1, seen = clock_timestamp(), address = $3::text
WHERE one = 1 AND epoch = $1::bigint AND seen < clock_timestamp() - $2::bigint * interval '1 ms'
RETURNING epoch, commits, address)sql"};

constexpr Prepared kAsk{
    "ask",
    "UPDATE leader SET seen = clock_timestamp() WHERE one = 1 RETURNING epoch, commits, address"};

constexpr Prepared kRenew{"renew_lease", R"sql(
UPDATE leader SET seen = clock_timestamp()
WHERE one = 1 AND epoch = $1::bigint AND commits = $2::bigint RETURNING 1)sql"};

constexpr Prepared kCountReplicas{"count_replicas", R"sql(
SELECT count(*) FROM pg_stat_replication
WHERE sync_state IN ('sync', 'quorum') AND state = 'streaming'
HAVING pg_has_role(current_user, 'pg_monitor', 'usage'))sql"};

constexpr Prepared kRelease{"release_lease", R"sql(
UPDATE leader SET seen = '-infinity', address = ''
WHERE one = 1 AND epoch = $1::bigint AND commits = $2::bigint)sql"};

// Who changes the row, and does not end.
constexpr Prepared kEndHolder{"end_holder", R"sql(
SELECT pg_terminate_backend(pid) FROM leader JOIN pg_stat_activity ON backend_xid = leader.xmax
WHERE pid <> pg_backend_pid() AND pid = coalesce(nullif($1::bigint, 0), pid))sql"};

Result<Rows, Failure> run_one(Session& session, const Prepared& statement, Parameters parameters,
                              Session::Clock::time_point deadline) {
  const Call call{&statement, std::move(parameters)};
  auto found = session.run({&call, 1}, deadline);
  if (!found) {
    return found.error();
  }
  return std::move(found.value().front());
}

/// The row, if there is one: epoch, commits and address.
std::optional<LeaderRow> row_of(const Rows& rows) {
  if (rows.count() == 0) {
    return std::nullopt;
  }
  LeaderRow row;
  row.epoch = rows.number(0, 0);
  row.commits = rows.number(0, 1);
  row.address = rows.bytes(0, 2);
  return row;
}

std::uint64_t count_of(milliseconds time) { return static_cast<std::uint64_t>(time.count()); }

/// Ends the server's process that holds the row: `process`, or whichever it is if that is 0.
std::optional<Failure> end_holder(Session& session, int process,
                                  Session::Clock::time_point deadline) {
  const auto ended =
      run_one(session, kEndHolder, Parameters().add(static_cast<std::uint64_t>(process)), deadline);
  return ended ? std::nullopt : std::optional(ended.error());
}

}  // namespace

Call fence(std::uint64_t epoch, std::uint64_t number) {
  return {&kFence, Parameters().add(epoch).add(number)};
}

Result<std::optional<LeaderRow>, Failure> look(Session& session, milliseconds takeover,
                                               Session::Clock::time_point deadline) {
  const auto looked = run_one(session, kLookAt, Parameters().add(count_of(takeover)), deadline);
  if (!looked) {
    return looked.error();
  }
  auto row = row_of(looked.value());
  if (row) {
    row->is_free = looked.value().boolean(0, 3);
    row->seen = looked.value().bytes(0, 4);
  }
  return row;
}

std::optional<Failure> try_commit(Session& session, int waiting,
                                  Session::Clock::time_point deadline) {
  if (waiting != 0) {
    const auto ended = run_one(session, kEndWaiting,
                               Parameters().add(static_cast<std::uint64_t>(waiting)), deadline);
    if (!ended) {
      return ended.error();
    }
  }
  const auto tried = run_one(session, kTryCommit, {}, deadline);
  return tried ? std::nullopt : std::optional(tried.error());
}

Result<std::optional<LeaderRow>, Failure> take(Session& session, std::uint64_t epoch,
                                               milliseconds takeover, const std::string& address,
                                               Session::Clock::time_point deadline) {
  const auto taken = run_one(
      session, kTake, Parameters().add(epoch).add(count_of(takeover)).add(address), deadline);
  if (taken) {
    return row_of(taken.value());
  }
  if (taken.error().state != kLockTimeout) {
    return taken.error();
  }
  if (const auto failure = end_holder(session, 0, deadline)) {
    return *failure;
  }
  return std::optional<LeaderRow>();
}

Result<std::optional<LeaderRow>, Failure> ask(Session& session, int process,
                                              Session::Clock::time_point deadline) {
  auto asked = run_one(session, kAsk, {}, deadline);
  if (!asked && asked.error().state == kLockTimeout) {
    if (auto failure = end_holder(session, process, deadline)) {
      return *std::move(failure);
    }
    asked = run_one(session, kAsk, {}, deadline);
  }
  if (!asked) {
    return asked.error();
  }
  return row_of(asked.value());
}

Result<bool, Failure> renew(Session& session, std::uint64_t epoch, std::uint64_t commits,
                            Session::Clock::time_point deadline) {
  const auto renewed = run_one(session, kRenew, Parameters().add(epoch).add(commits), deadline);
  if (!renewed) {
    return renewed.error();
  }
  return renewed.value().count() == 1;
}

std::optional<std::uint64_t> count_replicas(Session& session, Session::Clock::time_point deadline) {
  const auto counted = run_one(session, kCountReplicas, {}, deadline);
  if (!counted || counted.value().count() == 0) {
    return std::nullopt;
  }
  return counted.value().number(0, 0);
}

void release(Session& session, std::uint64_t epoch, std::uint64_t commits,
             Session::Clock::time_point deadline) {
  static_cast<void>(run_one(session, kRelease, Parameters().add(epoch).add(commits), deadline));
}

}  // namespace tribar::lease
