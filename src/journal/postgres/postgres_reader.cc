// SPDX-License-Identifier: MIT
//
// See postgres_reader.h.
#include "journal/postgres/postgres_reader.h"

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

}  // namespace

std::optional<std::string> walk(Session& session, const Walker& walker,
                                std::optional<Failure>& failure,
                                const std::function<void()>& meanwhile) {
  RowReader reader(walker);
  std::uint64_t rows = 0;
  const struct {
    const char* select;
    std::size_t columns;
    void (*take_row)(Columns, RowReader&);
  } tables[] = {
      {"SELECT last_account, numbers_below, record FROM meta", 3, take_counters},
      {"SELECT id, created_ms, record FROM accounts ORDER BY id", 3, take_account},
      {"SELECT account, record FROM secrets ORDER BY account", 2, take_secret},
      {"SELECT account, client, n, number, record FROM clients ORDER BY account, client", 5,
       take_client},
      {"SELECT number, account, time_ms, record FROM messages ORDER BY number", 4, take_message},
  };
  for (const auto& table : tables) {
    failure = session.copy(
        table.select, table.columns,
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
