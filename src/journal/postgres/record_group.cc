// SPDX-License-Identifier: MIT
//
// See record_group.h.
#include "journal/postgres/record_group.h"

#include <algorithm>
#include <variant>

#include "journal/record.h"

namespace tribar {
namespace {

/// One statement adds no more messages than this, and about this many bytes of them: PostgreSQL
/// takes no parameter of 1 GiB.
constexpr std::size_t kMessagesAtOnce = 16384;
constexpr std::size_t kBytesAtOnce = 16 << 20;

constexpr Prepared kAddAccounts{
    "add_accounts",
    "INSERT INTO accounts SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])"};
constexpr Prepared kAddAccountsAgain{
    "add_accounts_again",
    "INSERT INTO accounts SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) "
    "ON CONFLICT DO NOTHING"};
constexpr Prepared kRemoveAccounts{"remove_accounts", "DELETE FROM accounts WHERE id = ANY($1)"};
constexpr Prepared kRemoveSecrets{"remove_secrets", "DELETE FROM secrets WHERE account = ANY($1)"};
constexpr Prepared kRemoveClientsOf{"remove_clients_of",
                                    "DELETE FROM clients WHERE account = ANY($1)"};
constexpr Prepared kSetSecrets{
    "set_secrets",
    "INSERT INTO secrets SELECT * FROM unnest($1::bigint[], $2::bytea[]) "
    "ON CONFLICT (account) DO UPDATE SET record = excluded.record"};
constexpr Prepared kRemoveClients{
    "remove_clients",
    "DELETE FROM clients USING unnest($1::bigint[], $2::bytea[]) AS gone(account, client) "
    "WHERE clients.account = gone.account AND clients.client = gone.client"};
constexpr Prepared kSetClients{
    "set_clients",
    "INSERT INTO clients SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], "
    "$4::bigint[], $5::bytea[]) ON CONFLICT (account, client) "
    "DO UPDATE SET n = excluded.n, number = excluded.number, record = excluded.record"};
constexpr Prepared kAddMessages{
    "add_messages",
    "INSERT INTO messages "
    "SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[])"};
constexpr Prepared kAddMessagesAgain{
    "add_messages_again",
    "INSERT INTO messages "
    "SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[]) "
    "ON CONFLICT DO NOTHING"};
constexpr Prepared kRemoveMessages{
    "remove_messages",
    "DELETE FROM messages USING unnest($1::bigint[], $2::bigint[]) AS run(least, most) "
    "WHERE number BETWEEN run.least AND run.most"};
constexpr Prepared kSetCounters{
    "set_counters",
    "UPDATE meta SET last_account = $1, numbers_below = $2, record = $3 WHERE one = 1"};

}  // namespace

RecordGroup::RecordGroup(const FencedCommit& commit)
    : counters_(commit.counters), may_be_stored_(commit.may_be_stored) {
  for (const std::span<const Record> group : commit.groups) {
    for (const Record& record : group) {
      std::visit([this](const auto& each) { take(each); }, record);
    }
  }
  std::sort(handed_over_.begin(), handed_over_.end());
  // While storing fails a message can be handed over before it is stored; between people who are
  // online it often is in the same commit. Then it need not be there at all.
  std::erase_if(kept_, [this](const MessageKept* kept) {
    return std::binary_search(handed_over_.begin(), handed_over_.end(), kept->number.value);
  });
}

void RecordGroup::take(const AccountDeleted& deleted) {
  const std::uint64_t id = deleted.account.value;
  deleted_.push_back(id);
  secrets_.erase(id);
  clients_.erase(clients_.lower_bound({id, {}}), clients_.lower_bound({id + 1, {}}));
}

std::size_t RecordGroup::append_to(std::vector<Call>& calls) const {
  std::size_t bytes = append_accounts(calls);
  bytes += append_details(calls);
  bytes += append_messages(calls);
  append_removals(calls);
  if (counters_) {
    const auto& [last_account, below] = *counters_;
    std::string record;
    encode_counters(record, last_account, below);
    Parameters counters;
    counters.add(last_account.value).add(below.value).add(std::move(record));
    calls.push_back({&kSetCounters, std::move(counters)});
  }
  return bytes + handed_over_.size() * sizeof(std::uint64_t);
}

/// An account's number is never used again, so all are created first.
std::size_t RecordGroup::append_accounts(std::vector<Call>& calls) const {
  std::size_t bytes = 0;
  if (!created_.empty()) {
    Array ids(Array::Of::Bigint);
    Array times(Array::Of::Bigint);
    Array records(Array::Of::Bytea);
    std::string record;
    for (const AccountCreated* each : created_) {
      encode_account(record, each->account, each->time, each->name);
      ids.add(each->account.value);
      times.add(each->time.value);
      records.add(record);
    }
    bytes = records.size();
    calls.push_back({may_be_stored_ ? &kAddAccountsAgain : &kAddAccounts,
                     Parameters().add(ids).add(times).add(records)});
  }
  if (!deleted_.empty()) {
    for (const Prepared* remove : {&kRemoveAccounts, &kRemoveSecrets, &kRemoveClientsOf}) {
      Array ids(Array::Of::Bigint);
      for (const std::uint64_t id : deleted_) {
        ids.add(id);
      }
      calls.push_back({remove, Parameters().add(ids)});
    }
  }
  return bytes;
}

std::size_t RecordGroup::append_details(std::vector<Call>& calls) const {
  std::size_t bytes = 0;
  std::string record;
  if (!secrets_.empty()) {
    Array accounts(Array::Of::Bigint);
    Array records(Array::Of::Bytea);
    for (const auto& [account, set] : secrets_) {
      encode_secret(record, set->account, set->hash);
      accounts.add(account);
      records.add(record);
    }
    bytes += records.size();
    calls.push_back({&kSetSecrets, Parameters().add(accounts).add(records)});
  }
  Array gone_accounts(Array::Of::Bigint);
  Array gone_clients(Array::Of::Bytea);
  Array accounts(Array::Of::Bigint);
  Array clients(Array::Of::Bytea);
  Array counts(Array::Of::Bigint);
  Array numbers(Array::Of::Bigint);
  Array records(Array::Of::Bytea);
  for (const auto& [key, sent] : clients_) {
    if (sent == nullptr) {
      gone_accounts.add(key.first);
      gone_clients.add(key.second);
      continue;
    }
    encode_client(record, sent->account, sent->client, sent->n, sent->number);
    accounts.add(key.first);
    clients.add(key.second);
    counts.add(sent->n);
    numbers.add(sent->number.value);
    records.add(record);
  }
  if (gone_accounts.count() > 0) {
    calls.push_back({&kRemoveClients, Parameters().add(gone_accounts).add(gone_clients)});
  }
  if (accounts.count() > 0) {
    bytes += records.size();
    calls.push_back(
        {&kSetClients,
         Parameters().add(accounts).add(clients).add(counts).add(numbers).add(records)});
  }
  return bytes;
}

std::size_t RecordGroup::append_messages(std::vector<Call>& calls) const {
  std::size_t bytes = 0;
  std::string record;
  for (std::size_t i = 0; i < kept_.size();) {
    Array numbers(Array::Of::Bigint);
    Array accounts(Array::Of::Bigint);
    Array times(Array::Of::Bigint);
    Array records(Array::Of::Bytea);
    for (; i < kept_.size() && numbers.count() < kMessagesAtOnce && records.size() < kBytesAtOnce;
         ++i) {
      const MessageKept& kept = *kept_[i];
      encode_message(record, kept.number, kept.account, kept.time, kept.sender, kept.text);
      numbers.add(kept.number.value);
      accounts.add(kept.account.value);
      times.add(kept.time.value);
      records.add(record);
    }
    bytes += records.size();
    calls.push_back({may_be_stored_ ? &kAddMessagesAgain : &kAddMessages,
                     Parameters().add(numbers).add(accounts).add(times).add(records)});
  }
  return bytes;
}

/// What was handed over, each range of consecutive numbers at once.
void RecordGroup::append_removals(std::vector<Call>& calls) const {
  if (handed_over_.empty()) {
    return;
  }
  Array least(Array::Of::Bigint);
  Array most(Array::Of::Bigint);
  for (std::size_t i = 0; i < handed_over_.size();) {
    std::size_t end = i + 1;
    while (end < handed_over_.size() && handed_over_[end] <= handed_over_[end - 1] + 1) {
      ++end;
    }
    least.add(handed_over_[i]);
    most.add(handed_over_[end - 1]);
    i = end;
  }
  calls.push_back({&kRemoveMessages, Parameters().add(least).add(most)});
}

}  // namespace tribar
