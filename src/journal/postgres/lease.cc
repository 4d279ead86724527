// SPDX-License-Identifier: MIT
//
// See lease.h.
#include "journal/postgres/lease.h"

#include <fmt/format.h>

#include <thread>

#include "journal/postgres/postgres_schema.h"

namespace tribar {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kLockTimeout = "55P03";
/// How often a lease that is held is looked at.
constexpr milliseconds kLook{100};
constexpr milliseconds kPatience{10'000};

// Division by zero aborts the transaction on the server's side, with all that was sent behind it.
constexpr Prepared kFence{"fence", R"sql(
WITH fence AS (UPDATE leader SET commits = $2::bigint, seen = clock_timestamp()
  WHERE one = 1 AND epoch = $1::bigint AND commits = $2::bigint - 1 RETURNING 1)
SELECT 1 / count(*) FROM fence)sql"};

constexpr Prepared kLookAt{"look_at_leader", R"sql(
SELECT epoch, address, seen < clock_timestamp() - $1::bigint * interval '1 ms', seen::text
FROM leader WHERE one = 1)sql"};

constexpr Prepared kTake{"take_lease", R"sql(
UPDATE leader SET epoch = epoch + 1, seen = clock_timestamp(), address = $3::text
WHERE one = 1 AND epoch = $1::bigint AND seen < clock_timestamp() - $2::bigint * interval '1 ms'
RETURNING epoch, commits)sql"};

constexpr Prepared kAsk{
    "ask",
    "UPDATE leader SET seen = clock_timestamp() WHERE one = 1 RETURNING epoch, commits, address"};

constexpr Prepared kRenew{"renew_lease", R"sql(
UPDATE leader SET seen = clock_timestamp()
WHERE one = 1 AND epoch = $1::bigint AND commits = $2::bigint RETURNING 1)sql"};

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

/// Ends the server's process that holds the row: `process`, or whichever it is if that is 0.
std::optional<Failure> end_holder(Session& session, int process,
                                  Session::Clock::time_point deadline) {
  const auto ended =
      run_one(session, kEndHolder, Parameters().add(static_cast<std::uint64_t>(process)), deadline);
  return ended ? std::nullopt : std::optional(ended.error());
}

}  // namespace

Result<Lease, StoreOpenError> Lease::take(const std::string& name, Session& session,
                                          const std::string& address) {
  const auto deadline = Session::Clock::now() + kPatience;
  const auto takeover = static_cast<std::uint64_t>(kTakeover.count());
  std::optional<std::string> first_seen;
  std::string leader;
  while (Session::Clock::now() < deadline) {
    const auto looked = run_one(session, kLookAt, Parameters().add(takeover), deadline);
    if (!looked) {
      return failed_database(name, looked.error());
    }
    const Rows& row = looked.value();
    if (row.count() == 0) {
      return damaged_database(name, "the row of the table leader is missing");
    }
    leader = row.bytes(0, 1);
    const std::string seen(row.bytes(0, 3));
    if (row.boolean(0, 2)) {
      auto taken = run_one(session, kTake,
                           Parameters().add(row.number(0, 0)).add(takeover).add(address), deadline);
      if (taken && taken.value().count() == 1) {
        return Lease(taken.value().number(0, 0), taken.value().number(0, 1));
      }
      if (!taken) {
        if (taken.error().state != kLockTimeout) {
          return failed_database(name, taken.error());
        }
        if (const auto failure = end_holder(session, 0, deadline)) {
          return failed_database(name, *failure);
        }
      }
    } else if (first_seen.value_or(seen) != seen) {
      break;  // it was renewed meanwhile
    } else {
      first_seen = seen;
    }
    std::this_thread::sleep_for(kLook);
  }
  return StoreOpenError{
      fmt::format("{}: another tribard serves this database: {}; stop that one, or name another "
                  "database in storage.connection",
                  name, leader.empty() ? "its address is not known" : leader),
      false};
}

Call Lease::fence() const { return {&kFence, Parameters().add(epoch_).add(commits_ + 1)}; }

Result<Standing, Failure> Lease::ask(Session& session, int process,
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
  const Rows& row = asked.value();
  if (row.count() == 0) {
    why_ = "the row of the table leader is gone";
    return Standing::Lost;
  }
  const std::uint64_t commits = row.number(0, 1);
  if (row.number(0, 0) != epoch_) {
    why_ = fmt::format("another tribard serves this database now: {}", row.bytes(0, 2));
    return Standing::Lost;
  }
  if (commits == commits_) {
    return Standing::NotStored;
  }
  if (commits == commits_ + 1) {
    return Standing::Stored;
  }
  why_ = fmt::format(
      "the database has {} commits of this server and not the {} that it confirmed: a standby that "
      "was behind was promoted, or a backup was restored",
      commits, commits_);
  return Standing::Lost;
}

Result<bool, Failure> Lease::renew(Session& session, Session::Clock::time_point deadline) {
  auto renewed = run_one(session, kRenew, Parameters().add(epoch_).add(commits_), deadline);
  if (!renewed) {
    return renewed.error();
  }
  return renewed.value().count() == 1;
}

void Lease::release(Session& session, Session::Clock::time_point deadline) const {
  static_cast<void>(run_one(session, kRelease, Parameters().add(epoch_).add(commits_), deadline));
}

}  // namespace tribar
