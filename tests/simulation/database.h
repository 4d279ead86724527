// SPDX-License-Identifier: MIT
//
// A database that several servers share, made up: the row that says who leads, what is stored, and
// a synchronous standby. Transactions are on their way, wait for the row, hold it, and end, each
// whenever the schedule says so, also when nobody waits for their answer any more.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "journal/shared_database.h"
#include "simulation/diary.h"
#include "simulation/random.h"
#include "simulation/storage.h"

namespace tribar::simulation {

/// The process of a server.
struct Host {
  std::uint64_t life = 0;
  bool is_dead = false;     // its calls do nothing any more
  bool must_crash = false;  // in a call
  bool is_waiting = false;  // in a call: its journal cannot do anything else
  bool has_lost = false;    // knows that it was replaced
  // When the last commit of this server began that is stored for good: see Database::moment.
  std::uint64_t confirmed = 0;
};

class Database {
 public:
  /// `contents` is what it stores.
  Database(Storage& contents, Diary& diary, Random& random)
      : contents_(contents), diary_(diary), random_(random) {}
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Each record that is stored now on both machines, in order.
  std::function<void(const Record&)> on_stored;
  /// A server took the lease, and nothing of the one before is stored any more.
  std::function<void(Host&)> on_taken;
  /// While a server waits for an answer others may act.
  std::function<void()> meanwhile;
  unsigned trouble_percent = 0;  // of the calls: something happens to it
  bool is_down = false;          // nobody can reach it

  /// Orders what servers decide and what is stored.
  std::uint64_t moment = 0;

  /// Something happens to a transaction that nobody waits for.
  void act();
  [[nodiscard]] bool has_under_way() const { return !under_way_.empty(); }
  /// All connections are cut. `is_lost`: the machine is gone, and the standby takes its place.
  void break_down(bool is_lost);

 private:
  friend class DatabaseClient;

  struct Row {
    std::uint64_t epoch = 0;
    std::uint64_t commits = 0;
    std::string address;
    std::uint64_t seen_ms = 0;
    bool is_given_back = true;
  };

  struct Transaction {
    enum class State { Sent, HoldsRow, Stored, Undone, Fenced };
    State state = State::Sent;
    bool is_cut = false;  // nobody waits for its answer
    std::shared_ptr<Host> host;
    std::uint64_t epoch = 0;
    std::uint64_t number = 0;
    std::uint64_t begun = 0;        // moment
    std::deque<std::string> texts;  // of the records
    std::vector<Record> records;    // once it is stored: what was not stored before
    std::optional<Counters> counters;
    bool may_be_stored = false;

    [[nodiscard]] bool is_over() const { return state != State::Sent && state != State::HoldsRow; }
  };
  using TransactionPtr = std::shared_ptr<Transaction>;

  /// What the machine has that is lost with it.
  struct State {
    Row row;
    std::map<std::uint64_t, Storage::Account> accounts;
    std::map<std::uint64_t, std::string> secrets;
    std::map<std::pair<std::uint64_t, std::string>, Storage::Sent> clients;
    std::map<std::uint64_t, Storage::Message> messages;
    AccountId last_account;
    MessageNumber below;
    std::set<std::pair<std::size_t, std::uint64_t>> ever;
  };

  [[nodiscard]] TransactionPtr send(const std::shared_ptr<Host>& host, const FencedCommit& commit);
  void end(TransactionPtr transaction, Transaction::State state);
  [[nodiscard]] TransactionPtr holder() const;
  void advance(const TransactionPtr& transaction, bool is_replicated);
  void free_row();
  void store(const TransactionPtr& transaction, bool is_replicated);
  void remove_what_is_stored(Transaction& transaction);
  void replicate();
  [[nodiscard]] State state() const;

  Storage& contents_;
  Diary& diary_;
  Random& random_;
  Row row_;
  std::set<std::pair<std::size_t, std::uint64_t>> ever_;  // kinds and numbers of records
  std::deque<TransactionPtr> under_way_;
  std::vector<TransactionPtr> unreplicated_;
  std::optional<State> replica_;  // while there are such
  std::uint64_t generation_ = 0;  // of connections
};

/// A server's connection to it.
class DatabaseClient final : public SharedDatabase {
 public:
  DatabaseClient(Database& database, std::shared_ptr<Host> host)
      : database_(database), host_(std::move(host)) {}

  const std::string& name() const override { return name_; }
  std::optional<StoreOpenError> find_obstacle() const override { return std::nullopt; }
  Result<StoreReport, StoreOpenError> verify() const override {
    return database_.contents_.verify();
  }
  Clock::time_point now() const override {
    return Clock::time_point(std::chrono::milliseconds(database_.diary_.now_ms));
  }
  void pause(std::chrono::milliseconds time) override { wait(time); }
  std::optional<DatabaseFailure> connect() override;
  bool is_connected() const override {
    return !host_->is_dead && generation_ == database_.generation_;
  }
  void disconnect() override { generation_.reset(); }
  Result<std::vector<std::string>, StoreOpenError> prepare() override;
  Result<LeaderRow, StoreOpenError> look(std::chrono::milliseconds takeover) override;
  Result<std::optional<LeaderRow>, StoreOpenError> take(const LeaderRow& seen,
                                                        std::chrono::milliseconds takeover,
                                                        const std::string& address) override;
  Result<Loaded, StoreOpenError> load(const LoadHandlers& handlers) override;
  std::optional<DatabaseFailure> commit(const FencedCommit& commit,
                                        Clock::time_point deadline) override;
  Result<std::optional<LeaderRow>, DatabaseFailure> ask(Clock::time_point deadline) override;
  Result<bool, DatabaseFailure> renew(std::uint64_t epoch, std::uint64_t commits,
                                      Clock::time_point deadline) override;
  void release(std::uint64_t epoch, std::uint64_t commits, Clock::time_point deadline) override;

 private:
  /// Whatever ends the call: nobody waits for the answer any more.
  struct Leaving {
    Database::TransactionPtr transaction;
    ~Leaving() { transaction->is_cut = true; }
  };

  [[nodiscard]] bool is_in_trouble();
  void wait(std::chrono::milliseconds time);
  void let_others_act();
  [[nodiscard]] StoreOpenError cut_while_opening();
  [[nodiscard]] DatabaseFailure cut(const char* text);
  [[nodiscard]] std::optional<DatabaseFailure> suffer(const Database::TransactionPtr& transaction,
                                                      Clock::time_point deadline);
  [[nodiscard]] LeaderRow row() const;

  Database& database_;
  std::shared_ptr<Host> host_;
  std::string name_ = "the made up database";
  std::optional<std::uint64_t> generation_;  // none: not connected
};

}  // namespace tribar::simulation
