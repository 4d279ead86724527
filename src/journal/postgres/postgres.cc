// SPDX-License-Identifier: MIT
//
// See postgres.h.
#include "journal/postgres/postgres.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "journal/contents.h"
#include "journal/postgres/lease.h"
#include "journal/postgres/postgres_reader.h"
#include "journal/postgres/postgres_schema.h"
#include "journal/postgres/record_group.h"
#include "journal/postgres/session.h"
#include "journal/postgres/target.h"

namespace tribar {
namespace {

using Clock = Session::Clock;
using std::chrono::milliseconds;

/// How long a commit may take, and how many bytes of it take a millisecond more.
constexpr milliseconds kCommitTime{3000};
constexpr std::size_t kBytesPerMs = 16384;
/// How often the lease is renewed when nothing is stored.
constexpr milliseconds kRenewal{500};
constexpr milliseconds kReleaseTime{1000};
constexpr milliseconds kPatience{10'000};

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

class PostgresStore final : public Store {
 public:
  PostgresStore(std::string connection, StoreOptions options)
      : connection_(std::move(connection)),
        options_(std::move(options)),
        target_(read_target(connection_)),
        name_(target_ ? target_.value().name : "PostgreSQL") {}
  ~PostgresStore() override { PostgresStore::close(); }

  const std::string& name() const override { return name_; }
  std::optional<StoreOpenError> find_obstacle() const override;
  std::optional<StoreOpenError> open() override {
    auto error = try_open();
    if (error) {
      close();
    }
    return error;
  }
  Result<StoreWarnings, StoreOpenError> load(const LoadHandlers& handlers) override {
    auto warnings = try_load(handlers);
    if (!warnings) {
      close();
    }
    return warnings;
  }
  std::optional<StoreError> commit(std::span<const std::span<const Record>> groups) override;
  std::optional<StoreError> check() override;
  void close() override;
  Result<StoreReport, StoreOpenError> verify() const override;

 private:
  [[nodiscard]] Result<std::unique_ptr<Session>, Failure> connect() const;
  [[nodiscard]] std::optional<StoreOpenError> try_open();
  [[nodiscard]] Result<StoreWarnings, StoreOpenError> try_load(const LoadHandlers& handlers);
  [[nodiscard]] std::optional<StoreError> find_out(Clock::time_point deadline);
  [[nodiscard]] StoreError failed(const Failure& failure);

  std::string connection_;
  StoreOptions options_;
  Result<Target, std::string> target_;
  std::string name_;
  // Set from open() to close(); what follows, too.
  std::unique_ptr<Session> session_;  // may be broken
  int process_ = 0;                   // of the server, for the session that was broken last
  std::optional<Lease> lease_;
  AccountId last_account_;
  MessageNumber below_;
  Clock::time_point renewed_at_;
  std::optional<std::string> lost_;  // why this server may store nothing any more
  bool must_ask_ = false;            // whether this server still leads, and what is stored
  // A commit was sent whose outcome is not known: it is the next one, or it is not stored.
  bool is_in_doubt_ = false;
  // What the next commit has may be stored already, by one that failed.
  bool may_be_stored_ = false;
};

std::optional<StoreOpenError> PostgresStore::find_obstacle() const {
  if (!target_) {
    return StoreOpenError{target_.error(), false};
  }
  return std::nullopt;
}

Result<std::unique_ptr<Session>, Failure> PostgresStore::connect() const {
  auto session = Session::open(target_.value());
  if (session) {
    if (auto failure = session.value()->execute(kSettings, Clock::now() + kPatience)) {
      return *std::move(failure);
    }
  }
  return session;
}

std::optional<StoreOpenError> PostgresStore::try_open() {
  if (auto obstacle = find_obstacle()) {
    return obstacle;
  }
  auto session = connect();
  if (!session) {
    return refused_connection(name_, session.error());
  }
  session_ = std::move(session.value());
  auto warnings = check_database(name_, *session_, false);
  if (!warnings) {
    return warnings.error();
  }
  auto has_tables = check_tables(name_, *session_);
  if (!has_tables) {
    return has_tables.error();
  }
  if (!has_tables.value()) {
    if (auto error = create_tables(name_, *session_)) {
      return error;
    }
  }
  auto lease = Lease::take(name_, *session_, options_.address);
  if (!lease) {
    return lease.error();
  }
  lease_ = std::move(lease.value());
  renewed_at_ = Clock::now();
  for (const std::string& warning : warnings.value()) {
    options_.warn(warning);
  }
  return std::nullopt;
}

Result<StoreWarnings, StoreOpenError> PostgresStore::try_load(const LoadHandlers& handlers) {
  std::optional<Failure> failure;
  auto loaded = load_contents(
      [&](const Walker& walker) { return walk(*session_, walker, failure); }, handlers, name_);
  if (failure) {
    return failed_database(name_, *failure);
  }
  if (!loaded) {
    return damaged_database(name_, loaded.error());
  }
  // That may have taken long.
  const auto deadline = Clock::now() + kCommitTime;
  must_ask_ = true;
  if (const auto error = find_out(deadline)) {
    return StoreOpenError{fmt::format("{}: {}", name_, error->text), true};
  }
  last_account_ = loaded.value().last_account;
  below_ = loaded.value().below;
  return std::move(loaded.value().warnings);
}

/// After a failure that leaves the session usable, or not.
StoreError PostgresStore::failed(const Failure& failure) {
  constexpr std::string_view kReadOnly = "25006";
  constexpr std::string_view kLockTimeout = "55P03";
  if (failure.state == kReadOnly) {
    session_.reset();  // another host may be the primary now
    return {"the database became read-only, as a standby is"};
  }
  if (failure.state == kLockTimeout) {
    return {"another transaction holds the row of the table leader, or waits for its standby"};
  }
  return {failure.text};
}

/// Makes sure that there is a session, and, if that is in question, that this server still leads.
std::optional<StoreError> PostgresStore::find_out(Clock::time_point deadline) {
  if (lost_) {
    return StoreError{*lost_, true};
  }
  if (session_ != nullptr && !session_->is_usable()) {
    process_ = session_->process();
    session_.reset();
  }
  if (session_ == nullptr) {
    auto session = connect();
    if (!session) {
      return StoreError{fmt::format("cannot connect: {}", session.error().text)};
    }
    session_ = std::move(session.value());
    must_ask_ = true;
  }
  if (!must_ask_) {
    return std::nullopt;
  }
  const auto standing = lease_->ask(*session_, process_, deadline);
  if (!standing) {
    return failed(standing.error());
  }
  const bool is_stored = standing.value() == Standing::Stored;
  if (standing.value() == Standing::Lost || (is_stored && !is_in_doubt_)) {
    lost_ = is_stored ? "another server commits in the name of this one" : lease_->why();
    return StoreError{*lost_, true};
  }
  must_ask_ = false;
  renewed_at_ = Clock::now();
  if (is_stored) {
    lease_->advance();
    is_in_doubt_ = false;
  }
  return std::nullopt;
}

/// A group whose outcome is not known is sent again as it is, under the same number. What an
/// earlier call sent under that number may have been less: if that is what was stored, all is sent
/// again under the next number.
std::optional<StoreError> PostgresStore::commit(std::span<const std::span<const Record>> groups) {
  const RecordGroup group(groups, last_account_, below_);
  const auto succeed = [&] {
    last_account_ = group.last_account();
    below_ = group.below();
    may_be_stored_ = false;
    renewed_at_ = Clock::now();
  };
  bool is_in_doubt_whole = !is_in_doubt_;  // whatever is in doubt is all of this group
  StoreError error{"the database does not answer"};
  const auto deadline = Clock::now() + kCommitTime;
  while (Clock::now() < deadline) {
    const bool was_in_doubt = is_in_doubt_;
    if (auto why = find_out(deadline)) {
      return why;
    }
    if (was_in_doubt && !is_in_doubt_) {
      if (is_in_doubt_whole) {
        succeed();
        return std::nullopt;
      }
      is_in_doubt_whole = true;
    }
    std::vector<Call> calls{lease_->fence()};
    const std::size_t bytes = group.append_to(calls, may_be_stored_);
    const auto stored = session_->run(calls, deadline + milliseconds(bytes / kBytesPerMs));
    if (stored) {
      lease_->advance();
      is_in_doubt_ = false;
      succeed();
      return std::nullopt;
    }
    const Failure& failure = stored.error();
    if (!failure.is_certain) {
      is_in_doubt_ = true;
      may_be_stored_ = true;
      error = failed(failure);
    } else if (failure.statement == 0 && failure.state == Lease::kFenced) {
      must_ask_ = true;
    } else {
      return failed(failure);
    }
  }
  return error;
}

std::optional<StoreError> PostgresStore::check() {
  if (!lost_ && Clock::now() < renewed_at_ + kRenewal) {
    return std::nullopt;
  }
  const auto deadline = Clock::now() + kCommitTime;
  if (auto error = find_out(deadline)) {
    return error;
  }
  const auto renewed = lease_->renew(*session_, deadline);
  if (renewed && renewed.value()) {
    renewed_at_ = Clock::now();
    return std::nullopt;
  }
  if (!renewed && renewed.error().is_certain) {
    return failed(renewed.error());
  }
  must_ask_ = true;
  return find_out(deadline);
}

void PostgresStore::close() {
  if (lease_ && !lost_ && !is_in_doubt_ && session_ != nullptr && session_->is_usable()) {
    lease_->release(*session_, Clock::now() + kReleaseTime);
  }
  session_.reset();
  process_ = 0;
  lease_.reset();
  lost_.reset();
  must_ask_ = false;
  is_in_doubt_ = false;
  may_be_stored_ = false;
}

Result<StoreReport, StoreOpenError> PostgresStore::verify() const {
  if (auto obstacle = find_obstacle()) {
    return *std::move(obstacle);
  }
  const auto session = connect();
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
  verify_contents([&](const Walker& walker) { return walk(*session.value(), walker, failure); },
                  report);
  if (failure) {
    return failed_database(name_, *failure);
  }
  return report;
}

}  // namespace

Result<std::unique_ptr<Store>, StoreOpenError> make_postgres_store(const std::string& connection,
                                                                   StoreOptions options) {
  return std::unique_ptr<Store>(std::make_unique<PostgresStore>(connection, std::move(options)));
}

}  // namespace tribar
