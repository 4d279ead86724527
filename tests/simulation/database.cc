// SPDX-License-Identifier: MIT
//
// See database.h. The order of this file: transactions, the machine, a server's calls.
#include "simulation/database.h"

#include <algorithm>
#include <type_traits>
#include <variant>

namespace tribar::simulation {
namespace {

using std::chrono::milliseconds;

/// How long a statement waits for the row.
constexpr milliseconds kLockTimeout{1000};

/// Makes `record` point to bytes of its own.
Record copy_of(const Record& record, std::deque<std::string>& texts) {
  const auto keep = [&texts](std::string_view& text) { text = texts.emplace_back(text); };
  Record copy = record;
  std::visit(
      [&keep](auto& each) {
        using Kind = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<Kind, AccountCreated>) {
          keep(each.name);
        } else if constexpr (std::is_same_v<Kind, MessageKept>) {
          keep(each.sender);
          keep(each.text);
        } else if constexpr (std::is_same_v<Kind, SecretSet>) {
          keep(each.hash);
        } else if constexpr (std::is_same_v<Kind, ClientSent> ||
                             std::is_same_v<Kind, ClientForgotten>) {
          keep(each.client);
        }
      },
      copy);
  return copy;
}

/// The number of what is stored or removed once and never again.
std::optional<std::uint64_t> number_of(const Record& record) {
  if (const auto* created = std::get_if<AccountCreated>(&record)) {
    return created->account.value;
  }
  if (const auto* deleted = std::get_if<AccountDeleted>(&record)) {
    return deleted->account.value;
  }
  if (const auto* kept = std::get_if<MessageKept>(&record)) {
    return kept->number.value;
  }
  if (const auto* handed = std::get_if<HandedOver>(&record)) {
    return handed->number.value;
  }
  return std::nullopt;
}

}  // namespace

// Transactions.

Database::TransactionPtr Database::send(const std::shared_ptr<Host>& host,
                                        const FencedCommit& commit) {
  auto transaction = std::make_shared<Transaction>();
  transaction->host = host;
  transaction->epoch = commit.epoch;
  transaction->number = commit.number;
  transaction->begun = ++moment;
  transaction->counters = commit.counters;
  transaction->may_be_stored = commit.may_be_stored;
  for (const std::span<const Record> group : commit.groups) {
    for (const Record& record : group) {
      transaction->records.push_back(copy_of(record, transaction->texts));
    }
  }
  under_way_.push_back(transaction);
  return transaction;
}

void Database::end(TransactionPtr transaction, Transaction::State state) {
  transaction->state = state;
  std::erase(under_way_, transaction);
}

Database::TransactionPtr Database::holder() const {
  const auto found = std::find_if(
      under_way_.begin(), under_way_.end(),
      [](const TransactionPtr& each) { return each->state == Transaction::State::HoldsRow; });
  return found == under_way_.end() ? nullptr : *found;
}

/// One step further, unless another one holds the row. `is_replicated`: if it is stored now, on
/// both machines at once.
void Database::advance(const TransactionPtr& transaction, bool is_replicated) {
  if (transaction->state == Transaction::State::HoldsRow) {
    store(transaction, is_replicated);
    end(transaction, Transaction::State::Stored);
  } else if (holder() == nullptr) {
    if (transaction->epoch == row_.epoch && transaction->number == row_.commits + 1) {
      transaction->state = Transaction::State::HoldsRow;
    } else {
      end(transaction, Transaction::State::Fenced);
    }
  }
}

/// Whoever needs the row waits until the transaction that holds it has ended, or ends it.
void Database::free_row() {
  const TransactionPtr holds = holder();
  if (holds == nullptr) {
    return;
  }
  if (random_.chance(60)) {
    return advance(holds, random_.chance(70));
  }
  diary_.tell("commit {} of epoch {} is ended", holds->number, holds->epoch);
  diary_.now_ms += static_cast<std::uint64_t>(kLockTimeout.count());
  end(holds, Transaction::State::Undone);
}

void Database::store(const TransactionPtr& transaction, bool is_replicated) {
  diary_.tell("commit {} of epoch {} is stored", transaction->number, transaction->epoch);
  if (transaction->epoch != row_.epoch) {
    diary_.fail("server {} stores something, and was replaced", transaction->host->life);
  }
  if (transaction->number != row_.commits + 1) {
    diary_.fail("commit {} is stored behind {}", transaction->number, row_.commits);
  }
  if (!is_replicated && !replica_) {
    replica_ = state();
  }
  remove_what_is_stored(*transaction);
  const std::span<const Record> group(transaction->records);
  static_cast<void>(contents_.commit({&group, 1}));
  if (transaction->counters) {
    contents_.last_account = transaction->counters->last_account;
    contents_.below = transaction->counters->below;
  }
  row_.commits = transaction->number;
  row_.seen_ms = diary_.now_ms;
  row_.is_given_back = false;
  unreplicated_.push_back(transaction);
  if (is_replicated) {
    replicate();
  }
}

void Database::remove_what_is_stored(Transaction& transaction) {
  std::erase_if(transaction.records, [&](const Record& record) {
    const auto number = number_of(record);
    const bool is_stored = number && !ever_.insert({record.index(), *number}).second;
    const bool is_kept = std::holds_alternative<AccountCreated>(record) ||
                         std::holds_alternative<MessageKept>(record);
    if (is_stored && is_kept && !transaction.may_be_stored) {
      diary_.fail("commit {} stores again what is stored", transaction.number);
    }
    return is_stored;
  });
}

/// Everything comes to the standby.
void Database::replicate() {
  for (const TransactionPtr& each : std::exchange(unreplicated_, {})) {
    for (const Record& record : each->records) {
      on_stored(record);
    }
    each->host->confirmed = std::max(each->host->confirmed, each->begun);
  }
  replica_.reset();
}

// The machine.

Database::State Database::state() const {
  return {row_,
          contents_.accounts,
          contents_.secrets,
          contents_.clients,
          contents_.messages,
          contents_.last_account,
          contents_.below,
          ever_};
}

void Database::act() {
  if (under_way_.empty()) {
    return;
  }
  const TransactionPtr transaction = under_way_[random_.below(under_way_.size())];
  if (!transaction->is_cut) {
    return;
  }
  if (random_.chance(30)) {
    diary_.tell("commit {} of epoch {} never arrives", transaction->number, transaction->epoch);
    return end(transaction, Transaction::State::Undone);
  }
  advance(transaction, random_.chance(70));
}

void Database::break_down(bool is_lost) {
  diary_.tell("the database {}", is_lost ? "is lost, and its standby promoted" : "starts again");
  ++generation_;
  while (!under_way_.empty()) {
    end(under_way_.front(), Transaction::State::Undone);
  }
  if (!is_lost || !replica_) {
    return;
  }
  State& state = *replica_;
  row_ = std::move(state.row);
  contents_.accounts = std::move(state.accounts);
  contents_.secrets = std::move(state.secrets);
  contents_.clients = std::move(state.clients);
  contents_.messages = std::move(state.messages);
  contents_.last_account = state.last_account;
  contents_.below = state.below;
  ever_ = std::move(state.ever);
  replica_.reset();
  unreplicated_.clear();
}

// A server's calls.

bool DatabaseClient::is_in_trouble() {
  wait(milliseconds(database_.random_.below(4)));
  let_others_act();
  return !is_connected() || database_.is_down ||
         database_.random_.chance(database_.trouble_percent);
}

void DatabaseClient::wait(milliseconds time) {
  database_.diary_.now_ms += static_cast<std::uint64_t>(time.count());
}

void DatabaseClient::let_others_act() {
  if (host_->is_waiting && database_.random_.chance(3)) {
    database_.meanwhile();
  }
  if (host_->must_crash) {
    throw Crash{};
  }
}

DatabaseFailure DatabaseClient::cut(const char* text) {
  disconnect();
  return {text, DatabaseFailure::Outcome::Unknown};
}

StoreOpenError DatabaseClient::cut_while_opening() {
  disconnect();
  return {"the connection is cut", true};
}

LeaderRow DatabaseClient::row() const {
  LeaderRow row;
  row.epoch = database_.row_.epoch;
  row.commits = database_.row_.commits;
  row.address = database_.row_.address;
  row.seen = std::to_string(database_.row_.seen_ms);
  return row;
}

std::optional<DatabaseFailure> DatabaseClient::connect() {
  generation_ = database_.generation_;
  if (is_in_trouble()) {
    disconnect();
    return DatabaseFailure{"nobody answers"};
  }
  return std::nullopt;
}

Result<std::vector<std::string>, StoreOpenError> DatabaseClient::prepare() {
  if (const auto failure = connect()) {
    return StoreOpenError{failure->text, true};
  }
  return std::vector<std::string>{};
}

Result<LeaderRow, StoreOpenError> DatabaseClient::look(milliseconds takeover) {
  if (is_in_trouble()) {
    return cut_while_opening();
  }
  LeaderRow found = row();
  // The clock of the database may jump.
  found.is_free = database_.row_.is_given_back || database_.random_.chance(70) ||
                  database_.diary_.now_ms - database_.row_.seen_ms >=
                      static_cast<std::uint64_t>(takeover.count());
  return found;
}

Result<std::optional<LeaderRow>, StoreOpenError> DatabaseClient::take(const LeaderRow& seen,
                                                                      milliseconds /*takeover*/,
                                                                      const std::string& address) {
  if (is_in_trouble()) {
    return cut_while_opening();
  }
  database_.free_row();
  Database::Row& row = database_.row_;
  if (row.epoch != seen.epoch) {
    return std::optional<LeaderRow>();
  }
  ++row.epoch;
  row.address = address;
  row.seen_ms = database_.diary_.now_ms;
  row.is_given_back = false;
  database_.replicate();
  database_.diary_.tell("server {} takes the lease: epoch {}", host_->life, row.epoch);
  database_.on_taken(*host_);
  if (database_.random_.chance(database_.trouble_percent)) {
    return cut_while_opening();
  }
  return std::optional(this->row());
}

Result<Loaded, StoreOpenError> DatabaseClient::load(const LoadHandlers& handlers) {
  if (is_in_trouble()) {
    return cut_while_opening();
  }
  auto warnings = database_.contents_.load(handlers);
  if (!warnings) {
    return warnings.error();
  }
  return Loaded{database_.contents_.last_account, database_.contents_.below, {}};
}

/// What can become of a commit. None: nothing happens to it.
std::optional<DatabaseFailure> DatabaseClient::suffer(const Database::TransactionPtr& transaction,
                                                      Clock::time_point deadline) {
  using State = Database::Transaction::State;
  if (!is_in_trouble()) {
    return std::nullopt;
  }
  Database& database = database_;
  if (database.random_.chance(10)) {
    database.end(transaction, State::Undone);
    return DatabaseFailure{"the disk is full"};
  }
  std::size_t steps = database.random_.below(3);  // how far it comes
  for (; steps > 0 && !transaction->is_over(); --steps) {
    database.advance(transaction, database.random_.chance(50));
  }
  if (transaction->state == State::Sent && database.random_.chance(50)) {
    database.end(transaction, State::Undone);  // nothing arrives
  }
  if (host_->is_waiting && database.random_.chance(2)) {
    throw Crash{};
  }
  if (database.random_.chance(10)) {
    database.diary_.now_ms = std::max(
        database.diary_.now_ms,
        static_cast<std::uint64_t>(
            std::chrono::duration_cast<milliseconds>(deadline.time_since_epoch()).count()));
  }
  return cut("the connection is cut");
}

std::optional<DatabaseFailure> DatabaseClient::commit(const FencedCommit& commit,
                                                      Clock::time_point deadline) {
  using State = Database::Transaction::State;
  const auto transaction = database_.send(host_, commit);
  const Leaving leaving{transaction};
  if (auto failure = suffer(transaction, deadline)) {
    return failure;
  }
  while (is_connected()) {
    switch (transaction->state) {
      case State::Sent:
        if (database_.holder() != nullptr && database_.random_.chance(20)) {
          database_.end(transaction, State::Undone);
          wait(kLockTimeout);
          return DatabaseFailure{"another transaction holds the row"};
        }
        database_.free_row();
        database_.advance(transaction, true);
        break;
      case State::HoldsRow:
        let_others_act();
        if (is_connected() && transaction->state == State::HoldsRow) {
          database_.advance(transaction, true);
        }
        break;
      case State::Stored:
        database_.replicate();
        return std::nullopt;
      case State::Undone:
        return cut("terminated by another connection");
      case State::Fenced:
        return DatabaseFailure{"fenced", DatabaseFailure::Outcome::Fenced};
    }
  }
  return cut("the connection is cut");
}

Result<std::optional<LeaderRow>, DatabaseFailure> DatabaseClient::ask(Clock::time_point) {
  if (is_in_trouble()) {
    return cut("the connection is cut");
  }
  database_.free_row();
  database_.row_.seen_ms = database_.diary_.now_ms;
  database_.replicate();
  if (database_.random_.chance(database_.trouble_percent)) {
    return cut("the connection is cut");
  }
  return std::optional(row());
}

Result<bool, DatabaseFailure> DatabaseClient::renew(std::uint64_t epoch, std::uint64_t commits,
                                                    Clock::time_point) {
  if (is_in_trouble()) {
    return cut("the connection is cut");
  }
  database_.free_row();
  const bool is_ours = database_.row_.epoch == epoch && database_.row_.commits == commits;
  if (is_ours) {
    database_.row_.seen_ms = database_.diary_.now_ms;
    database_.replicate();
  }
  return is_ours;
}

void DatabaseClient::release(std::uint64_t epoch, std::uint64_t commits, Clock::time_point) {
  if (is_connected() && database_.row_.epoch == epoch && database_.row_.commits == commits &&
      database_.holder() == nullptr) {
    database_.row_.is_given_back = true;
    database_.row_.address.clear();
  }
}

}  // namespace tribar::simulation
