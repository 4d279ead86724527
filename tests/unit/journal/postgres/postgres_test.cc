// SPDX-License-Identifier: MIT
//
// The PostgreSQL store: what it refuses, who leads, and that whatever becomes of a connection,
// nothing is lost or stored twice.
#include "journal/postgres/postgres.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/postgres_cluster.h"
#include "support/postgres_proxy.h"
#include "support/records.h"
#include "support/store_contents.h"
#include "support/store_rules.h"

namespace tribar::test {
namespace {

class PostgresEngine final : public StoreEngine {
 public:
  [[nodiscard]] std::string obstacle() const override { return PostgresCluster::obstacle(); }
  Result<std::unique_ptr<Store>, StoreOpenError> make(const StoreOptions& options) override {
    return make_postgres_store(cluster().connection(database()), options);
  }
  void begin_anew() override { database_.clear(); }
  void execute(const std::string& sql) override { cluster().ask(database(), sql); }
  std::string ask(const std::string& sql) override { return cluster().ask(database(), sql); }
  [[nodiscard]] std::string shell() const override { return "psql"; }
  [[nodiscard]] std::string bytes(const std::string& hex) const override {
    return "'\\x" + hex + '\'';
  }

 private:
  [[nodiscard]] static PostgresCluster& cluster() { return PostgresCluster::shared(); }
  const std::string& database() {
    if (database_.empty()) {
      database_ = cluster().make_database();
    }
    return database_;
  }

  std::string database_;
};

INSTANTIATE_TEST_SUITE_P(Postgres, StoreRules,
                         testing::Values([]() -> std::unique_ptr<StoreEngine> {
                           return std::make_unique<PostgresEngine>();
                         }));

/// A store in a database of the test's own, which `store_` reaches through a proxy.
class PostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string obstacle = PostgresCluster::obstacle(); !obstacle.empty()) {
      GTEST_SKIP() << obstacle;
    }
    cluster_ = &PostgresCluster::shared();
    database_ = cluster_->make_database();
    connection_ = cluster_->connection(database_);
    options_.warn = [this](const std::string& line) { warnings_.push_back(line); };
    options_.address = "the first one";
  }

  std::string ask(const std::string& sql) { return cluster_->ask(database_, sql); }

  [[nodiscard]] Opening open(const std::string& connection) {
    return open_made(make_postgres_store(connection, options_));
  }

  /// Opens the store through a new proxy, with ann, bob and message 1, and has all that a commit
  /// needs prepared.
  void open_through_proxy() {
    proxy_ = std::make_unique<PostgresProxy>(cluster_->folder() + "/.s.PGSQL.5432");
    Opening opening = open("host=" + proxy_->folder() + " dbname=" + database_ + " user=owner");
    ASSERT_TRUE(opening.store) << opening.error.text;
    store_ = std::move(opening.store);
    ASSERT_EQ(commit(*store_, {created(1, "ann"), created(2, "bob"), reserved(1000),
                               kept(1, 2, "one"), kept(2, 2, "two"), sent(1, "home", 1, 1)}),
              "");
    ASSERT_EQ(commit(*store_, {handed(2)}), "");
  }

  [[nodiscard]] StoreContents contents_of(std::vector<StoreContents::Message> messages) {
    return {{{1, "ann"}, {2, "bob"}}, std::move(messages), 2, 1000, {}, {{1, "home", 1, 1}}};
  }
  [[nodiscard]] static StoreContents::Message message(std::uint64_t number,
                                                      const std::string& text) {
    return {number, 2, kTime.value, "ann", text};
  }

  /// Makes the lease look as if nobody had renewed it for an hour.
  void age_lease() { ask("UPDATE leader SET seen = seen - interval '1 hour'"); }

  /// Waits until `sql` says `wanted`.
  void await(const std::string& sql, const std::string& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (ask(sql) != wanted) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << sql;
      std::this_thread::yield();
    }
  }

  /// Expects that the store is refused with exactly this, behind its name.
  void expect_refused(const std::string& connection, const std::string& text, bool is_io) {
    const Opening opening = open(connection);
    EXPECT_FALSE(opening.store) << text;
    EXPECT_NE(opening.error.text.find(text), std::string::npos) << opening.error.text;
    EXPECT_TRUE(opening.error.text.starts_with("PostgreSQL (")) << opening.error.text;
    EXPECT_EQ(opening.error.is_io, is_io) << opening.error.text;
  }

  PostgresCluster* cluster_ = nullptr;
  std::string database_;
  std::string connection_;
  StoreOptions options_;
  std::vector<std::string> warnings_;
  std::unique_ptr<PostgresProxy> proxy_;
  std::unique_ptr<Store> store_;
};

TEST_F(PostgresTest, CanBeReadWithPsql) {
  {
    const Opening opening = open(connection_);
    ASSERT_TRUE(opening.store) << opening.error.text;
    ASSERT_EQ(commit(*opening.store,
                     {created(1, "ann"), created(2, "b\u00f6b"), reserved(9),
                      kept(1, 2, "hi, \u00e9"), secret(1, "hash"), sent(1, "home", 7, 1)}),
              "");
  }
  EXPECT_EQ(ask("SELECT string_agg(id || ' ' || name || ' ' || has_secret || ' ' || "
                "extract(year FROM created), ', ' ORDER BY id) FROM readable_accounts"),
            "1 ann yes 2023, 2 b\u00f6b no 2023");
  EXPECT_EQ(ask("SELECT number || recipient || sender || text FROM readable_messages"),
            "1b\u00f6bannhi, \u00e9");
  EXPECT_EQ(ask("SELECT name || client || n || number FROM readable_clients"), "annhome71");
  ask("UPDATE messages SET record = '\\x01'");
  EXPECT_EQ(ask("SELECT text FROM readable_messages"), "(damaged)");
}

TEST_F(PostgresTest, WarnsOfWhatTheLossOfAMachineCosts) {
  ASSERT_TRUE(open(connection_).store);
  ASSERT_EQ(warnings_.size(), 2U);
  EXPECT_NE(warnings_[0].find("fsync is off: "), std::string::npos) << warnings_[0];
  EXPECT_NE(warnings_[1].find("synchronous_standby_names is empty: what is confirmed is on one "
                              "machine only"),
            std::string::npos)
      << warnings_[1];
}

TEST_F(PostgresTest, RefusesADatabaseThatItCannotTrust) {
  const std::string own = "ALTER DATABASE " + database_ + " SET ";
  ask(own + "synchronous_commit = off");
  expect_refused(connection_, "synchronous_commit is off, so that a crash of the database", false);
  ask(own + "synchronous_commit = on");
  ask(own + "default_transaction_read_only = on");
  expect_refused(connection_, "is read-only: default_transaction_read_only is on; set it to off",
                 false);
  EXPECT_EQ(ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
}

// With what the server says when it cannot write; a disk that is really full is another test's.
TEST_F(PostgresTest, SaysThatTheDiskIsFullAndGoesOnWhenThereIsRoom) {
  Opening opening = open(connection_);
  ASSERT_TRUE(opening.store) << opening.error.text;
  ASSERT_EQ(commit(*opening.store, {created(1, "ann"), reserved(100)}), "");
  ask("CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$");
  ask("CREATE TRIGGER no_room BEFORE INSERT ON messages EXECUTE FUNCTION no_room()");
  EXPECT_EQ(commit(*opening.store, {kept(1, 1, "one")}),
            "the disk of the database is full: could not extend file; make room on it");
  ask("DROP TRIGGER no_room ON messages");
  EXPECT_EQ(commit(*opening.store, {kept(1, 1, "one")}), "");
}

TEST_F(PostgresTest, SaysWhyItCannotConnect) {
  const std::string server = "host=" + cluster_->folder();
  const struct {
    std::string connection;
    const char* text;
    bool is_io;
  } cases[] = {
      {server + " user=owner dbname=nowhere",
       "database \"nowhere\" does not exist; create it with: createdb", false},
      {server + " user=nobody_here dbname=" + database_,
       "role \"nobody_here\" does not exist; create it with: createuser", false},
      {server + " user=guest password=hush dbname=" + database_,
       "password authentication failed for user \"guest\"; put the password", false},
      {server + " user=guest dbname=" + database_, "no password supplied; put the password", false},
      {"host=/nowhere dbname=x", "No such file or directory", true},
      {server + " user=poor dbname=" + database_,
       "lacks a right: permission denied for schema public", false},
  };
  for (const auto& c : cases) {
    expect_refused(c.connection, c.text, c.is_io);
    EXPECT_EQ(open(c.connection).error.text.find("hush"), std::string::npos);
  }
}

TEST_F(PostgresTest, RefusesAPooler) {
  proxy_ = std::make_unique<PostgresProxy>(cluster_->folder() + "/.s.PGSQL.5432");
  proxy_->change_keys();
  expect_refused("host=" + proxy_->folder() + " user=owner dbname=" + database_,
                 "is reached through a pooler such as pgbouncer", false);
}

TEST_F(PostgresTest, LeavesTablesOfOthersAlone) {
  ask("CREATE TABLE accounts(id int)");
  expect_refused(connection_, "has tables of another program; choose another database", false);
  ask("DROP TABLE accounts");
  ask("CREATE TABLE meta(one int PRIMARY KEY, program text, version int)");
  ask("INSERT INTO meta VALUES(1, 'theirs', 1)");
  expect_refused(connection_, "has tables of another program", false);
  EXPECT_EQ(ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "1");
}

TEST_F(PostgresTest, RefusesAnotherVersionAndLeavesItAsItIs) {
  ASSERT_TRUE(open(connection_).store);
  const std::string whole = "SELECT to_jsonb(leader)::text || to_jsonb(meta) FROM leader, meta";
  for (const char* version : {"0", "2", "-1"}) {
    ask(std::string("UPDATE meta SET version = ") + version);
    const std::string before = ask(whole);
    expect_refused(connection_,
                   std::string("has format version ") + version +
                       ", and this tribard knows version 1; use the tribard that "
                       "wrote it",
                   false);
    EXPECT_EQ(ask(whole), before);
  }
}

TEST_F(PostgresTest, RefusesAnotherSchemaAndWhatIsMissing) {
  ASSERT_TRUE(open(connection_).store);
  ask("ALTER TABLE messages ADD COLUMN more int");
  expect_refused(connection_, "the store is damaged: its schema is not that of a store", true);
  ask("ALTER TABLE messages DROP COLUMN more");
  ask("ALTER TABLE messages DROP CONSTRAINT messages_pkey");
  expect_refused(connection_, "its schema is not that of a store", true);
  ask("ALTER TABLE messages ADD PRIMARY KEY(number)");
  ask("DELETE FROM leader");
  expect_refused(connection_, "the row of the table leader is missing", true);
  ask("DELETE FROM meta");
  expect_refused(connection_, "the counters are missing", true);
}

TEST_F(PostgresTest, VerifiesOnlyWhatIsThere) {
  const auto made = make_postgres_store(connection_, {});
  const auto report = made.value()->verify();
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().text.find(": there is no store"), std::string::npos);
  EXPECT_EQ(ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
}

// Who leads.

TEST_F(PostgresTest, IsRefusedToASecondServerWhileTheFirstLives) {
  Opening first = open(connection_);
  ASSERT_TRUE(first.store) << first.error.text;
  std::atomic<bool> is_over{false};
  std::thread renewing([&] {
    while (!is_over.load()) {
      EXPECT_FALSE(first.store->check());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  expect_refused(connection_, "another tribard serves this database: the first one; stop that one",
                 false);
  is_over.store(true);
  renewing.join();
  EXPECT_EQ(commit(*first.store, {created(1, "ann")}), "");
  first.store.reset();
  EXPECT_TRUE(open(connection_).store) << "it gave the lease back";
}

// A standby asks again and again, on one connection.
TEST_F(PostgresTest, SaysAtOnceWhoHasItAndOpensOnceThatOneHasGone) {
  Opening first = open(connection_);
  ASSERT_TRUE(first.store) << first.error.text;
  options_.waits_for_holder = false;
  options_.takeover = std::chrono::hours(1);
  const auto made = make_postgres_store(connection_, options_);
  Store& second = *made.value();
  for (int i = 0; i < 3; ++i) {
    const auto error = second.open();
    ASSERT_TRUE(error);
    ASSERT_TRUE(error->holder) << error->text;
    EXPECT_EQ(error->holder->address, "the first one");
    EXPECT_EQ(error->holder->epoch, 1U);
    EXPECT_FALSE(second.lease());
  }
  EXPECT_EQ(ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tribard' "
                "AND datname = current_database()"),
            "2");
  first.store.reset();
  const auto error = second.open();
  ASSERT_FALSE(error) << error->text;
  EXPECT_EQ(second.lease()->epoch, 2U);
  EXPECT_TRUE(second.is_shared());
}

TEST_F(PostgresTest, IsTakenOverFromAServerThatIsGone) {
  open_through_proxy();
  options_.address = "the second one";
  const Opening second = open(connection_);  // after kTakeover
  ASSERT_TRUE(second.store) << second.error.text;
  EXPECT_EQ(second.contents, contents_of({message(1, "one")}));

  // The first one was only paused: nothing that it stores from now on counts.
  const Record late = kept(3, 2, "late");
  const std::span<const Record> group(&late, 1);
  for (int i = 0; i < 2; ++i) {
    const auto error = store_->commit({&group, 1});
    ASSERT_TRUE(error);
    EXPECT_TRUE(error->is_final);
    EXPECT_EQ(error->text, "another tribard serves this database now: the second one");
    EXPECT_TRUE(store_->check()->is_final);
  }
  store_.reset();
  EXPECT_EQ(commit(*second.store, {kept(4, 2, "four")}), "");
  EXPECT_EQ(ask("SELECT string_agg(number::text, ' ') FROM messages"), "1 4");
}

TEST_F(PostgresTest, LearnsOfATakeoverWithoutAnythingToStore) {
  open_through_proxy();
  age_lease();
  const Opening second = open(connection_);
  ASSERT_TRUE(second.store) << second.error.text;
  std::optional<StoreError> error;
  while (!error) {
    error = store_->check();
  }
  EXPECT_TRUE(error->is_final) << error->text;
}

// A leader that was stopped between its fence and the end holds the row as long as it lives.
TEST_F(PostgresTest, TakesTheLeaseFromAPausedTransaction) {
  ASSERT_TRUE(open(connection_).store);
  const RawConnection paused(PQconnectdb(connection_.c_str()));
  PQclear(PQexec(paused.get(), "BEGIN; UPDATE leader SET commits = commits + 1"));
  const Opening second = open(connection_);
  ASSERT_TRUE(second.store) << second.error.text;
  PQclear(PQexec(paused.get(), "COMMIT"));
  EXPECT_EQ(PQstatus(paused.get()), CONNECTION_BAD);
  EXPECT_EQ(ask("SELECT commits FROM leader"), "0");
}

TEST_F(PostgresTest, StoresNothingMoreInADatabaseThatLostWhatWasConfirmed) {
  open_through_proxy();
  ask("UPDATE leader SET commits = commits - 1");
  const Record record = kept(3, 2, "three");
  const std::span<const Record> group(&record, 1);
  const auto error = store_->commit({&group, 1});
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->is_final);
  EXPECT_EQ(error->text,
            "the database has 1 commits of this server and not the 2 that it confirmed: a standby "
            "that was behind was promoted, or a backup was restored");
  EXPECT_EQ(ask("SELECT count(*) FROM messages"), "1");
}

// Whatever becomes of the connection.

TEST_F(PostgresTest, GoesOnWhenItsConnectionWasEnded) {
  open_through_proxy();
  ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tribard'");
  EXPECT_EQ(commit(*store_, {kept(3, 2, "three")}), "");
  store_.reset();
  EXPECT_EQ(open(connection_).contents, contents_of({message(1, "one"), message(3, "three")}));
}

// Each message of a commit, in either direction, is once the first that does not arrive.
TEST_F(PostgresTest, StoresACommitOnceWhereverTheConnectionIsCut) {
  open_through_proxy();
  std::vector<StoreContents::Message> expected{message(1, "one")};
  std::uint64_t commits = 2;
  int cuts = 0;
  for (bool was_cut = true; was_cut;) {
    const std::uint64_t number = 10 + static_cast<std::uint64_t>(cuts) * 2;
    const std::string text = std::to_string(number);
    proxy_->cut_after(cuts);
    ASSERT_EQ(commit(*store_, {kept(number, 2, text), kept(number + 1, 2, "gone"),
                               sent(1, "home", 1, 1), handed(number - 1)}),
              "")
        << "cut " << cuts;
    was_cut = proxy_->has_happened();
    proxy_->cut_after(1 << 30);
    expected.push_back(message(number, text));
    ASSERT_EQ(ask("SELECT commits FROM leader"), std::to_string(++commits)) << "cut " << cuts;
    ++cuts;
  }
  EXPECT_GT(cuts, 15);
  store_.reset();
  expected.push_back(message(11 + static_cast<std::uint64_t>(cuts - 1) * 2, "gone"));
  EXPECT_EQ(open(connection_).contents, contents_of(expected));
}

// Its answer is late, and so is the group itself: it may arrive at any time, or never.
TEST_F(PostgresTest, StoresWhatArrivesLateOnce) {
  for (const bool before_the_next : {true, false}) {
    store_.reset();
    database_ = cluster_->make_database();
    connection_ = cluster_->connection(database_);
    open_through_proxy();
    proxy_->hold_after(0);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(commit(*store_, {kept(5, 2, "five")}), "the database does not answer");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
    if (before_the_next) {
      proxy_->let_go();
      await("SELECT commits FROM leader", "3");
    }
    // With more than was sent before.
    EXPECT_EQ(commit(*store_, {kept(5, 2, "five"), kept(6, 2, "six")}), "");
    proxy_->let_go();
    EXPECT_EQ(commit(*store_, {kept(7, 2, "seven")}), "");
    EXPECT_EQ(ask("SELECT commits FROM leader"), before_the_next ? "5" : "4");
    store_.reset();
    EXPECT_EQ(open(connection_).contents, contents_of({message(1, "one"), message(5, "five"),
                                                       message(6, "six"), message(7, "seven")}));
  }
}

// The server has the fence and not the end: its old process holds the row.
TEST_F(PostgresTest, EndsItsOwnPausedTransaction) {
  open_through_proxy();
  proxy_->hold_after(4);
  EXPECT_NE(commit(*store_, {kept(5, 2, "five")}), "");
  EXPECT_EQ(commit(*store_, {kept(5, 2, "five")}), "");
  proxy_->let_go();
  EXPECT_EQ(commit(*store_, {kept(6, 2, "six")}), "");
  store_.reset();
  EXPECT_EQ(open(connection_).contents,
            contents_of({message(1, "one"), message(5, "five"), message(6, "six")}));
}

/// Commits wait for a standby that is not there.
class WaitingPostgresTest : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (cluster_ != nullptr) {
      open_through_proxy();
      cluster_->set("synchronous_standby_names", "nobody");
    }
  }
  void TearDown() override {
    if (cluster_ != nullptr) {
      cluster_->set("synchronous_standby_names", "");
    }
  }
};

TEST_F(WaitingPostgresTest, SaysThatItFailsAndRecovers) {
  EXPECT_EQ(commit(*store_, {kept(5, 2, "five")}), "the database does not answer");
  EXPECT_NE(commit(*store_, {kept(5, 2, "five")}), "") << "it is not on the standby";
  cluster_->set("synchronous_standby_names", "");
  std::string error = "none yet";
  for (int tries = 0; tries < 10 && !error.empty(); ++tries) {
    error = commit(*store_, {kept(5, 2, "five"), kept(6, 2, "six")});
  }
  EXPECT_EQ(error, "");
  store_.reset();
  EXPECT_EQ(open(connection_).contents,
            contents_of({message(1, "one"), message(5, "five"), message(6, "six")}));
}

TEST_F(WaitingPostgresTest, SaysWhyItCannotBeOpened) {
  store_.reset();
  options_.takeover = std::chrono::milliseconds(500);
  warnings_.clear();
  const Opening opening = open(connection_);
  EXPECT_NE(opening.error.text.find("the database does not answer"), std::string::npos)
      << opening.error.text;
  ASSERT_EQ(warnings_.size(), 2U);
  EXPECT_NE(warnings_[1].find("no synchronous standby is connected: commits wait until one is; "
                              "start it, or take it out of synchronous_standby_names"),
            std::string::npos)
      << warnings_[1];
}

// The server says that it stored, and warns that the standby may not have it.
TEST_F(WaitingPostgresTest, ConfirmsNothingWhenTheWaitIsCancelled) {
  auto result =
      std::async(std::launch::async, [this] { return commit(*store_, {kept(5, 2, "five")}); });
  await("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", "1");
  ask("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
  EXPECT_NE(result.get(), "");
  cluster_->set("synchronous_standby_names", "");
  EXPECT_EQ(commit(*store_, {kept(5, 2, "five")}), "");
  store_.reset();
  EXPECT_EQ(open(connection_).contents, contents_of({message(1, "one"), message(5, "five")}));
}

}  // namespace
}  // namespace tribar::test
