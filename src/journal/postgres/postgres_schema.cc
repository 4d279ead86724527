// SPDX-License-Identifier: MIT
//
// See postgres_schema.h.
#include "journal/postgres/postgres_schema.h"

#include <fmt/format.h>

#include <string_view>

#include "journal/record.h"

namespace tribar {
namespace {

using std::chrono::seconds;

constexpr seconds kPatience{10};

/// What version 1 consists of. What is here was written to databases: it never changes.
constexpr const char* kTables = R"sql(
CREATE TABLE meta(
  one integer PRIMARY KEY CHECK (one = 1),
  program text NOT NULL,
  version integer NOT NULL,
  last_account bigint NOT NULL,
  numbers_below bigint NOT NULL,
  record bytea NOT NULL);
CREATE TABLE leader(
  one integer PRIMARY KEY CHECK (one = 1),
  epoch bigint NOT NULL,
  commits bigint NOT NULL,
  seen timestamptz NOT NULL,
  address text NOT NULL) WITH (fillfactor = 20);
CREATE TABLE accounts(
  id bigint PRIMARY KEY,
  created_ms bigint NOT NULL,
  record bytea NOT NULL);
CREATE TABLE messages(
  number bigint PRIMARY KEY,
  account bigint NOT NULL,
  time_ms bigint NOT NULL,
  record bytea NOT NULL)
  WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0,
        toast.autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_vacuum_cost_delay = 0);
CREATE TABLE secrets(
  account bigint PRIMARY KEY,
  record bytea NOT NULL);
CREATE TABLE clients(
  account bigint NOT NULL,
  client bytea NOT NULL,
  n bigint NOT NULL,
  number bigint NOT NULL,
  record bytea NOT NULL,
  PRIMARY KEY(account, client)) WITH (fillfactor = 70);
CREATE FUNCTION field_of(record bytea, field integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  rest bytea := substring(record FROM 11);
BEGIN
  FOR i IN 2..field LOOP
    rest := substring(rest FROM position('\x00'::bytea IN rest) + 1);
  END LOOP;
  RETURN convert_from(substring(rest FROM 1 FOR position('\x00'::bytea IN rest) - 1), 'UTF8');
EXCEPTION WHEN OTHERS THEN
  RETURN '(damaged)';
END $$;
CREATE VIEW readable_accounts AS
  SELECT id, to_timestamp(created_ms / 1000.0) AS created, field_of(record, 1) AS name,
    CASE WHEN EXISTS (SELECT 1 FROM secrets WHERE account = id) THEN 'yes' ELSE 'no' END
      AS has_secret
  FROM accounts;
CREATE VIEW readable_messages AS
  SELECT number, (SELECT name FROM readable_accounts a WHERE a.id = account) AS recipient,
    to_timestamp(time_ms / 1000.0) AS time, field_of(record, 1) AS sender,
    field_of(record, 2) AS text
  FROM messages;
CREATE VIEW readable_clients AS
  SELECT (SELECT name FROM readable_accounts a WHERE a.id = account) AS name,
    field_of(record, 1) AS client, n, number
  FROM clients;
INSERT INTO leader VALUES(1, 0, 0, '-infinity', '');
)sql";

/// Columns, as kColumns lists them.
constexpr Prepared kListColumns{"columns", R"sql(
SELECT coalesce(string_agg(c.relname || '.' || a.attname || ' ' || t.typname ||
    CASE WHEN a.attnum = ANY(i.indkey) THEN ' key' ELSE '' END, E'\n'
    ORDER BY c.relname COLLATE "C", a.attnum), '')
FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
  AND c.relname IN ('accounts', 'clients', 'leader', 'messages', 'meta', 'secrets'))sql"};

constexpr std::string_view kColumns =
    "accounts.id int8 key\n"
    "accounts.created_ms int8\n"
    "accounts.record bytea\n"
    "clients.account int8 key\n"
    "clients.client bytea key\n"
    "clients.n int8\n"
    "clients.number int8\n"
    "clients.record bytea\n"
    "leader.one int4 key\n"
    "leader.epoch int8\n"
    "leader.commits int8\n"
    "leader.seen timestamptz\n"
    "leader.address text\n"
    "messages.number int8 key\n"
    "messages.account int8\n"
    "messages.time_ms int8\n"
    "messages.record bytea\n"
    "meta.one int4 key\n"
    "meta.program text\n"
    "meta.version int4\n"
    "meta.last_account int8\n"
    "meta.numbers_below int8\n"
    "meta.record bytea\n"
    "secrets.account int8 key\n"
    "secrets.record bytea";

/// The first columns of meta, which no version changes.
constexpr std::string_view kMark = "meta.one int4 key\nmeta.program text\nmeta.version int4\n";

constexpr Prepared kReadMark{"mark", "SELECT program, version FROM meta WHERE one = 1"};

constexpr Prepared kLookAround{"surroundings", R"sql(
SELECT pg_backend_pid(), pg_is_in_recovery(), current_setting('default_transaction_read_only'),
  coalesce(current_schema(), ''), current_setting('server_version_num')::integer,
  current_setting('fsync'), current_setting('full_page_writes'),
  current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
  pg_has_role(current_user, 'pg_monitor', 'usage'),
  (SELECT count(*) FROM pg_stat_replication
   WHERE sync_state IN ('sync', 'quorum') AND state = 'streaming'),
  current_user::text)sql"};

constexpr std::uint64_t kOldestServer = 140000;

StoreOpenError foreign(const std::string& name) {
  return {fmt::format("{}: has tables of another program; choose another database, or another "
                      "schema by options='-c search_path=NAME' in storage.connection",
                      name),
          false};
}

}  // namespace

StoreOpenError damaged_database(const std::string& name, const std::string& reason) {
  return {.text = fmt::format("{}: the store is damaged: {}; restore a backup, or inspect it with "
                              "tribard --verify-storage and psql",
                              name, reason),
          .is_io = true,
          .is_damaged = true};
}

StoreOpenError failed_database(const std::string& name, const Failure& failure) {
  constexpr std::string_view kNoRight = "42501";
  if (failure.state == kNoRight) {
    return {fmt::format("{}: the user of storage.connection lacks a right: {}; the user must own "
                        "the tables and may CREATE in the schema (docs/storage.md has the GRANTs)",
                        name, failure.text),
            false};
  }
  return {fmt::format("{}: cannot be used: {}", name, failure.text), true};
}

StoreOpenError refused_connection(const std::string& name, const Failure& failure) {
  const auto says = [&failure](const char* part) {
    return failure.text.find(part) != std::string::npos;
  };
  struct {
    bool is_it;
    const char* remedy;
    bool is_io;
  } const kinds[] = {
      {says("password"),
       "put the password of the user into the file that PGPASSFILE or passfile= names, with mode "
       "0600",
       false},
      {says("pg_hba.conf"), "allow it in the server's pg_hba.conf", false},
      {says("authentication failed"), "check the user and pg_hba.conf", false},
      {says("database") && says("does not exist"),
       "create it with: createdb NAME, or name another in storage.connection", false},
      {says("role") && says("does not exist"),
       "create it with: createuser NAME, or name another in storage.connection", false},
      {says("read-only"),
       "none of the hosts of storage.connection is a primary: promote one, or add it", true},
      {true, "check that the server runs, and storage.connection", true},
  };
  for (const auto& kind : kinds) {
    if (kind.is_it) {
      return {fmt::format("{}: cannot connect: {}; {}", name, failure.text, kind.remedy),
              kind.is_io};
    }
  }
  return {};
}

Result<std::vector<std::string>, StoreOpenError> check_database(const std::string& name,
                                                                Session& session, bool is_reading) {
  const Call look{&kLookAround, {}};
  const auto found = session.run({&look, 1}, Session::Clock::now() + kPatience);
  if (!found) {
    return failed_database(name, found.error());
  }
  const Rows& row = found.value().front();
  const auto text = [&row](int column) { return std::string(row.bytes(0, column)); };
  const auto refuse = [&name](const std::string& why) {
    return StoreOpenError{fmt::format("{}: {}", name, why), false};
  };
  const std::string user = text(11);
  if (row.number(0, 4) < kOldestServer) {
    return refuse(fmt::format("the server is PostgreSQL {}; 14 or newer is needed",
                              row.number(0, 4) / 10000));
  }
  if (text(3).empty()) {
    return refuse(
        "no schema is there: the user's search_path names none that exists and may be used; create "
        "it with: CREATE SCHEMA, or change search_path");
  }
  if (is_reading) {
    return std::vector<std::string>{};
  }
  if (row.number(0, 0) != static_cast<std::uint64_t>(session.process())) {
    return refuse(
        "is reached through a pooler such as pgbouncer, which may give each transaction another "
        "connection; name the server itself in storage.connection");
  }
  if (row.boolean(0, 1)) {
    return refuse(
        "is a standby, which is read-only; name the primary in storage.connection, or both: "
        "host=A,B");
  }
  if (text(2) == "on") {
    return refuse(
        fmt::format("is read-only: default_transaction_read_only is on; set it to off "
                    "for this database or this user: ALTER ROLE {} SET "
                    "default_transaction_read_only = off",
                    user));
  }
  const std::string commit = text(7);
  if (commit == "off") {
    return refuse(
        fmt::format("synchronous_commit is off, so that a crash of the database would "
                    "lose what was confirmed; set it: ALTER ROLE {} SET "
                    "synchronous_commit = on",
                    user));
  }
  std::vector<std::string> warnings;
  const auto warn = [&](const std::string& what) {
    warnings.push_back(fmt::format("{}: {}", name, what));
  };
  if (text(5) != "on") {
    warn("fsync is off: a crash of the database's machine can destroy the store; set fsync = on");
  }
  if (text(6) != "on") {
    warn(
        "full_page_writes is off: a loss of power can destroy the store, unless the file system "
        "never tears a page");
  }
  if (commit == "local" || text(8).empty()) {
    warn(fmt::format(
        "{}: what is confirmed is on one machine only, and the loss of its disk loses "
        "it; set synchronous_standby_names{}",
        commit == "local" ? "synchronous_commit is local" : "synchronous_standby_names is empty",
        commit == "local" ? ", and synchronous_commit = on" : ""));
  } else if (commit == "remote_write") {
    warn(
        "synchronous_commit is remote_write: what is confirmed is in the memory of the standby, "
        "and the loss of power on both machines can lose it; set synchronous_commit = on");
  } else if (row.boolean(0, 9) && row.number(0, 10) == 0) {
    warn(
        "no synchronous standby is connected: commits wait until one is; start it, or take it out "
        "of synchronous_standby_names");
  }
  return warnings;
}

Result<bool, StoreOpenError> check_tables(const std::string& name, Session& session) {
  const Call list{&kListColumns, {}};
  const auto listed = session.run({&list, 1}, Session::Clock::now() + kPatience);
  if (!listed) {
    return failed_database(name, listed.error());
  }
  const std::string columns(listed.value().front().bytes(0, 0));
  if (columns.empty()) {
    return false;
  }
  if (columns.find(kMark) == std::string::npos) {
    return foreign(name);
  }
  const Call mark{&kReadMark, {}};
  const auto read = session.run({&mark, 1}, Session::Clock::now() + kPatience);
  if (!read) {
    return failed_database(name, read.error());
  }
  const Rows& row = read.value().front();
  if (row.count() == 0) {
    return damaged_database(name, "the counters are missing");
  }
  if (row.bytes(0, 0) != "tribar") {
    return foreign(name);
  }
  const auto version = static_cast<std::int32_t>(row.number(0, 1));
  if (version != static_cast<std::int32_t>(kPostgresVersion)) {
    return StoreOpenError{fmt::format("{}: has format version {}, and this tribard knows version "
                                      "{}; use the tribard that wrote it",
                                      name, version, kPostgresVersion),
                          false};
  }
  if (columns != kColumns) {
    return damaged_database(name, "its schema is not that of a store");
  }
  return true;
}

std::optional<StoreOpenError> create_tables(const std::string& name, Session& session) {
  std::string record;
  encode_counters(record, {}, {});
  std::string hex;
  for (const char c : record) {
    hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  const std::string counters = fmt::format(
      "INSERT INTO meta VALUES(1, 'tribar', {}, 0, 0, '\\x{}');", kPostgresVersion, hex);
  if (const auto failure = session.execute(kTables + counters, Session::Clock::now() + kPatience)) {
    return failed_database(name, *failure);
  }
  return std::nullopt;
}

}  // namespace tribar
