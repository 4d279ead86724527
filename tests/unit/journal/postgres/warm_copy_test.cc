// SPDX-License-Identifier: MIT
//
// What a standby has read of another server's store, and completes when it leads: the same as what
// is stored, whatever happened meanwhile.
#include "journal/postgres/warm_copy.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "journal/postgres/postgres.h"
#include "registry/account_details.h"
#include "support/postgres_cluster.h"
#include "support/records.h"

namespace tribar::test {
namespace {

/// What a store passed on, and did not take back.
struct Copy {
  std::map<std::uint64_t, std::string> accounts;
  std::map<std::uint64_t, std::pair<std::uint64_t, std::string>> messages;  // recipient and text
  std::map<std::uint64_t, std::string> secrets;
  std::map<std::uint64_t, AccountDetails> details;  // only the clients
  std::uint64_t last_account = 0;
  std::uint64_t below = 0;

  [[nodiscard]] std::set<std::string> clients() const {
    std::set<std::string> all;
    for (const auto& [account, its] : details) {
      for (const NumberingClient& each : its.clients) {
        all.insert(
            fmt::format("{} {}: {} is {}", account, each.name, each.highest, each.last.value));
      }
    }
    return all;
  }
  friend bool operator==(const Copy& a, const Copy& b) {
    return a.accounts == b.accounts && a.messages == b.messages && a.secrets == b.secrets &&
           a.clients() == b.clients() && a.last_account == b.last_account && a.below == b.below;
  }

  [[nodiscard]] LoadHandlers handlers() {
    LoadHandlers all;
    all.account = [this](AccountId id, UnixMs, std::string_view name) {
      for (const auto& [other, its_name] : accounts) {
        if (other == id.value || its_name == name) {
          return false;
        }
      }
      EXPECT_TRUE(accounts.empty() || accounts.rbegin()->first < id.value) << "not ascending";
      return accounts.emplace(id.value, name).second;
    };
    all.secret = [this](AccountId account, std::string_view hash) {
      EXPECT_TRUE(accounts.contains(account.value));
      secrets[account.value] = hash;
    };
    all.client = [this](AccountId account, std::string_view client, std::uint64_t n,
                        MessageNumber number) {
      EXPECT_TRUE(accounts.contains(account.value));
      static_cast<void>(details[account.value].note_sent(client, n, number));
    };
    all.message = [this](AccountId recipient, const KeptMessage::Ptr& message) {
      const std::uint64_t number = message->number().value;
      EXPECT_TRUE(messages.empty() || messages.rbegin()->first < number) << "not ascending";
      messages.emplace(number, std::pair(recipient.value, std::string(message->text())));
    };
    all.counters = [this](AccountId last, MessageNumber first) {
      last_account = last.value;
      below = first.value;
    };
    all.account_gone = [this](AccountId id) {
      EXPECT_EQ(accounts.erase(id.value), 1U);
      secrets.erase(id.value);
      details.erase(id.value);
    };
    all.message_gone = [this](AccountId recipient, MessageNumber number) {
      const auto found = messages.find(number.value);
      // A damaged one is nobody's.
      EXPECT_EQ(found == messages.end() ? 0 : found->second.first, recipient.value);
      messages.erase(number.value);
    };
    return all;
  }
};

class WarmCopyTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string obstacle = PostgresCluster::obstacle(); !obstacle.empty()) {
      GTEST_SKIP() << obstacle;
    }
    cluster_ = &PostgresCluster::shared();
    database_ = cluster_->make_database();
    leader_ = make();
    ASSERT_EQ(leader_->open(), std::nullopt);
    Copy none;
    ASSERT_TRUE(leader_->load(none.handlers()));
    standby_ = make();
    ASSERT_TRUE(standby_->open().value().holder);
  }

  [[nodiscard]] std::unique_ptr<Store> make(const std::string& more = "") {
    StoreOptions options;
    options.takeover = std::chrono::hours(1);
    options.waits_for_holder = false;
    auto made = make_postgres_store(cluster_->connection(database_) + more, std::move(options));
    return std::move(made.value());
  }

  void store(const std::vector<Record>& records) {
    const std::span<const Record> group(records);
    const auto error = leader_->commit({&group, 1});
    ASSERT_FALSE(error) << error->text;
  }
  [[nodiscard]] std::string follow() {
    const auto error = standby_->follow(copy_.handlers());
    return error ? error->text : "";
  }
  /// Follows so often that what is gone is looked for.
  void follow_often() {
    for (int i = 0; i < 10; ++i) {
      ASSERT_EQ(follow(), "");
    }
  }
  /// Takes over with what was followed, and from nothing; expects the same.
  void take_over() {
    leader_->close();
    ASSERT_EQ(standby_->open(), std::nullopt);
    const auto warm = standby_->load(copy_.handlers());
    ASSERT_TRUE(warm) << warm.error().text;
    standby_->close();
    leader_ = make();
    ASSERT_EQ(leader_->open(), std::nullopt);
    Copy all;
    const auto cold = leader_->load(all.handlers());
    ASSERT_TRUE(cold) << cold.error().text;
    EXPECT_TRUE(copy_ == all) << copy_.accounts.size() << " accounts, " << copy_.messages.size()
                              << " messages, not " << all.accounts.size() << " and "
                              << all.messages.size();
    EXPECT_EQ(warm.value(), cold.value());
  }
  std::string ask(const std::string& sql) { return cluster_->ask(database_, sql); }

  PostgresCluster* cluster_ = nullptr;
  std::string database_;
  std::unique_ptr<Store> leader_;
  std::unique_ptr<Store> standby_;
  Copy copy_;
};

TEST_F(WarmCopyTest, HasWhatWasStoredBeforeAndAfter) {
  store({created(1, "ann"), created(2, "bob"), secret(2, "hash"), reserved(1000), kept(5, 2, "a"),
         sent(1, "home", 1, 5)});
  ASSERT_EQ(follow(), "");
  EXPECT_EQ(copy_.accounts.size(), 2U);
  EXPECT_EQ(copy_.messages.size(), 1U);
  EXPECT_EQ(copy_.secrets.size(), 1U);
  store({created(3, "cid"), secret(1, "other"), kept(6, 3, "b"), sent(1, "home", 2, 6)});
  ASSERT_EQ(follow(), "");
  EXPECT_EQ(copy_.messages.size(), 2U);
  store({handed(5), kept(7, 1, "c")});
  take_over();
  EXPECT_EQ(copy_.messages.size(), 2U);
  EXPECT_EQ(copy_.secrets.size(), 2U);
}

TEST_F(WarmCopyTest, IsEmptyOfAnEmptyStore) {
  ASSERT_EQ(follow(), "");
  follow_often();
  take_over();
}

TEST_F(WarmCopyTest, HasSecretsAndClientsAsTheyAreNow) {
  store({created(1, "ann"), created(2, "bob"), secret(1, "a"), secret(2, "b"), reserved(1000),
         sent(1, "home", 1, 5), sent(2, "work", 1, 6)});
  ASSERT_EQ(follow(), "");
  EXPECT_EQ(copy_.secrets, (std::map<std::uint64_t, std::string>{{1, "a"}, {2, "b"}}));
  store({secret(2, "c"), sent(1, "home", 2, 7), AccountDeleted{AccountId{1}}});
  store({secret(2, "d"), sent(2, "work", 3, 8), sent(2, "home", 1, 9)});
  follow_often();
  EXPECT_EQ(copy_.secrets, (std::map<std::uint64_t, std::string>{{2, "d"}}));
  EXPECT_EQ(copy_.clients(), (std::set<std::string>{"2 home: 1 is 9", "2 work: 3 is 8"}));
  store({secret(2, "e")});
  take_over();
  EXPECT_EQ(copy_.secrets, (std::map<std::uint64_t, std::string>{{2, "e"}}));
}

// What was read already is not read again: a change that no transaction made is not seen.
TEST_F(WarmCopyTest, ReadsOnlyDetailsThatChanged) {
  store({created(1, "ann"), created(2, "bob"), secret(1, "a"), secret(2, "b"), reserved(1000),
         sent(1, "home", 1, 5)});
  ASSERT_EQ(follow(), "");
  copy_.secrets.clear();
  copy_.details.clear();
  store({secret(2, "c")});
  leader_->close();
  ASSERT_EQ(standby_->open(), std::nullopt);
  ASSERT_TRUE(standby_->load(copy_.handlers()));
  EXPECT_EQ(copy_.secrets, (std::map<std::uint64_t, std::string>{{2, "c"}}));
  EXPECT_TRUE(copy_.details.empty());
}

// It was under way when others that began later were read.
TEST_F(WarmCopyTest, SeesATransactionThatEndsLate) {
  store({created(1, "ann"), created(2, "bob"), secret(1, "a"), secret(2, "b")});
  const RawConnection other(PQconnectdb(cluster_->connection(database_).c_str()));
  const auto run = [&other](const char* sql) {
    PGresult* result = PQexec(other.get(), sql);
    EXPECT_EQ(PQresultStatus(result), PGRES_COMMAND_OK) << PQerrorMessage(other.get());
    PQclear(result);
  };
  run("BEGIN; UPDATE secrets SET record = record WHERE account = 1");
  store({secret(2, "c")});
  ASSERT_EQ(follow(), "");
  copy_.secrets.clear();
  run("COMMIT");
  follow_often();
  EXPECT_TRUE(copy_.secrets.contains(1));
}

TEST_F(WarmCopyTest, ForgetsTheClientsThatTheLeaderForgets) {
  store({created(1, "ann"), reserved(1000)});
  std::uint64_t number = 0;
  AccountDetails leaders;
  const auto send = [&](char name) {
    const std::string client(1, name);
    ++number;
    const std::string former = leaders.note_sent(client, number, MessageNumber{number});
    if (former.empty()) {
      store({sent(1, client, number, number)});
    } else {
      store({forgotten(1, former), sent(1, client, number, number)});
    }
  };
  for (const char name : std::string("hgfedcba")) {
    send(name);
  }
  ASSERT_EQ(follow(), "");
  for (const char name : std::string("dxycghz")) {
    send(name);
  }
  follow_often();
  EXPECT_EQ(copy_.clients().size(), AccountDetails::kMostClients);
  send('0');
  take_over();
}

// The database was copied row by row, where ids of transactions mean nothing.
TEST_F(WarmCopyTest, IsOfNoUseInAnotherSystem) {
  ask("CREATE TABLE system(id bigint); INSERT INTO system VALUES(1); "
      "CREATE FUNCTION pg_control_system() RETURNS TABLE(system_identifier bigint) "
      "LANGUAGE sql AS 'SELECT id FROM system'");
  standby_ = make(" options='-c search_path=public,pg_catalog'");
  ASSERT_TRUE(standby_->open().value().holder);
  store({created(1, "ann"), secret(1, "a")});
  ASSERT_EQ(follow(), "");
  ask("UPDATE system SET id = 2");
  leader_->close();
  ASSERT_EQ(standby_->open(), std::nullopt);
  const auto loaded = standby_->load(copy_.handlers());
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().text.find("it was copied to another one"), std::string::npos)
      << loaded.error().text;
}

TEST_F(WarmCopyTest, HasNoDetailsWhereItMayNotAskForTheSystem) {
  ask("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public; GRANT ALL ON SCHEMA public TO "
      "guest; GRANT ALL ON ALL TABLES IN SCHEMA public TO guest");
  standby_ = make(" user=guest password='open sesame'");
  ASSERT_TRUE(standby_->open().value().holder);
  store({created(1, "ann"), secret(1, "a")});
  follow_often();
  EXPECT_EQ(copy_.accounts.size(), 1U);
  EXPECT_TRUE(copy_.secrets.empty());
  take_over();
  EXPECT_EQ(copy_.secrets.size(), 1U);
}

TEST_F(WarmCopyTest, LosesWhatIsGoneWithoutATakeover) {
  store({created(1, "ann"), created(2, "bob"), reserved(100'000), kept(5, 2, "a"),
         kept(50'000, 2, "b"), kept(50'001, 2, "c")});
  ASSERT_EQ(follow(), "");
  store({handed(50'000), AccountDeleted{AccountId{1}}});
  follow_often();
  EXPECT_EQ(copy_.accounts.size(), 1U);
  EXPECT_EQ(copy_.messages.size(), 2U);
  store({handed(5), handed(50'001)});
  follow_often();
  EXPECT_TRUE(copy_.messages.empty());
  take_over();
}

// The new account came before it was noticed that the old one is gone.
TEST_F(WarmCopyTest, KnowsANameThatIsUsedAgain) {
  store({created(1, "ann"), created(2, "bob"), reserved(100), kept(1, 1, "old")});
  ASSERT_EQ(follow(), "");
  store({AccountDeleted{AccountId{1}}, handed(1), created(3, "ann"), created(4, "cid"),
         kept(2, 3, "new")});
  ASSERT_EQ(follow(), "");
  EXPECT_EQ(copy_.accounts,
            (std::map<std::uint64_t, std::string>{{2, "bob"}, {3, "ann"}, {4, "cid"}}));
  store({AccountDeleted{AccountId{3}}, created(5, "ann")});
  take_over();
}

TEST_F(WarmCopyTest, SaysWhichMessagesAreDamaged) {
  store({created(1, "ann"), reserved(100), kept(1, 1, "a"), kept(2, 1, "b"), kept(3, 1, "c")});
  ask("UPDATE messages SET time_ms = time_ms + 1 WHERE number IN (1, 3)");
  ASSERT_EQ(follow(), "");
  EXPECT_EQ(copy_.messages.size(), 1U);
  store({handed(3)});
  take_over();
}

TEST_F(WarmCopyTest, IsOfNoUseWhenAnAccountIsDamaged) {
  store({created(1, "ann")});
  ask("UPDATE accounts SET created_ms = created_ms + 1");
  const auto error = standby_->follow(copy_.handlers());
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->is_damaged) << error->text;
  EXPECT_NE(error->text.find("account 1: "), std::string::npos) << error->text;
}

TEST_F(WarmCopyTest, IsOfNoUseWhenAnotherServerTookOver) {
  store({created(1, "ann")});
  ASSERT_EQ(follow(), "");
  ask("UPDATE leader SET epoch = epoch + 1");
  const auto error = standby_->follow(copy_.handlers());
  ASSERT_TRUE(error);
  EXPECT_FALSE(error->is_damaged);
  EXPECT_NE(error->text.find("another server took it over"), std::string::npos) << error->text;
}

TEST_F(WarmCopyTest, IsOfNoUseWhenAnotherServerHadItInBetween) {
  store({created(1, "ann")});
  ASSERT_EQ(follow(), "");
  leader_->close();
  ask("UPDATE leader SET epoch = epoch + 1");
  ASSERT_EQ(standby_->open(), std::nullopt);
  const auto loaded = standby_->load(copy_.handlers());
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().text.find("another server had it in between"), std::string::npos)
      << loaded.error().text;
}

// A replica that was behind was promoted, or a backup was restored.
TEST_F(WarmCopyTest, IsOfNoUseWhenTheDatabaseHasLess) {
  store({created(1, "ann")});
  store({created(2, "bob")});
  ASSERT_EQ(follow(), "");
  ask("UPDATE leader SET commits = commits - 1");
  EXPECT_NE(follow().find("it has fewer commits"), std::string::npos);
}

TEST_F(WarmCopyTest, IsOfNoUseWhenRowsAppearAmongThose) {
  store({created(1, "ann"), reserved(100), kept(1, 1, "a"), kept(2, 1, "b")});
  ask("CREATE TABLE aside AS SELECT * FROM messages WHERE number = 1");
  store({handed(1)});
  ASSERT_EQ(follow(), "");
  ask("INSERT INTO messages SELECT * FROM aside");
  std::string said;
  for (int i = 0; i < 10 && said.empty(); ++i) {
    said = follow();
  }
  EXPECT_NE(said.find("it has rows that were not there before"), std::string::npos) << said;
}

TEST_F(WarmCopyTest, IsTheSameWhateverHappens) {
  const std::uint64_t seed = std::random_device{}();
  std::mt19937_64 random(seed);
  SCOPED_TRACE(seed);
  const auto chance = [&random](std::uint64_t of) { return random() % of == 0; };
  std::uint64_t last_account = 0;
  std::uint64_t last_number = 0;
  std::map<std::uint64_t, AccountDetails> leaders;
  for (int takeover = 0; takeover < 4; ++takeover) {
    std::vector<std::uint64_t> accounts;  // of this leader
    std::vector<std::uint64_t> numbers;
    for (int step = 0; step < 150; ++step) {
      std::vector<std::string> names;
      names.reserve(100);
      std::list<std::string> texts;
      std::vector<Record> records;
      if (chance(3)) {
        for (std::uint64_t i = random() % 20; i > 0; --i) {
          names.push_back(fmt::format("user{}", ++last_account));
          accounts.push_back(last_account);
          records.push_back(created(last_account, names.back()));
        }
      }
      records.push_back(reserved(last_number + 300'000));  // more than one step uses
      for (std::uint64_t i = random() % 50; i > 0 && !accounts.empty(); --i) {
        last_number += 1 + (chance(30) ? random() % 5000 : 0);
        numbers.push_back(last_number);
        records.push_back(kept(last_number, accounts[random() % accounts.size()], "text"));
      }
      for (std::uint64_t i = random() % 60; i > 0 && !numbers.empty(); --i) {
        const std::size_t at = chance(2) ? 0 : random() % numbers.size();
        records.push_back(handed(numbers[at]));
        numbers.erase(numbers.begin() + static_cast<std::ptrdiff_t>(at));
      }
      for (std::uint64_t i = random() % 30; i > 0 && !accounts.empty(); --i) {
        const std::uint64_t account =
            accounts[random() % std::min<std::size_t>(accounts.size(), 9)];
        if (chance(5)) {
          texts.push_back(fmt::format("hash{}", random()));
          records.push_back(secret(account, texts.back()));
        }
        texts.push_back(fmt::format("client{}", random() % 20));
        const std::string& client = texts.back();
        ++last_number;
        texts.push_back(
            leaders[account].note_sent(client, last_number, MessageNumber{last_number}));
        if (!texts.back().empty()) {
          records.push_back(forgotten(account, texts.back()));
        }
        records.push_back(sent(account, client, last_number, last_number));
      }
      if (chance(5) && !accounts.empty()) {
        const std::size_t at = random() % accounts.size();
        records.emplace_back(AccountDeleted{AccountId{accounts[at]}});
        accounts.erase(accounts.begin() + static_cast<std::ptrdiff_t>(at));
      }
      store(records);
      if (chance(3)) {
        ASSERT_EQ(follow(), "");
      }
    }
    take_over();
    standby_ = make();
    ASSERT_TRUE(standby_->open().value().holder);
    copy_ = {};
  }
}

}  // namespace
}  // namespace tribar::test
