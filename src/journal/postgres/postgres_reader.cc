// SPDX-License-Identifier: MIT
//
// See postgres_reader.h.
#include "journal/postgres/postgres_reader.h"

namespace tribar {
namespace {

/// How long a row may take: the first one of a large table, which is sorted, or on a slow disk.
constexpr std::chrono::seconds kPatience{60};

void take_counters(const Rows& row, RowReader& reader) {
  reader.take_counters(AccountId{row.number(0, 0)}, MessageNumber{row.number(0, 1)},
                       row.bytes(0, 2));
}

void take_account(const Rows& row, RowReader& reader) {
  reader.take_account(AccountId{row.number(0, 0)}, UnixMs{row.number(0, 1)}, row.bytes(0, 2));
}

void take_secret(const Rows& row, RowReader& reader) {
  reader.take_secret(AccountId{row.number(0, 0)}, row.bytes(0, 1));
}

void take_client(const Rows& row, RowReader& reader) {
  reader.take_client(AccountId{row.number(0, 0)}, row.bytes(0, 1), row.number(0, 2),
                     MessageNumber{row.number(0, 3)}, row.bytes(0, 4));
}

void take_message(const Rows& row, RowReader& reader) {
  reader.take_message(MessageNumber{row.number(0, 0)}, AccountId{row.number(0, 1)},
                      UnixMs{row.number(0, 2)}, row.bytes(0, 3));
}

}  // namespace

std::optional<std::string> walk(Session& session, const Walker& walker,
                                std::optional<Failure>& failure) {
  RowReader reader(walker);
  const struct {
    const char* sql;
    void (*take_row)(const Rows&, RowReader&);
  } tables[] = {
      {"SELECT last_account, numbers_below, record FROM meta", take_counters},
      {"SELECT id, created_ms, record FROM accounts ORDER BY id", take_account},
      {"SELECT account, record FROM secrets ORDER BY account", take_secret},
      {"SELECT account, client, n, number, record FROM clients ORDER BY account, client",
       take_client},
      {"SELECT number, account, time_ms, record FROM messages ORDER BY number", take_message},
  };
  for (const auto& table : tables) {
    failure = session.each_row(
        table.sql, [&](const Rows& row) { table.take_row(row, reader); }, kPatience);
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
