// SPDX-License-Identifier: MIT
//
// What a standby has of a database before it leads, so that a takeover has little to load.
//
// Accounts and messages are only added with keys above all before, in the order of commits, and
// otherwise only removed. So what is new is what is above the last key that was read, and if as
// many rows are there as were read, they are the same; the rows are counted by ranges of keys, and
// where there are fewer the keys are read again.
//
// Secrets and clients change in place. Each row tells which transaction has written it (xmin), so
// what is new is what was written by the first transaction that was under way at the last reading,
// or a later one. They are removed only with their account, or for a client that was used later,
// which shows in the row of that one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/contents.h"
#include "journal/postgres/postgres_reader.h"
#include "journal/postgres/session.h"
#include "journal/shared_database.h"
#include "journal/store.h"

namespace tribar {

class WarmCopy {
 public:
  /// Why a copy is of no use any more, or could not be brought up to date.
  struct Problem {
    std::string text;
    bool is_damage = false;          // what is stored cannot be trusted
    std::optional<Failure> failure;  // of the database; the copy is as good as before
  };

  /// `name`: see Store.
  explicit WarmCopy(std::string name) : name_(std::move(name)) {}

  /// Brings the copy up to date; see Store::follow(). What is gone, and secrets and clients, are
  /// looked for at every tenth call.
  [[nodiscard]] std::optional<Problem> follow(Session& session, const LoadHandlers& handlers);

  /// The same, with all that is left, for a server that leads, with `own` in the row of the table
  /// `leader`; calls `meanwhile` from time to time.
  [[nodiscard]] Result<Loaded, Problem> finish(Session& session, const LeaderRow& own,
                                               const LoadHandlers& handlers,
                                               const std::function<void()>& meanwhile);

 private:
  struct Key {
    std::uint64_t key = 0;      // of the row
    std::uint64_t account = 0;  // of a message: the recipient; 0: it is damaged
  };
  struct Table;
  /// From where on details are to be read.
  struct Mark {
    std::uint32_t transaction = 0;
    std::string system;  // where that is an id: ids of transactions are not replicated by row
  };

  [[nodiscard]] std::optional<Problem> follow_in_transaction(Session& session,
                                                             const LoadHandlers& handlers);
  [[nodiscard]] std::optional<Problem> prune(Session& session, const Table& table,
                                             std::vector<Key>& keys,
                                             const std::function<void(const Key&)>& gone) const;
  [[nodiscard]] std::optional<Problem> prune_accounts(Session& session,
                                                      const LoadHandlers& handlers);
  [[nodiscard]] std::optional<Problem> prune_messages(Session& session,
                                                      const LoadHandlers& handlers);
  [[nodiscard]] Reading above(bool with_accounts, bool with_messages) const;
  [[nodiscard]] std::optional<Problem> look_for_mark(Session& session,
                                                     std::optional<Mark>& mark) const;

  std::string name_;
  std::vector<Key> accounts_;  // ascending, as the next one
  std::vector<Key> messages_;
  std::uint64_t last_account_ = 0;  // the highest key that was read
  std::uint64_t last_message_ = 0;
  std::map<std::uint64_t, std::string> lost_;  // messages, and what is said of them
  std::optional<Mark> mark_;                   // none: no details were read
  std::optional<LeaderRow> row_;               // when it was read last
  unsigned calls_ = 0;
};

}  // namespace tribar
