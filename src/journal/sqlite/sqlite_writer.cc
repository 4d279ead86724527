// SPDX-License-Identifier: MIT
//
// See sqlite_writer.h.
#include "journal/sqlite/sqlite_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <tuple>
#include <variant>

#include "journal/record.h"

namespace tribar {
namespace {

constexpr const char* kNotInPlace = "its file was removed or replaced";

/// The SQL that adds `rows` messages. OR FAIL saves SQLite the work of remembering how to undo the
/// rows before a failing one; we roll back the whole transaction anyway.
std::string insertion_of(std::size_t rows) {
  std::string sql = "INSERT OR FAIL INTO messages VALUES(?, ?, ?, ?)";
  for (std::size_t i = 1; i < rows; ++i) {
    sql += ", (?, ?, ?, ?)";
  }
  return sql;
}

bool is_same_client(const ClientSent& a, const ClientSent& b) {
  return a.account == b.account && a.client == b.client;
}

}  // namespace

SqliteWriter::SqliteWriter(sqlite3* database, const StoreFile& file, const StoreOptions& options,
                           AccountId last_account, MessageNumber below)
    : database_(database),
      file_(file),
      log_(database, file.place(), options),
      last_account_(last_account),
      below_(below) {
  const auto prepare = [this](Statement& statement, const std::string& sql) {
    statement = Statement(database_, sql.c_str());
    return statement.is_ready();
  };
  is_ready_ = prepare(begin_, "BEGIN IMMEDIATE") && prepare(commit_, "COMMIT") &&
              prepare(add_account_, "INSERT INTO accounts VALUES(?1, ?2, ?3)") &&
              prepare(remove_account_, "DELETE FROM accounts WHERE id = ?1") &&
              prepare(add_message_, insertion_of(1)) &&
              prepare(add_messages_, insertion_of(kRowsAtOnce)) &&
              prepare(remove_messages_, "DELETE FROM messages WHERE number BETWEEN ?1 AND ?2") &&
              prepare(set_counters_, "INSERT OR REPLACE INTO counters VALUES(1, ?1, ?2, ?3)") &&
              prepare(set_secret_, "INSERT OR REPLACE INTO secrets VALUES(?1, ?2)") &&
              prepare(remove_secret_, "DELETE FROM secrets WHERE account = ?1") &&
              prepare(set_client_, "INSERT OR REPLACE INTO clients VALUES(?1, ?2, ?3, ?4, ?5)") &&
              prepare(remove_client_, "DELETE FROM clients WHERE account = ?1 AND client = ?2") &&
              prepare(remove_clients_, "DELETE FROM clients WHERE account = ?1");
}

bool SqliteWriter::is_in_place() const { return file_.is_in_place() && log_.is_in_place(); }

std::optional<StoreError> SqliteWriter::check() const {
  return is_in_place() ? std::nullopt : std::optional(StoreError{kNotInPlace});
}

std::optional<StoreError> SqliteWriter::commit(std::span<const std::span<const Record>> groups) {
  const AccountId last_account = last_account_;
  const MessageNumber below = below_;
  bool is_ok = begin_.run() && log_.write_start_id() && write_all(groups);
  if (is_ok && (last_account != last_account_ || below != below_)) {
    is_ok = write_counters();
  }
  const bool is_gone = is_ok && !is_in_place();
  if (is_ok && !is_gone && commit_.run()) {
    return std::nullopt;
  }
  StoreError error{is_gone ? kNotInPlace : sqlite3_errmsg(database_)};
  if (!is_gone && sqlite3_system_errno(database_) != 0) {
    error.text +=
        fmt::format(" ({})", std::generic_category().message(sqlite3_system_errno(database_)));
  }
  // If no transaction was started this fails, which is harmless.
  execute(database_, "ROLLBACK");
  last_account_ = last_account;
  below_ = below;
  return error;
}

/// Removes messages last: while storing fails, a message can be handed over before it is stored.
bool SqliteWriter::write_all(std::span<const std::span<const Record>> groups) {
  kept_count_ = 0;
  handed_over_.clear();
  sent_.clear();
  for (const std::span<const Record> group : groups) {
    for (const Record& record : group) {
      if (!std::visit([this](const auto& each) { return write(each); }, record)) {
        return false;
      }
    }
  }
  return add_messages() && remove_messages() && write_clients();
}

bool SqliteWriter::write(const MessageKept& kept) {
  kept_[kept_count_++] = &kept;
  return kept_count_ < kRowsAtOnce || add_messages();
}

bool SqliteWriter::write(const HandedOver& handed) {
  handed_over_.push_back(handed.number.value);
  return true;
}

bool SqliteWriter::write(const AccountCreated& created) {
  encode_account(record_, created.account, created.time, created.name);
  add_account_.bind(1, created.account.value);
  add_account_.bind(2, created.time.value);
  add_account_.bind(3, record_);
  last_account_ = created.account;
  return add_account_.run();
}

bool SqliteWriter::write(const AccountDeleted& deleted) {
  if (!write_clients()) {
    return false;
  }
  for (Statement* remove : {&remove_account_, &remove_secret_, &remove_clients_}) {
    remove->bind(1, deleted.account.value);
    if (!remove->run()) {
      return false;
    }
  }
  return true;
}

bool SqliteWriter::write(const NumbersReserved& reserved) {
  below_ = reserved.below;
  return true;
}

bool SqliteWriter::write(const SecretSet& set) {
  encode_secret(record_, set.account, set.hash);
  set_secret_.bind(1, set.account.value);
  set_secret_.bind(2, record_);
  return set_secret_.run();
}

bool SqliteWriter::write(const ClientSent& sent) {
  if (!sent_.empty() && is_same_client(*sent_.back(), sent)) {
    sent_.back() = &sent;
  } else {
    sent_.push_back(&sent);
  }
  return true;
}

bool SqliteWriter::write(const ClientForgotten& forgotten) {
  if (!write_clients()) {
    return false;
  }
  remove_client_.bind(1, forgotten.account.value);
  remove_client_.bind_text(2, forgotten.client);
  return remove_client_.run();
}

/// Writes what was gathered of clients: the last of each.
bool SqliteWriter::write_clients() {
  std::stable_sort(sent_.begin(), sent_.end(), [](const ClientSent* a, const ClientSent* b) {
    return std::tie(a->account, a->client) < std::tie(b->account, b->client);
  });
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    const ClientSent& sent = *sent_[i];
    if (i + 1 < sent_.size() && is_same_client(sent, *sent_[i + 1])) {
      continue;
    }
    encode_client(record_, sent.account, sent.client, sent.n, sent.number);
    set_client_.bind(1, sent.account.value);
    set_client_.bind_text(2, sent.client);
    set_client_.bind(3, sent.n);
    set_client_.bind(4, sent.number.value);
    set_client_.bind(5, record_);
    if (!set_client_.run()) {
      return false;
    }
  }
  sent_.clear();
  return true;
}

/// Adds the messages that were gathered.
bool SqliteWriter::add_messages() {
  const bool is_full = kept_count_ == kRowsAtOnce;
  Statement& statement = is_full ? add_messages_ : add_message_;
  int column = 0;
  for (std::size_t i = 0; i < kept_count_; ++i) {
    const MessageKept& kept = *kept_[i];
    encode_message(kept_records_[i], kept.number, kept.account, kept.time, kept.sender, kept.text);
    statement.bind(column + 1, kept.number.value);
    statement.bind(column + 2, kept.account.value);
    statement.bind(column + 3, kept.time.value);
    statement.bind(column + 4, kept_records_[i]);
    if (is_full) {
      column += kColumns;
    } else if (!statement.run()) {
      return false;
    }
  }
  kept_count_ = 0;
  return !is_full || statement.run();
}

/// Removes the messages that were handed over, each range of consecutive numbers with one
/// statement.
bool SqliteWriter::remove_messages() {
  std::sort(handed_over_.begin(), handed_over_.end());
  for (std::size_t i = 0; i < handed_over_.size();) {
    std::size_t end = i + 1;
    while (end < handed_over_.size() && handed_over_[end] == handed_over_[end - 1] + 1) {
      ++end;
    }
    remove_messages_.bind(1, handed_over_[i]);
    remove_messages_.bind(2, handed_over_[end - 1]);
    if (!remove_messages_.run()) {
      return false;
    }
    i = end;
  }
  return true;
}

bool SqliteWriter::write_counters() {
  encode_counters(record_, last_account_, below_);
  set_counters_.bind(1, last_account_.value);
  set_counters_.bind(2, below_.value);
  set_counters_.bind(3, record_);
  return set_counters_.run();
}

}  // namespace tribar
