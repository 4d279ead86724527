// SPDX-License-Identifier: MIT
//
// See postgres.h.
#include "journal/postgres/postgres.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "journal/contents.h"
#include "journal/fenced_store.h"
#include "journal/postgres/lease.h"
#include "journal/postgres/postgres_reader.h"
#include "journal/postgres/postgres_schema.h"
#include "journal/postgres/record_group.h"
#include "journal/postgres/session.h"
#include "journal/postgres/target.h"
#include "journal/postgres/warm_copy.h"

namespace tribar {
namespace {

using std::chrono::milliseconds;

/// How many bytes of a commit may take a millisecond more than its deadline.
constexpr std::size_t kBytesPerMs = 16384;
constexpr milliseconds kPatience{10'000};
/// How long a look at the row of the table `leader`, or a change of it, may take.
constexpr milliseconds kLeaseTime{3000};

/// What a session needs that a user or a database may have set otherwise. Every statement finds its
/// rows by the key: a plan that was made while a table was small must not read all of it later.
constexpr const char* kSettings = R"sql(
SET lock_timeout = '1s';
SET default_transaction_isolation = 'read committed';
SET plan_cache_mode = 'force_generic_plan';
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET jit = off;
SET client_min_messages = 'warning')sql";

constexpr const char* kReadOneState = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

class PostgresDatabase final : public SharedDatabase {
 public:
  explicit PostgresDatabase(const std::string& connection)
      : target_(read_target(connection)), name_(target_ ? target_.value().name : "PostgreSQL") {}

  const std::string& name() const override { return name_; }
  std::optional<StoreOpenError> find_obstacle() const override;
  Result<StoreReport, StoreOpenError> verify() const override;
  Clock::time_point now() const override { return Clock::now(); }
  void pause(milliseconds time) override { std::this_thread::sleep_for(time); }
  std::optional<DatabaseFailure> connect() override;
  bool is_connected() const override { return session_ != nullptr && session_->is_usable(); }
  void disconnect() override;
  Result<std::vector<std::string>, StoreOpenError> prepare() override;
  Result<LeaderRow, StoreOpenError> look(milliseconds takeover) override;
  Result<std::optional<LeaderRow>, StoreOpenError> take(const LeaderRow& seen,
                                                        milliseconds takeover,
                                                        const std::string& address) override;
  std::optional<StoreOpenError> follow(const LoadHandlers& handlers) override;
  Result<Loaded, StoreOpenError> load(const LoadHandlers& handlers) override;
  std::optional<DatabaseFailure> commit(const FencedCommit& commit,
                                        Clock::time_point deadline) override;
  Result<std::optional<LeaderRow>, DatabaseFailure> ask(Clock::time_point deadline) override;
  Result<bool, DatabaseFailure> renew(std::uint64_t epoch, std::uint64_t commits,
                                      Clock::time_point deadline) override;
  std::optional<std::uint64_t> count_replicas(Clock::time_point deadline) override {
    return lease::count_replicas(*session_, deadline);
  }
  void release(std::uint64_t epoch, std::uint64_t commits, Clock::time_point deadline) override;

 private:
  [[nodiscard]] Result<std::unique_ptr<Session>, Failure> make_session() const;
  [[nodiscard]] DatabaseFailure failed(const Failure& failure);
  [[nodiscard]] std::optional<StoreOpenError> try_commit(milliseconds takeover);
  void renew_while_loading(std::unique_ptr<Session>& session);
  [[nodiscard]] StoreOpenError failed_copy(const WarmCopy::Problem& problem) const;

  Result<Target, std::string> target_;
  std::string name_;
  std::unique_ptr<Session> session_;  // may be broken
  int process_ = 0;                   // of the server, for the session that was broken last
  // Before it leads, see take():
  int trying_ = 0;           // process of the server that may still wait with a try_commit()
  bool is_blocked_ = false;  // the last try_commit() had to wait
  std::string spared_;       // LeaderRow::seen of the leader that gets time
  Clock::time_point spared_until_;
  std::optional<WarmCopy> copy_;  // of a standby; load() uses it up
  // For load(), which may last longer than a lease: what take() got, and when that must be renewed.
  LeaderRow own_;
  milliseconds renewal_{0};
  Clock::time_point renewed_at_;
};

std::optional<StoreOpenError> PostgresDatabase::find_obstacle() const {
  if (!target_) {
    return StoreOpenError{target_.error(), false};
  }
  return std::nullopt;
}

Result<std::unique_ptr<Session>, Failure> PostgresDatabase::make_session() const {
  auto session = Session::open(target_.value());
  if (session) {
    if (auto failure = session.value()->execute(kSettings, Clock::now() + kPatience)) {
      return *std::move(failure);
    }
  }
  return session;
}

std::optional<DatabaseFailure> PostgresDatabase::connect() {
  if (session_ != nullptr) {
    process_ = session_->process();
    session_.reset();
  }
  auto session = make_session();
  if (!session) {
    return DatabaseFailure{session.error().text};
  }
  session_ = std::move(session.value());
  return std::nullopt;
}

void PostgresDatabase::disconnect() {
  session_.reset();
  process_ = 0;
}

Result<std::vector<std::string>, StoreOpenError> PostgresDatabase::prepare() {
  if (!is_connected()) {
    disconnect();
    auto session = make_session();
    if (!session) {
      return refused_connection(name_, session.error());
    }
    session_ = std::move(session.value());
  }
  auto warnings = check_database(name_, *session_, false);
  if (!warnings) {
    return warnings.error();
  }
  const auto has_tables = check_tables(name_, *session_);
  if (!has_tables) {
    return has_tables.error();
  }
  if (!has_tables.value()) {
    if (auto error = create_tables(name_, *session_)) {
      for (const std::string& warning : warnings.value()) {
        error->text += "; " + warning;  // which may say why
      }
      return *std::move(error);
    }
  }
  return std::move(warnings.value());
}

Result<LeaderRow, StoreOpenError> PostgresDatabase::look(milliseconds takeover) {
  auto row = lease::look(*session_, takeover, Clock::now() + kLeaseTime);
  if (!row) {
    return failed_database(name_, row.error());
  }
  if (!row.value()) {
    return damaged_database(name_, "the row of the table leader is missing");
  }
  return *std::move(row.value());
}

/// A leader whose commits wait for the standby of the database renews nothing. Nobody can replace
/// it then, but an attempt to would be stored as soon as the standby is back. A commit that takes
/// so long that a leader could have missed its lease had to wait, too.
std::optional<StoreOpenError> PostgresDatabase::try_commit(milliseconds takeover) {
  const Clock::time_point begun = Clock::now();
  const int waiting = std::exchange(trying_, session_->process());
  const auto failure = lease::try_commit(*session_, waiting, begun + kLeaseTime);
  is_blocked_ |= failure || Clock::now() > begun + takeover / 3;
  if (failure) {
    return StoreOpenError{
        fmt::format("{}: the lease is free, but {}: {}", name_,
                    failure->is_certain ? "the database does not let this server try a commit"
                                        : "the database confirms nothing",
                    failure->text),
        true};
  }
  trying_ = 0;
  return std::nullopt;
}

/// When commits were not possible, the leader first gets as much time to renew its lease as ever.
/// One that gave it back needs none.
Result<std::optional<LeaderRow>, StoreOpenError> PostgresDatabase::take(
    const LeaderRow& seen, milliseconds takeover, const std::string& address) {
  if (seen.seen == spared_ && Clock::now() < spared_until_) {
    return std::optional<LeaderRow>();
  }
  if (auto error = try_commit(takeover)) {
    return *std::move(error);
  }
  if (std::exchange(is_blocked_, false) && !seen.address.empty() && seen.seen != spared_) {
    spared_ = seen.seen;
    spared_until_ = Clock::now() + takeover;
    return std::optional<LeaderRow>();
  }
  auto row = lease::take(*session_, seen.epoch, takeover, address, Clock::now() + kLeaseTime);
  if (!row) {
    return failed_database(name_, row.error());
  }
  if (row.value()) {
    own_ = *row.value();
    renewal_ = takeover / 6;
    renewed_at_ = Clock::now();
  }
  return std::move(row.value());
}

/// Renews the lease on `session`, a second one, if it is time to. Best effort: whether this server
/// still leads is asked when all is loaded.
void PostgresDatabase::renew_while_loading(std::unique_ptr<Session>& session) {
  const Clock::time_point now = Clock::now();
  if (now < renewed_at_ + renewal_) {
    return;
  }
  renewed_at_ = now;
  if (session == nullptr || !session->is_usable()) {
    auto made = make_session();
    if (!made) {
      return;
    }
    session = std::move(made.value());
  }
  static_cast<void>(lease::renew(*session, own_.epoch, own_.commits, now + kLeaseTime));
}

StoreOpenError PostgresDatabase::failed_copy(const WarmCopy::Problem& problem) const {
  if (problem.failure) {
    return failed_database(name_, *problem.failure);
  }
  return problem.is_damage ? damaged_database(name_, problem.text)
                           : StoreOpenError{fmt::format("{}: {}", name_, problem.text), true};
}

std::optional<StoreOpenError> PostgresDatabase::follow(const LoadHandlers& handlers) {
  if (!copy_) {
    copy_.emplace(name_);
  }
  const auto problem = copy_->follow(*session_, handlers);
  if (!problem || problem->failure) {
    return std::nullopt;  // of a failure the next look tells
  }
  copy_.reset();
  return failed_copy(*problem);
}

Result<Loaded, StoreOpenError> PostgresDatabase::load(const LoadHandlers& handlers) {
  std::unique_ptr<Session> second;
  const auto meanwhile = [&] { renew_while_loading(second); };
  if (auto copy = std::exchange(copy_, std::nullopt)) {
    auto loaded = copy->finish(*session_, own_, handlers, meanwhile);
    if (!loaded) {
      return failed_copy(loaded.error());
    }
    return std::move(loaded.value());
  }
  std::optional<Failure> failure;
  auto loaded = load_contents(
      [&](const Walker& walker) {
        return walk(*session_, kEverything, walker, failure, meanwhile);
      },
      handlers, name_);
  if (failure) {
    return failed_database(name_, *failure);
  }
  if (!loaded) {
    return damaged_database(name_, loaded.error());
  }
  return std::move(loaded.value());
}

/// After a failure that leaves the session usable, or not.
DatabaseFailure PostgresDatabase::failed(const Failure& failure) {
  constexpr std::string_view kReadOnly = "25006";
  constexpr std::string_view kDiskFull = "53100";
  using Outcome = DatabaseFailure::Outcome;
  const Outcome outcome = failure.is_certain ? Outcome::NotStored : Outcome::Unknown;
  if (failure.state == kReadOnly) {
    session_.reset();  // another host may be the primary now
    return {"the database became read-only, as a standby is", outcome};
  }
  if (failure.state == kDiskFull) {
    return {fmt::format("the disk of the database is full: {}; make room on it", failure.text),
            outcome};
  }
  if (failure.state == lease::kLockTimeout) {
    return {"another transaction holds the row of the table leader, or waits for its standby",
            outcome};
  }
  if (failure.statement == 0 && failure.state == lease::kFenced) {
    return {failure.text, Outcome::Fenced};
  }
  return {failure.text, outcome};
}

std::optional<DatabaseFailure> PostgresDatabase::commit(const FencedCommit& commit,
                                                        Clock::time_point deadline) {
  std::vector<Call> calls{lease::fence(commit.epoch, commit.number)};
  const std::size_t bytes = RecordGroup(commit).append_to(calls);
  const auto stored = session_->run(calls, deadline + milliseconds(bytes / kBytesPerMs));
  return stored ? std::nullopt : std::optional(failed(stored.error()));
}

Result<std::optional<LeaderRow>, DatabaseFailure> PostgresDatabase::ask(
    Clock::time_point deadline) {
  auto row = lease::ask(*session_, process_, deadline);
  if (!row) {
    return failed(row.error());
  }
  return std::move(row.value());
}

Result<bool, DatabaseFailure> PostgresDatabase::renew(std::uint64_t epoch, std::uint64_t commits,
                                                      Clock::time_point deadline) {
  const auto renewed = lease::renew(*session_, epoch, commits, deadline);
  if (!renewed) {
    return failed(renewed.error());
  }
  return renewed.value();
}

void PostgresDatabase::release(std::uint64_t epoch, std::uint64_t commits,
                               Clock::time_point deadline) {
  lease::release(*session_, epoch, commits, deadline);
}

Result<StoreReport, StoreOpenError> PostgresDatabase::verify() const {
  if (auto obstacle = find_obstacle()) {
    return *std::move(obstacle);
  }
  const auto session = make_session();
  if (!session) {
    return refused_connection(name_, session.error());
  }
  // One transaction, so that everything below sees one state, even while a server uses the store.
  if (const auto failure = session.value()->execute(kReadOneState, Clock::now() + kPatience)) {
    return failed_database(name_, *failure);
  }
  const auto checked = check_database(name_, *session.value(), true);
  if (!checked) {
    return checked.error();
  }
  const auto has_tables = check_tables(name_, *session.value());
  StoreReport report;
  if (!has_tables) {
    if (!has_tables.error().is_io || !session.value()->is_usable()) {
      return has_tables.error();
    }
    report.damage.push_back(has_tables.error().text);
    return report;
  }
  if (!has_tables.value()) {
    return StoreOpenError{fmt::format("{}: there is no store", name_), false};
  }
  std::optional<Failure> failure;
  verify_contents(
      [&](const Walker& walker) { return walk(*session.value(), kEverything, walker, failure); },
      report);
  if (failure) {
    return failed_database(name_, *failure);
  }
  return report;
}

}  // namespace

Result<std::unique_ptr<Store>, StoreOpenError> make_postgres_store(const std::string& connection,
                                                                   StoreOptions options) {
  return std::unique_ptr<Store>(std::make_unique<FencedStore>(
      std::make_unique<PostgresDatabase>(connection), std::move(options)));
}

}  // namespace tribar
