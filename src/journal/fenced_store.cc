// SPDX-License-Identifier: MIT
//
// See fenced_store.h.
#include "journal/fenced_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace tribar {
namespace {

using std::chrono::milliseconds;

/// How long a commit may take.
constexpr milliseconds kCommitTime{3000};
/// How often the lease is renewed when nothing is stored: at most this, and some times before
/// another server may take it.
constexpr milliseconds kRenewal{1000};
constexpr int kRenewals = 3;
constexpr milliseconds kReleaseTime{1000};
/// How often the database is asked for its replicas.
constexpr milliseconds kCountReplicas{5000};
/// How often a lease that is held is looked at.
constexpr milliseconds kLook{100};
/// How long open() waits for a lease, beyond the time in which it could be renewed. A leader that
/// could not renew it gets that time twice: see SharedDatabase::take().
constexpr milliseconds kPatience{7000};

/// The counters after `groups`, if they were `counters` before.
Counters after(std::span<const std::span<const Record>> groups, Counters counters) {
  for (const std::span<const Record> group : groups) {
    for (const Record& record : group) {
      if (const auto* created = std::get_if<AccountCreated>(&record)) {
        counters.last_account = created->account;
      } else if (const auto* reserved = std::get_if<NumbersReserved>(&record)) {
        counters.below = reserved->below;
      }
    }
  }
  return counters;
}

StoreOpenError held_by(const std::string& name, const LeaderRow& leader) {
  return {fmt::format("{}: another tribard serves this database: {}; stop that one, or name "
                      "another database in storage.connection",
                      name, leader.address.empty() ? "its address is not known" : leader.address),
          false, StoreHolder{leader.address, leader.epoch}};
}

}  // namespace

FencedStore::FencedStore(std::unique_ptr<SharedDatabase> database, StoreOptions options)
    : database_(std::move(database)), options_(std::move(options)) {}

std::optional<StoreOpenError> FencedStore::open() {
  auto error = try_open();
  if (error && !error->holder) {
    close();
  }
  return error;
}

std::optional<StoreOpenError> FencedStore::try_open() {
  if (auto obstacle = find_obstacle()) {
    return obstacle;
  }
  std::optional<std::vector<std::string>> warnings;
  if (!database_->is_connected()) {
    auto prepared = database_->prepare();
    if (!prepared) {
      return prepared.error();
    }
    warnings = std::move(prepared.value());
  }
  return take_lease(std::move(warnings));
}

/// `warnings`: of the database; none: it was prepared by an earlier open(), which may be long ago.
std::optional<StoreOpenError> FencedStore::take_lease(
    std::optional<std::vector<std::string>> warnings) {
  const auto deadline = database_->now() + 2 * options_.takeover + kPatience;
  std::optional<std::string> first_seen;
  while (true) {
    const auto row = database_->look(options_.takeover);
    if (!row) {
      return row.error();
    }
    const LeaderRow& leader = row.value();
    if (leader.is_free) {
      if (!warnings) {
        auto prepared = database_->prepare();
        if (!prepared) {
          return prepared.error();
        }
        warnings = std::move(prepared.value());
      }
      renewed_at_ = database_->now();
      const auto taken = database_->take(leader, options_.takeover, options_.address);
      // They may say why it was not taken.
      if ((!taken || taken.value()) && std::exchange(told_, *warnings) != *warnings) {
        for (const std::string& warning : *warnings) {
          options_.warn(warning);
        }
      }
      if (!taken) {
        return taken.error();
      }
      if (const auto& own = taken.value()) {
        lease_ = StoreLease{own->epoch, own->commits};
        counted_at_ = database_->now();
        lease_->replicas = database_->count_replicas(counted_at_ + kCommitTime);
        return std::nullopt;
      }
    } else if (first_seen.value_or(leader.seen) != leader.seen) {
      return held_by(name(), leader);  // it was renewed meanwhile
    } else {
      first_seen = leader.seen;
    }
    if (!options_.waits_for_holder || database_->now() >= deadline) {
      return held_by(name(), leader);
    }
    database_->pause(kLook);
  }
}

Result<StoreWarnings, StoreOpenError> FencedStore::load(const LoadHandlers& handlers) {
  auto warnings = try_load(handlers);
  if (!warnings) {
    close();
  }
  return warnings;
}

Result<StoreWarnings, StoreOpenError> FencedStore::try_load(const LoadHandlers& handlers) {
  auto loaded = database_->load(handlers);
  if (!loaded) {
    return loaded.error();
  }
  // That may have taken long.
  must_ask_ = true;
  if (const auto error = find_out(database_->now() + kCommitTime)) {
    return StoreOpenError{fmt::format("{}: {}", name(), error->text), true, error->holder};
  }
  counters_ = {loaded.value().last_account, loaded.value().below};
  return std::move(loaded.value().warnings);
}

/// What became of the last commit. When it is Lost, `lost_` says why.
FencedStore::Standing FencedStore::judge(const std::optional<LeaderRow>& row) {
  if (!row) {
    lost_ = StoreError{"the row of the table leader is gone", true};
  } else if (row->epoch != lease_->epoch) {
    lost_ = StoreError{fmt::format("another tribard serves this database now: {}", row->address),
                       true, StoreHolder{row->address, row->epoch}};
  } else if (row->commits == lease_->commits) {
    return Standing::NotStored;
  } else if (row->commits != lease_->commits + 1) {
    lost_ = StoreError{
        fmt::format("the database has {} commits of this server and not the {} that it confirmed: "
                    "a standby that was behind was promoted, or a backup was restored",
                    row->commits, lease_->commits),
        true};
  } else if (!is_in_doubt_) {
    lost_ = StoreError{"another server commits in the name of this one", true};
  } else {
    return Standing::Stored;
  }
  return Standing::Lost;
}

/// Makes sure that there is a connection, and, if that is in question, that this server still
/// leads.
std::optional<StoreError> FencedStore::find_out(Clock::time_point deadline) {
  if (lost_) {
    return lost_;
  }
  if (!database_->is_connected()) {
    if (const auto failure = database_->connect()) {
      return StoreError{fmt::format("cannot connect: {}", failure->text)};
    }
    must_ask_ = true;
  }
  if (!must_ask_) {
    return std::nullopt;
  }
  const Clock::time_point begun = database_->now();
  const auto row = database_->ask(deadline);
  if (!row) {
    return StoreError{row.error().text};
  }
  const Standing standing = judge(row.value());
  if (standing == Standing::Lost) {
    return lost_;
  }
  must_ask_ = false;
  renewed_at_ = begun;
  if (standing == Standing::Stored) {
    ++lease_->commits;
    is_in_doubt_ = false;
  }
  return std::nullopt;
}

/// A group whose outcome is not known is sent again as it is, under the same number. What an
/// earlier call sent under that number may have been less: if that is what was stored, all is sent
/// again under the next number.
std::optional<StoreError> FencedStore::commit(std::span<const std::span<const Record>> groups) {
  const Counters counters = after(groups, counters_);
  const auto succeed = [&] {
    counters_ = counters;
    may_be_stored_ = false;
  };
  bool is_in_doubt_whole = !is_in_doubt_;  // whatever is in doubt is all of this group
  StoreError error{"the database does not answer"};
  const auto deadline = database_->now() + kCommitTime;
  while (database_->now() < deadline) {
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
    FencedCommit commit{lease_->epoch, lease_->commits + 1, groups, std::nullopt, may_be_stored_};
    if (may_be_stored_ || counters != counters_) {
      commit.counters = counters;
    }
    const Clock::time_point begun = database_->now();
    const auto failure = database_->commit(commit, deadline);
    if (!failure) {
      renewed_at_ = begun;
      ++lease_->commits;
      is_in_doubt_ = false;
      succeed();
      return std::nullopt;
    }
    switch (failure->outcome) {
      case DatabaseFailure::Outcome::NotStored:
        return StoreError{failure->text};
      case DatabaseFailure::Outcome::Unknown:
        is_in_doubt_ = true;
        may_be_stored_ = true;
        error = StoreError{failure->text};
        break;
      case DatabaseFailure::Outcome::Fenced:
        must_ask_ = true;
        break;
    }
  }
  return error;
}

milliseconds FencedStore::check_interval() const {
  return std::min(kRenewal, options_.takeover / kRenewals);
}

/// Warns when there are more or fewer replicas than before.
void FencedStore::count_replicas() {
  const Clock::time_point now = database_->now();
  if (lost_ || !database_->is_connected() || now < counted_at_ + kCountReplicas) {
    return;
  }
  counted_at_ = now;
  const auto replicas = database_->count_replicas(now + kCommitTime);
  if (replicas && replicas != lease_->replicas) {
    options_.warn(fmt::format("{}: {} synchronous standby{} connected now", name(), *replicas,
                              *replicas == 1 ? " is" : "s are"));
  }
  lease_->replicas = replicas;
}

std::optional<StoreError> FencedStore::check() {
  count_replicas();
  if (!lost_ && database_->now() < renewed_at_ + check_interval() / 2) {
    return std::nullopt;
  }
  const auto deadline = database_->now() + kCommitTime;
  if (auto error = find_out(deadline)) {
    return error;
  }
  const Clock::time_point begun = database_->now();
  const auto renewed = database_->renew(lease_->epoch, lease_->commits, deadline);
  if (renewed && renewed.value()) {
    renewed_at_ = begun;
    return std::nullopt;
  }
  if (!renewed && renewed.error().outcome == DatabaseFailure::Outcome::NotStored) {
    return StoreError{renewed.error().text};
  }
  must_ask_ = true;
  return find_out(deadline);
}

void FencedStore::close() {
  if (lease_ && !lost_ && !is_in_doubt_ && database_->is_connected()) {
    database_->release(lease_->epoch, lease_->commits, database_->now() + kReleaseTime);
  }
  database_->disconnect();
  lease_.reset();
  lost_.reset();
  must_ask_ = false;
  is_in_doubt_ = false;
  may_be_stored_ = false;
}

}  // namespace tribar
