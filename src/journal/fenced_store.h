// SPDX-License-Identifier: MIT
//
// The store in a database that several servers can reach: sees to it that only the one that leads
// stores anything, and that a commit whose outcome is not known is stored exactly once. Any
// database does that has what SharedDatabase asks for; docs/storage.md describes it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/shared_database.h"
#include "journal/store.h"

namespace tribar {

class FencedStore final : public Store {
 public:
  FencedStore(std::unique_ptr<SharedDatabase> database, StoreOptions options);
  ~FencedStore() override { FencedStore::close(); }

  [[nodiscard]] const std::string& name() const override { return database_->name(); }
  [[nodiscard]] std::optional<StoreOpenError> find_obstacle() const override {
    return database_->find_obstacle();
  }
  [[nodiscard]] bool is_shared() const override { return true; }
  [[nodiscard]] std::optional<StoreLease> lease() const override { return lease_; }
  [[nodiscard]] std::optional<StoreOpenError> open() override;
  [[nodiscard]] std::optional<StoreOpenError> follow(const LoadHandlers& handlers) override {
    return database_->is_connected() ? database_->follow(handlers) : std::nullopt;
  }
  [[nodiscard]] Result<StoreWarnings, StoreOpenError> load(const LoadHandlers& handlers) override;
  [[nodiscard]] std::optional<StoreError> commit(
      std::span<const std::span<const Record>> groups) override;
  [[nodiscard]] std::optional<StoreError> check() override;
  [[nodiscard]] std::chrono::milliseconds check_interval() const override;
  void close() override;
  [[nodiscard]] Result<StoreReport, StoreOpenError> verify() const override {
    return database_->verify();
  }

 private:
  using Clock = SharedDatabase::Clock;
  /// What the row says of this leader's last commit.
  enum class Standing {
    NotStored,  // as many commits as were confirmed
    Stored,     // one more: that whose outcome was not known
    Lost,       // another one leads, or the database is older than what was confirmed
  };

  [[nodiscard]] std::optional<StoreOpenError> try_open();
  [[nodiscard]] std::optional<StoreOpenError> take_lease(
      std::optional<std::vector<std::string>> warnings);
  [[nodiscard]] Result<StoreWarnings, StoreOpenError> try_load(const LoadHandlers& handlers);
  [[nodiscard]] Standing judge(const std::optional<LeaderRow>& row);
  [[nodiscard]] std::optional<StoreError> find_out(Clock::time_point deadline);
  void count_replicas();

  std::unique_ptr<SharedDatabase> database_;
  StoreOptions options_;
  std::vector<std::string> told_;  // the warnings of the last attempt to lead
  // Set from open() to close(); what follows, too.
  std::optional<StoreLease> lease_;
  Counters counters_;
  Clock::time_point renewed_at_;    // when the last renewal was sent
  Clock::time_point counted_at_;    // the replicas
  std::optional<StoreError> lost_;  // why this server may store nothing any more
  bool must_ask_ = false;           // whether this server still leads, and what is stored
  // A commit was sent whose outcome is not known: it is the next one, or it is not stored.
  bool is_in_doubt_ = false;
  // What the next commit has may be stored already, by one that failed.
  bool may_be_stored_ = false;
};

}  // namespace tribar
