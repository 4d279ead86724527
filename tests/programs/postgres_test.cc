// SPDX-License-Identifier: MIT
//
// tribard with a store in PostgreSQL, as a person meets it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

#include "support/daemon.h"
#include "support/postgres_cluster.h"
#include "support/process.h"
#include "support/store_contents.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

/// Runs a program to its end; `text` is all that it wrote.
int run(const std::vector<std::string>& command, std::string& text) {
  Process process(command, Process::Stdio::Pipes);
  process.end_input();
  const int code = process.wait_for_exit();
  text = process.output() + process.error();
  return code;
}

class Postgres : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string obstacle = PostgresCluster::obstacle(); !obstacle.empty()) {
      GTEST_SKIP() << obstacle;
    }
    cluster_ = &PostgresCluster::shared();
    database_ = cluster_->make_database();
    settings_.storage = storage_of(cluster_->connection(database_));
    tribard_ = Daemon::command(folder_.path(), settings_).front();
  }

  [[nodiscard]] static std::string storage_of(const std::string& connection) {
    return fmt::format(R"({{"engine": "postgresql", "connection": "{}"}})", connection);
  }
  std::string ask(const std::string& sql) { return cluster_->ask(database_, sql); }
  [[nodiscard]] std::string named() const {
    return "postgresql:" + cluster_->connection(database_);
  }

  PostgresCluster* cluster_ = nullptr;
  std::string database_;
  TemporaryFolder folder_;
  DaemonSettings settings_;
  std::string tribard_;
};

TEST_F(Postgres, HasWhatWasConfirmedAfterAKill) {
  {
    Daemon daemon(folder_.path(), settings_);
    TestPeer ann = created(daemon.port(), "ann");
    created(daemon.port(), "bob").close();
    ann.send_raw(send_bytes("ann", "bob", "hello there"));
    ann.expect(message("ann", "bob", "hello there"));
    daemon.kill();
  }
  std::string text;
  EXPECT_EQ(run({tribard_, "--verify-storage", named()}, text), 0) << text;
  EXPECT_NE(text.find(": 2 accounts, 0 with a secret, 1 messages with 11 bytes of text: all is "
                      "well\n"),
            std::string::npos)
      << text;
  Daemon daemon(folder_.path(), settings_);
  TestPeer bob = logged_in(daemon.port(), "bob");
  bob.send(Deliver{});
  bob.expect(message("ann", "bob", "hello there"));
  daemon.stop();
  EXPECT_EQ(daemon.process().error().find("tribard took over"), std::string::npos);
}

TEST_F(Postgres, IsServedByOneServer) {
  settings_.others = R"("role": "alone")";
  Daemon first(folder_.path(), settings_);
  std::string text;
  EXPECT_EQ(run({tribard_, "-c", folder_.file("tribard.json")}, text), 78) << text;
  EXPECT_NE(text.find("another tribard serves this database: 127.0.0.1:0 on "), std::string::npos)
      << text;
  EXPECT_NE(text.find(fmt::format(", process {}; stop that one", first.process().pid())),
            std::string::npos)
      << text;
  first.stop();
  Daemon second(folder_.path(), settings_);
  second.stop();
}

TEST_F(Postgres, EndsAServerThatWasReplaced) {
  settings_.others = R"("role": "alone")";
  Daemon daemon(folder_.path(), settings_);
  TestPeer ann = created(daemon.port(), "ann");
  ask("UPDATE leader SET epoch = epoch + 1, address = 'the other one'");
  daemon.process().read_error_until(
      "the store is lost: another tribard serves this database now: the other one; this server "
      "confirms nothing any more, closes its connections and stops");
  ann.expect(response("another server has taken over: the other one"));
  ann.expect_closed();
  EXPECT_EQ(daemon.process().wait_for_exit(), 74) << daemon.process().error();
}

TEST_F(Postgres, RefusesCommandsWhileTheDatabaseIsAwayAndGoesOnByItself) {
  Daemon daemon(folder_.path(), settings_);
  TestPeer ann = created(daemon.port(), "ann");
  cluster_->crash();
  daemon.process().read_error_until("storage fails: ");
  ann.send_raw(send_bytes("ann", "ann", "x"));
  ann.expect(response("storage is not available, try again later"));
  cluster_->start();
  daemon.process().read_error_until("storage works again");
  daemon.stop();
}

TEST_F(Postgres, IsCheckedWithoutConnecting) {
  std::string text;
  EXPECT_EQ(run({tribard_, "-t", "-c", folder_.file("tribard.json")}, text), 0) << text;
  EXPECT_EQ(ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
  settings_.storage = storage_of("host=db pasword=hush");
  EXPECT_EQ(run({tribard_, "-t", "-c", Daemon::command(folder_.path(), settings_).back()}, text),
            78);
  EXPECT_EQ(text.find("tribard: storage.connection is not a connection string of libpq"), 0U)
      << text;
  EXPECT_EQ(text.find("hush"), std::string::npos) << text;
}

TEST_F(Postgres, ShowsNoPassword) {
  settings_.storage = storage_of(
      fmt::format("host={} user=guest password=hush dbname={}", cluster_->folder(), database_));
  std::string text;
  EXPECT_EQ(run(Daemon::command(folder_.path(), settings_), text), 78);
  EXPECT_NE(text.find("password authentication failed for user \"guest\"; put the password"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("hush"), std::string::npos) << text;
}

TEST_F(Postgres, TakesAStoreOfSqliteAndGivesItBack) {
  const std::string path = Daemon::store_in(folder_.path());
  const std::string back = folder_.file("back.db");
  {
    Daemon daemon(folder_.path());
    TestPeer ann = created(daemon.port(), "ann");
    created(daemon.port(), "bob").close();
    ann.send_raw(send_bytes("ann", "bob", "hello there"));
    ann.expect(message("ann", "bob", "hello there"));
    daemon.stop();
  }
  std::string text;
  EXPECT_EQ(run({tribard_, "--move-storage", path, named()}, text), 0) << text;
  EXPECT_EQ(text.find(path + ": copied to PostgreSQL (host="), 0U) << text;
  EXPECT_NE(text.find("2 accounts, 0 with a secret, 1 messages; " + path + " is as it was"),
            std::string::npos)
      << text;
  EXPECT_EQ(run({tribard_, "--move-storage", path, named()}, text), 78);
  EXPECT_NE(text.find(": is not empty; name a store that is not there yet"), std::string::npos);
  {
    Daemon daemon(folder_.path(), settings_);
    TestPeer bob = logged_in(daemon.port(), "bob");
    EXPECT_EQ(run({tribard_, "--move-storage", named(), back}, text), 78) << "it is served";
    bob.send_raw(send_bytes("bob", "ann", "still here"));
    bob.expect(message("bob", "ann", "still here"));
    daemon.stop();
  }
  EXPECT_EQ(run({tribard_, "--move-storage", named(), back}, text), 0) << text;
  EXPECT_EQ(open_store(back).contents.messages.size(), 2U);
}

}  // namespace
}  // namespace tribar::test
