// SPDX-License-Identifier: MIT
//
// How long a server needs from the decision to take a store in PostgreSQL over until it can serve:
// to get the lease and to load everything (cold), or what changed since it read all as a standby
// (warm). Each account has a secret and a client. The database is one of the program's own, in
// memory.
//
//   takeover [ACCOUNTS [MESSAGES [ROUNDS]]]    (1000000 1000000 5)
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "journal/postgres/postgres.h"
#include "journal/restore.h"
#include "registry/registry.h"
#include "support/postgres_cluster.h"

namespace tribar::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kPerCommit = 10'000;
constexpr UnixMs kTime{1'700'000'000'000};
/// As long as the hashes of secrets are.
constexpr std::string_view kHash =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

void require(bool is_fine, const std::string& why) {
  if (!is_fine) {
    throw std::runtime_error(why);
  }
}

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::unique_ptr<Store> store_at(const std::string& connection) {
  StoreOptions options;
  options.takeover = std::chrono::hours(1);
  options.waits_for_holder = false;
  auto store = make_postgres_store(connection, std::move(options));
  require(static_cast<bool>(store), "there is no libpq");
  return std::move(store.value());
}

void commit(Store& store, const std::vector<Record>& records) {
  const std::span<const Record> group(records);
  const auto error = store.commit({&group, 1});
  require(!error, error ? error->text : "");
}

/// Each message is for an account of its own; each account has a secret and a client.
void fill(Store& store, std::uint64_t accounts, std::uint64_t messages) {
  Registry registry(RegistryLimits{}, HashKey{1, 2}, true);
  const auto restored = restore(store, registry);
  require(static_cast<bool>(restored), restored ? "" : restored.error().text);
  const std::string text(64, 'x');
  for (std::uint64_t first = 1; first <= accounts; first += kPerCommit) {
    std::vector<std::string> names;
    std::vector<Record> records;
    for (std::uint64_t id = first; id < first + kPerCommit && id <= accounts; ++id) {
      names.push_back(fmt::format("user{}", id));
    }
    for (std::uint64_t i = 0; i < names.size(); ++i) {
      records.emplace_back(AccountCreated{AccountId{first + i}, kTime, names[i]});
      records.emplace_back(SecretSet{AccountId{first + i}, kHash});
      records.emplace_back(
          ClientSent{AccountId{first + i}, "0123456789abcdef", 1, MessageNumber{1}});
    }
    commit(store, records);
  }
  for (std::uint64_t first = 1; first <= messages; first += kPerCommit) {
    std::vector<Record> records{NumbersReserved{MessageNumber{first + kPerCommit}}};
    for (std::uint64_t number = first; number < first + kPerCommit && number <= messages;
         ++number) {
      const AccountId recipient{number * 7919 % accounts + 1};
      records.emplace_back(MessageKept{MessageNumber{number}, recipient, kTime, "user1", text});
    }
    commit(store, records);
  }
  store.close();
}

int run(int argc, char** argv) {
  const auto argument = [&](int at, std::uint64_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  const std::uint64_t accounts = argument(1, 1'000'000);
  const std::uint64_t messages = argument(2, 1'000'000);
  PostgresCluster& cluster = PostgresCluster::shared();
  const std::string connection = cluster.connection(cluster.make_database());
  {
    const Clock::time_point start = Clock::now();
    fill(*store_at(connection), accounts, messages);
    fmt::print("{} accounts and {} messages stored in {:.0f} ms\n", accounts, messages,
               ms_since(start));
  }
  const std::uint64_t rounds = argument(3, 5);
  for (std::uint64_t round = 0; round < 2 * rounds; ++round) {
    const bool is_warm = round % 2 == 1;
    const auto leader = store_at(connection);
    require(!leader->open(), "the database is not free");
    const auto store = store_at(connection);
    Registry registry(RegistryLimits{}, HashKey{1, 2}, true);
    Restorer restorer(registry);
    require(store->open().has_value(), "the database has two leaders");
    if (is_warm) {
      require(!restorer.follow(*store), "it cannot be followed");
    }
    leader->close();
    const Clock::time_point start = Clock::now();
    const std::clock_t cpu = std::clock();
    const auto error = store->open();
    require(!error, error ? error->text : "");
    const double opened_ms = ms_since(start);
    const auto restored = restorer.load(*store);
    require(static_cast<bool>(restored), restored ? "" : restored.error().text);
    fmt::print(
        "{}: taken in {:.0f} ms, {} accounts and {} messages there after {:.0f} ms, {:.0f} ms of "
        "which this program used a core\n",
        is_warm ? "warm" : "cold", opened_ms, registry.account_count(), restored.value().messages,
        ms_since(start), 1000.0 * static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC);
    store->close();
  }
  return 0;
}

}  // namespace
}  // namespace tribar::test

int main(int argc, char** argv) { return tribar::test::run(argc, argv); }
