// SPDX-License-Identifier: MIT
//
// See postgres_reader.h.
#include "journal/postgres/postgres_reader.h"

#include <fmt/format.h>

namespace tribar {
namespace {

/// How long a row may take: the first one of a large table, which is sorted, or on a slow disk.
constexpr std::chrono::seconds kPatience{60};
/// How many rows are read between two calls of `meanwhile`.
constexpr std::uint64_t kRowsAtATime = 1024;

using Columns = std::span<const std::string_view>;

void take_counters(Columns row, RowReader& reader) {
  reader.take_counters(AccountId{number_of(row[0])}, MessageNumber{number_of(row[1])}, row[2]);
}

void take_account(Columns row, RowReader& reader) {
  reader.take_account(AccountId{number_of(row[0])}, UnixMs{number_of(row[1])}, row[2]);
}

void take_secret(Columns row, RowReader& reader) {
  reader.take_secret(AccountId{number_of(row[0])}, row[1]);
}

void take_client(Columns row, RowReader& reader) {
  reader.take_client(AccountId{number_of(row[0])}, row[1], number_of(row[2]),
                     MessageNumber{number_of(row[3])}, row[4]);
}

void take_message(Columns row, RowReader& reader) {
  reader.take_message(MessageNumber{number_of(row[0])}, AccountId{number_of(row[1])},
                      UnixMs{number_of(row[2])}, row[3]);
}

/// Behind the name of a table: the condition for `key`, and the order.
std::string above(const char* key, std::uint64_t least) {
  return least == 0 ? fmt::format("ORDER BY {}", key)
                    : fmt::format("WHERE {0} > {1} ORDER BY {0}", key, least);
}

/// Behind the name of a table: the condition for rows that `transaction` or a later one has
/// written, or the order. Ids of transactions wrap around, so they are compared by age, as the
/// database does itself. To read few rows in order it would take its index, where each row is
/// looked up.
std::string written_from(std::uint32_t transaction, const char* key) {
  return transaction == 0 ? fmt::format("ORDER BY {}", key)
                          : fmt::format("WHERE age(xmin) <= age('{}'::xid)", transaction);
}

}  // namespace

std::optional<std::string> walk(Session& session, const Reading& reading, const Walker& walker,
                                std::optional<Failure>& failure,
                                const std::function<void()>& meanwhile) {
  RowReader reader(walker);
  std::uint64_t rows = 0;
  const struct {
    bool is_wanted;
    std::string select;
    std::size_t columns;
    void (*take_row)(Columns, RowReader&);
  } tables[] = {
      {true, "SELECT last_account, numbers_below, record FROM meta", 3, take_counters},
      {reading.accounts_above.has_value(),
       "SELECT id, created_ms, record FROM accounts " +
           above("id", reading.accounts_above.value_or(0)),
       3, take_account},
      {reading.with_details,
       "SELECT account, record FROM secrets " + written_from(reading.details_from, "account"), 2,
       take_secret},
      {reading.with_details,
       "SELECT account, client, n, number, record FROM clients " +
           written_from(reading.details_from, "account, client"),
       5, take_client},
      {reading.messages_above.has_value(),
       "SELECT number, account, time_ms, record FROM messages " +
           above("number", reading.messages_above.value_or(0)),
       4, take_message},
  };
  for (const auto& table : tables) {
    if (!table.is_wanted) {
      continue;
    }
    failure = session.copy(
        table.select.c_str(), table.columns,
        [&](Columns row) {
          table.take_row(row, reader);
          if (++rows % kRowsAtATime == 0) {
            meanwhile();
          }
        },
        kPatience);
    if (failure) {
      return failure->text;
    }
    if (auto missing = reader.missing()) {
      return missing;
    }
  }
  reader.finish();
  return std::nullopt;
}

}  // namespace tribar
