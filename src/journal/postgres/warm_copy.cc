// SPDX-License-Identifier: MIT
//
// See warm_copy.h.
#include "journal/postgres/warm_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "journal/postgres/lease.h"
#include "journal/postgres/postgres_reader.h"

namespace tribar {
namespace {

using std::chrono::seconds;

/// How long a row, or the counting of all rows, may take.
constexpr seconds kPatience{60};
/// How many calls of follow() there are for one that looks at whole tables.
constexpr unsigned kCallsPerScan = 10;
/// How many keys are counted together.
constexpr std::uint64_t kRange = 4096;

WarmCopy::Problem failed(Failure failure) {
  std::string text = failure.text;
  return {std::move(text), false, std::move(failure)};
}

WarmCopy::Problem contradicted(const std::string& what) {
  return {
      fmt::format("the database is not the one that this standby followed: {}", what), false, {}};
}

// Who may not call pg_control_system() has no mark.
constexpr Prepared kMayIdentify{
    "may_identify", "SELECT has_function_privilege('pg_control_system()', 'execute')::integer"};

constexpr Prepared kLookForMark{"mark_of_details", R"sql(
SELECT pg_snapshot_xmin(pg_current_snapshot())::xid::text::bigint, system_identifier::text
FROM pg_control_system())sql"};

}  // namespace

/// A table whose rows are counted.
struct WarmCopy::Table {
  const char* name;
  const char* key;
  bool changes_rarely;  // then all rows are counted first, which takes a third of the time
};

Reading WarmCopy::above(bool with_accounts, bool with_messages) const {
  Reading reading;
  reading.accounts_above = with_accounts ? std::optional(last_account_) : std::nullopt;
  reading.messages_above = with_messages ? std::optional(last_message_) : std::nullopt;
  return reading;
}

/// In `mark`: up to where details are read that are read now. None: they cannot be followed.
std::optional<WarmCopy::Problem> WarmCopy::look_for_mark(Session& session,
                                                         std::optional<Mark>& mark) const {
  const auto ask = [&session](const Prepared& statement) {
    const Call call{&statement, {}};
    return session.run({&call, 1}, Session::Clock::now() + kPatience);
  };
  const auto may_ask = ask(kMayIdentify);
  if (!may_ask) {
    return failed(may_ask.error());
  }
  if (!may_ask.value().front().boolean(0, 0)) {
    return std::nullopt;
  }
  const auto found = ask(kLookForMark);
  if (!found) {
    return failed(found.error());
  }
  const Rows& row = found.value().front();
  mark = Mark{static_cast<std::uint32_t>(row.number(0, 0)), std::string(row.bytes(0, 1))};
  if (mark_ && mark_->system != mark->system) {
    return contradicted("it was copied to another one");
  }
  return std::nullopt;
}

std::optional<WarmCopy::Problem> WarmCopy::follow(Session& session, const LoadHandlers& handlers) {
  const auto deadline = [] { return Session::Clock::now() + kPatience; };
  if (auto failure =
          session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", deadline())) {
    return failed(*std::move(failure));
  }
  auto problem = follow_in_transaction(session, handlers);
  if (session.is_usable()) {
    if (auto failure = session.execute("ROLLBACK", deadline()); failure && !problem) {
      problem = failed(*std::move(failure));
    }
  }
  return problem;
}

std::optional<WarmCopy::Problem> WarmCopy::follow_in_transaction(Session& session,
                                                                 const LoadHandlers& handlers) {
  auto row = lease::look(session, std::chrono::milliseconds(0), Session::Clock::now() + kPatience);
  if (!row) {
    return failed(row.error());
  }
  if (!row.value()) {
    return Problem{"the row of the table leader is missing", true, {}};
  }
  if (row_ && (row.value()->epoch != row_->epoch || row.value()->commits < row_->commits)) {
    return contradicted(row.value()->epoch != row_->epoch ? "another server took it over"
                                                          : "it has fewer commits");
  }
  row_ = *row.value();

  struct Created {
    AccountId id;
    UnixMs time;
    std::string name;
  };
  std::vector<Created> waiting;  // for one with the same name that was deleted meanwhile
  std::optional<Problem> damage;
  Walker walker;
  walker.account = [&](AccountId id, UnixMs time, std::string_view name) {
    if (!waiting.empty() || !handlers.account(id, time, name)) {
      waiting.push_back({id, time, std::string(name)});
    } else {
      accounts_.push_back({id.value});
      last_account_ = id.value;
    }
    return true;
  };
  walker.message = [&](MessageNumber number, AccountId account, UnixMs time,
                       const StoredMessage& message) {
    messages_.push_back({number.value, account.value});
    last_message_ = number.value;
    handlers.message(account, KeptMessage::make(number, time, message.sender, message.text));
  };
  walker.secret = handlers.secret;
  walker.client = handlers.client;
  walker.counters = [](AccountId, MessageNumber) {};
  walker.lost_message = [&](MessageNumber number) {
    messages_.push_back({number.value});
    last_message_ = number.value;
  };
  walker.damage = [&](const std::string& what, const RecordError& error, bool is_message) {
    if (is_message && !error.is_unknown) {
      lost_[last_message_] = fmt::format("{}: {} is lost: {}", name_, what, error.text);
    } else if (!damage) {
      damage = Problem{fmt::format("{}: {}", what, error.text), true, {}};
    }
  };
  const auto read = [&](const Reading& reading) -> std::optional<Problem> {
    std::optional<Failure> failure;
    const auto missing = walk(session, reading, walker, failure);
    if (failure) {
      return failed(*std::move(failure));
    }
    return missing ? Problem{*missing, true, {}} : std::move(damage);
  };

  if (auto problem = read(above(true, false))) {
    return problem;
  }
  if (!waiting.empty()) {
    if (auto problem = prune_accounts(session, handlers)) {
      return problem;
    }
    for (const Created& created : waiting) {
      if (!handlers.account(created.id, created.time, created.name)) {
        return Problem{
            fmt::format("account {}: another account has its name", created.id.value), true, {}};
      }
      accounts_.push_back({created.id.value});
      last_account_ = created.id.value;
    }
  }
  const bool is_scan = calls_++ % kCallsPerScan == 0;
  std::optional<Mark> mark;
  if (auto problem = is_scan ? look_for_mark(session, mark) : std::nullopt) {
    return problem;
  }
  if (mark) {
    Reading details;
    details.with_details = true;
    details.details_from = mark_ ? mark_->transaction : 0;
    if (auto problem = read(details)) {
      return problem;
    }
    mark_ = std::move(mark);
  }
  if (auto problem = read(above(false, true))) {
    return problem;
  }
  if (!is_scan) {
    return std::nullopt;
  }
  if (auto problem = prune_accounts(session, handlers)) {
    return problem;
  }
  return prune_messages(session, handlers);
}

Result<Loaded, WarmCopy::Problem> WarmCopy::finish(Session& session, const LeaderRow& own,
                                                   const LoadHandlers& handlers,
                                                   const std::function<void()>& meanwhile) {
  if (row_ && (own.epoch != row_->epoch + 1 || own.commits < row_->commits)) {
    return contradicted(own.epoch != row_->epoch + 1 ? "another server had it in between"
                                                     : "it has fewer commits");
  }
  if (auto problem = prune_accounts(session, handlers)) {
    return *std::move(problem);
  }
  meanwhile();
  if (auto problem = prune_messages(session, handlers)) {
    return *std::move(problem);
  }
  meanwhile();
  std::optional<Mark> mark;
  if (auto problem = mark_ ? look_for_mark(session, mark) : std::nullopt) {
    return *std::move(problem);
  }
  std::optional<Failure> failure;
  Reading reading = above(true, true);
  reading.with_details = true;
  reading.details_from = mark ? mark_->transaction : 0;
  auto loaded = load_contents(
      [&](const Walker& walker) { return walk(session, reading, walker, failure, meanwhile); },
      handlers, name_);
  if (failure) {
    return failed(*std::move(failure));
  }
  if (!loaded) {
    return Problem{loaded.error(), true, {}};
  }
  for (auto& [number, warning] : lost_) {
    loaded.value().warnings.push_back(std::move(warning));
  }
  return std::move(loaded.value());
}

std::optional<WarmCopy::Problem> WarmCopy::prune_accounts(Session& session,
                                                          const LoadHandlers& handlers) {
  return prune(session, {"accounts", "id", true}, accounts_,
               [&](const Key& key) { handlers.account_gone(AccountId{key.key}); });
}

std::optional<WarmCopy::Problem> WarmCopy::prune_messages(Session& session,
                                                          const LoadHandlers& handlers) {
  return prune(session, {"messages", "number", false}, messages_, [&](const Key& key) {
    lost_.erase(key.key);
    handlers.message_gone(AccountId{key.account}, MessageNumber{key.key});
  });
}

/// Removes from `keys` those that are not in the table any more.
std::optional<WarmCopy::Problem> WarmCopy::prune(
    Session& session, const Table& table, std::vector<Key>& keys,
    const std::function<void(const Key&)>& gone) const {
  if (keys.empty()) {
    return std::nullopt;
  }
  using Columns = std::span<const std::string_view>;
  std::uint64_t left = 0;
  if (table.changes_rarely) {
    auto failure = session.copy(
        fmt::format("SELECT count(*) FROM {1} WHERE {0} <= {2}", table.key, table.name,
                    keys.back().key)
            .c_str(),
        1, [&left](Columns row) { left = number_of(row[0]); }, kPatience);
    if (failure) {
      return failed(*std::move(failure));
    }
    if (left == keys.size()) {
      return std::nullopt;
    }
    left = 0;
  }
  std::unordered_map<std::uint64_t, std::uint64_t> counts;  // by range
  auto failure = session.copy(
      fmt::format("SELECT {0} / {1}, count(*) FROM {2} WHERE {0} <= {3} GROUP BY 1", table.key,
                  kRange, table.name, keys.back().key)
          .c_str(),
      2,
      [&](Columns row) {
        counts[number_of(row[0])] = number_of(row[1]);
        left += number_of(row[1]);
      },
      kPatience);
  if (failure) {
    return failed(*std::move(failure));
  }
  if (left == keys.size()) {
    return std::nullopt;
  }
  std::vector<Key> kept;
  kept.reserve(keys.size());
  for (auto first = keys.begin(); first != keys.end();) {
    const std::uint64_t range = first->key / kRange;
    const auto end = std::find_if(first, keys.end(),
                                  [range](const Key& key) { return key.key / kRange != range; });
    const auto count = counts.find(range);
    if (count != counts.end() && count->second == static_cast<std::uint64_t>(end - first)) {
      kept.insert(kept.end(), first, end);
      first = end;
      continue;
    }
    if (count != counts.end()) {
      failure = session.copy(
          fmt::format("SELECT {0} FROM {1} WHERE {0} BETWEEN {2} AND {3} ORDER BY {0}", table.key,
                      table.name, first->key, (end - 1)->key)
              .c_str(),
          1,
          [&](Columns row) {
            const std::uint64_t key = number_of(row[0]);
            for (; first != end && first->key < key; ++first) {
              gone(*first);
            }
            if (first != end && first->key == key) {
              kept.push_back(*first++);
            }
          },
          kPatience);
      if (failure) {
        break;
      }
    }
    std::for_each(first, end, gone);
    first = end;
  }
  if (failure) {
    // What was told to be gone stays in `keys`, and is told again.
    return failed(*std::move(failure));
  }
  keys = std::move(kept);
  if (keys.size() != left) {
    return contradicted("it has rows that were not there before");
  }
  return std::nullopt;
}

}  // namespace tribar
