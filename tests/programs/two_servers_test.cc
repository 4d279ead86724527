// SPDX-License-Identifier: MIT
//
// Two tribards with one store in PostgreSQL: one leads, the other one is a standby and takes over.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/daemon.h"
#include "support/patience.h"
#include "support/postgres_cluster.h"
#include "support/process.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "support/tribarctl.h"
#include "uv/socket_file.h"

namespace tribar::test {
namespace {

/// Long enough for a leader on a busy machine.
constexpr const char* kSoon = "2000";
/// The shortest that may be set.
constexpr const char* kShortest = "500";
/// So long that nobody takes over because of it while a test runs.
constexpr const char* kNever = "60000";

/// A tribard that need not listen.
class Server {
 public:
  Server(const std::string& folder, const DaemonSettings& settings)
      : process_(Daemon::command(folder, settings), Process::Stdio::Pipes) {}

  /// Waits until it says that, after what was waited for before.
  void until(std::string_view text) { static_cast<void>(process_.read_error_until(text)); }
  /// The port in a line that ends so, such as "listening on 127.0.0.1:".
  std::uint16_t port_behind(std::string_view text) {
    until(std::string(text) + "127.0.0.1:");
    return static_cast<std::uint16_t>(std::stoul(process_.read_error_until("\n")));
  }
  /// Waits until it leads; returns its port.
  std::uint16_t port_as_leader() {
    until("leads since ");
    return port_behind("listening on ");
  }
  [[nodiscard]] Process& process() { return process_; }
  void kill() { end(SIGKILL, 128 + SIGKILL); }
  void stop() { end(SIGTERM, 0); }

 private:
  void end(int signal, int code) {
    process_.signal(signal);
    EXPECT_EQ(process_.wait_for_exit(), code) << process_.error();
  }

  Process process_;
};

const std::string kNothing = "(nothing)";

/// What the server says up to the end of the connection, by which it ends: the text of its only
/// frame, if there is one.
std::string said_at_the_end(TestPeer& peer) {
  std::vector<WireFrame> frames;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (peer.receive_some(frames)) {
    pollfd socket{peer.fd(), POLLIN, 0};
    static_cast<void>(poll(&socket, 1, 100));
    if (std::chrono::steady_clock::now() > deadline) {
      return "(it does not end)";
    }
  }
  return frames.empty() ? kNothing : frames.size() == 1 ? frames.front().data : "(several frames)";
}

class TwoServers : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string obstacle = PostgresCluster::obstacle(); !obstacle.empty()) {
      GTEST_SKIP() << obstacle;
    }
    cluster_ = &PostgresCluster::shared();
    database_ = cluster_->make_database();
  }

  /// `others`: settings beside its store.
  [[nodiscard]] DaemonSettings settings(const std::string& takeover_ms,
                                        const std::string& others = {}) const {
    DaemonSettings made;
    made.storage = fmt::format(R"({{"engine": "postgresql", "connection": "{}"}})",
                               cluster_->connection(database_));
    made.others = fmt::format(R"("timeouts": {{"takeover_ms": {}}}{}{})", takeover_ms,
                              others.empty() ? "" : ", ", others);
    return made;
  }
  [[nodiscard]] std::unique_ptr<Server> start(const TemporaryFolder& folder,
                                              const DaemonSettings& settings) const {
    return std::make_unique<Server>(folder.path(), settings);
  }
  std::string ask(const std::string& sql) { return cluster_->ask(database_, sql); }
  /// Waits until the standby has read what is stored, in a transaction that it rolls back; others
  /// do not.
  void await_reading() {
    await("SELECT xact_rollback > 0 FROM pg_stat_database WHERE datname = current_database()", "t");
  }
  /// Waits until `sql` returns `wanted`.
  void await(const std::string& sql, const std::string& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    while (ask(sql) != wanted) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << sql;
      std::this_thread::yield();
    }
  }

  PostgresCluster* cluster_ = nullptr;
  std::string database_;
  TemporaryFolder first_folder_;
  TemporaryFolder second_folder_;
};

TEST_F(TwoServers, SecondServesWhatTheFirstConfirmedBeforeAKill) {
  const auto first = start(first_folder_, settings(kSoon));
  const std::uint16_t first_port = first->port_as_leader();
  TestPeer ann = created(first_port, "ann");
  created(first_port, "bob").close();
  const auto second = start(second_folder_, settings(kSoon, R"("io_loops": 2)"));
  second->until(fmt::format(", process {} leads (epoch 1)\n", first->process().pid()));
  ann.send_raw(send_bytes("ann", "bob", "hello there"));
  ann.expect(message("ann", "bob", "hello there"));
  first->kill();
  const std::uint16_t second_port = second->port_as_leader();
  TestPeer bob = logged_in(second_port, "bob");
  bob.send(Deliver{});
  bob.expect(message("ann", "bob", "hello there"));
  bob.send_raw(send_bytes("bob", "ann", "still here"));
  bob.expect(message("bob", "ann", "still here"));
  // The next one takes over in turn.
  const auto third = start(first_folder_, settings(kSoon));
  third->until("leads (epoch 2)\n");
  second->kill();
  TestPeer again = logged_in(third->port_as_leader(), "ann");
  again.send(Deliver{});
  again.expect(message("bob", "ann", "still here"));
  third->stop();
}

TEST_F(TwoServers, SecondTakesOverAtOnceWhenTheFirstStops) {
  const auto first = start(first_folder_, settings(kNever));
  const std::uint16_t port = first->port_as_leader();
  created(port, "ann").close();
  const auto second = start(second_folder_, settings(kNever));
  second->until("leads (epoch 1)\n");
  first->stop();
  logged_in(second->port_as_leader(), "ann").close();
  second->stop();
}

TEST_F(TwoServers, PausedLeaderSaysNothingAndBecomesAStandby) {
  const auto first = start(first_folder_, settings(kSoon));
  const std::uint16_t first_port = first->port_as_leader();
  TestPeer idle = created(first_port, "cid");
  TestPeer ann = created(first_port, "ann");
  created(first_port, "bob").close();
  const auto second = start(second_folder_, settings(kSoon));
  second->until("leads (epoch 1)\n");
  first->process().signal(SIGSTOP);
  const std::uint16_t second_port = second->port_as_leader();
  // What it finds when it wakes.
  ann.send_raw(send_bytes("ann", "bob", "too late") + bytes_of(List{"*"}));
  TestPeer late(first_port);
  late.send(Login{"bob"});
  first->process().signal(SIGCONT);
  EXPECT_EQ(said_at_the_end(ann), kNothing);
  EXPECT_EQ(said_at_the_end(late), kNothing);
  EXPECT_EQ(said_at_the_end(idle), "another server has taken over: 127.0.0.1:0");
  first->until("the store is lost: another tribard serves this database now: 127.0.0.1:0 on ");
  first->until(
      "; this server confirms nothing any more, closes its connections and becomes a "
      "standby\n");
  first->until(fmt::format(", process {} leads (epoch 2)\n", second->process().pid()));
  TestPeer bob = logged_in(second_port, "bob");
  bob.send(Deliver{});
  bob.expect_nothing_before_an_answer();
  bob.send_raw(send_bytes("bob", "ann", "hello there"));
  bob.expect(message("bob", "ann", "hello there"));
  // The same process leads again.
  second->kill();
  TestPeer again = logged_in(first->port_as_leader(), "ann");
  again.send(Deliver{});
  again.expect(message("bob", "ann", "hello there"));
  first->stop();
}

// It woke as a leader, and was asked to end before it knew better.
TEST_F(TwoServers, PausedLeaderThatIsAskedToEndEnds) {
  const auto first = start(first_folder_, settings(kSoon));
  first->port_as_leader();
  const auto second = start(second_folder_, settings(kSoon));
  second->until("leads (epoch 1)\n");
  first->process().signal(SIGSTOP);
  second->port_as_leader();
  first->process().signal(SIGTERM);
  first->process().signal(SIGCONT);
  EXPECT_EQ(first->process().wait_for_exit(), 0) << first->process().error();
  second->stop();
}

// A signal that came after a replaced leader had ended, and before it began again as a standby,
// ended the process by that signal, or was lost.
TEST_F(TwoServers, ReplacedLeaderHearsASignalAtAnyTime) {
  using Clock = std::chrono::steady_clock;
  constexpr int kRounds = 24;
  const auto server = [this] { return start(first_folder_, settings(kShortest)); };
  const auto replace = [this](Server& leader) {
    leader.until("listening on ");
    ask("UPDATE leader SET epoch = epoch + 1, seen = '-infinity'");
    leader.until("the store is lost: ");
    return Clock::now();
  };
  // How long it takes until it leads again.
  const auto first = server();
  const auto begun = replace(*first);
  first->until("leads since ");
  const Clock::duration whole = Clock::now() - begun;
  first->stop();
  for (int round = 0; round < kRounds; ++round) {
    const auto one = server();
    const auto then = replace(*one) + whole * round / kRounds;
    while (Clock::now() < then) {
      std::this_thread::yield();
    }
    if (round % 3 == 2) {
      one->process().signal(SIGHUP);
      one->until("reload: no setting changed");
    }
    one->stop();
  }
}

TEST_F(TwoServers, StandbyMayNameTheLeaderToClients) {
  const auto first =
      start(first_folder_, settings(kNever, R"("advertise": "chat.example.org:9000")"));
  created(first->port_as_leader(), "ann").close();
  DaemonSettings refusing = settings(kNever, R"("standby_listeners": "refuse", "io_loops": 2)");
  refusing.listen = R"([{"port": 0}, {"port": 0, "protocols": [1]}])";
  const auto second = start(second_folder_, refusing);
  const std::uint16_t port = second->port_behind("refusing connections on ");
  const std::uint16_t port1 = second->port_behind("refusing connections on ");
  second->until("standby: chat.example.org:9000 on ");
  second->until(" leads (epoch 1)\n");
  const std::string text = "this server is a standby; the one that serves: chat.example.org:9000";
  for (int i = 0; i < 2; ++i) {
    TestPeer ann(port);
    ann.expect(response(text));
    ann.expect_closed();
    TestPeer bob(port1, {.version = kVersion1});
    bob.expect({response().code, "stopping|||" + text});
    bob.expect_closed();
  }
  first->stop();
  EXPECT_EQ(second->port_as_leader(), port);
  EXPECT_EQ(second->port_behind("listening on "), port1);
  // The loops share both.
  for (int i = 0; i < 10; ++i) {
    logged_in(port, "ann").close();
  }
  second->stop();
}

TEST_F(TwoServers, StandbyDoesNotListenOtherwise) {
  const auto first = start(first_folder_, settings(kNever));
  created(first->port_as_leader(), "ann").close();
  const std::string path = second_folder_.file("socket");
  DaemonSettings closed = settings(kNever);
  closed.listen = fmt::format(R"([{{"socket": "{}"}}])", path);
  const auto second = start(second_folder_, closed);
  second->until("leads (epoch 1)\n");
  EXPECT_NE(access(path.c_str(), F_OK), 0);
  EXPECT_EQ(second->process().error().find(path), std::string::npos);
  first->stop();
  second->until("listening on unix:" + path + "\n");
  TestPeer::at_socket(path).login("ann");
  second->stop();
}

TEST_F(TwoServers, StandbyEndsWithoutHavingServed) {
  const auto first = start(first_folder_, settings(kNever));
  created(first->port_as_leader(), "ann").close();
  for (const char* others :
       {R"("io_loops": 3)", R"("io_loops": 3, "standby_listeners": "refuse")"}) {
    const auto second = start(second_folder_, settings(kNever, others));
    second->until("leads (epoch 1)\n");
    second->stop();
  }
  first->stop();
}

TEST_F(TwoServers, StandbyWaitsForADatabaseThatIsAway) {
  const auto first = start(first_folder_, settings(kNever));
  const std::uint16_t port = first->port_as_leader();
  const auto second = start(second_folder_, settings(kNever));
  second->until("leads (epoch 1)\n");
  cluster_->crash();
  second->until("standby: PostgreSQL (");
  second->until("; this is tried again until it works\n");
  first->until("storage fails: ");
  cluster_->start();
  first->until("storage works again");
  second->until("leads (epoch 1)\n");
  const std::string& said = second->process().error();
  EXPECT_EQ(said.find("tried again"), said.rfind("tried again")) << said;
  created(port, "ann").close();
  first->stop();
  logged_in(second->port_as_leader(), "ann").close();
  second->stop();
}

// The standby took over, could not commit either, and what it had begun took the lease from the
// leader as soon as commits were possible again.
TEST_F(TwoServers, NobodyTakesOverWhileNothingCanBeCommitted) {
  const auto first = start(first_folder_, settings(kSoon));
  const std::uint16_t port = first->port_as_leader();
  created(port, "ann").close();
  const auto second = start(second_folder_, settings(kSoon));
  second->until("leads (epoch 1)\n");
  cluster_->set("synchronous_standby_names", "nobody");
  first->until("storage fails: ");
  // The standby tries more than once.
  std::string last = "0";
  for (int i = 0; i < 2; ++i) {
    const std::string trying = fmt::format(
        "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid <> {} AND query "
        "LIKE '%pg_logical_emit_message%'",
        last);
    await("SELECT count(*) " + trying, "1");
    last = ask("SELECT pid " + trying);
  }
  cluster_->set("synchronous_standby_names", "");
  first->until("storage works again");
  second->until("leads (epoch 1)\n");
  EXPECT_EQ(ask("SELECT epoch FROM leader"), "1");
  const std::string& said = second->process().error();
  EXPECT_EQ(said.find("no synchronous standby is connected"),
            said.rfind("no synchronous standby is connected"))
      << said;
  logged_in(port, "ann").close();
  first->stop();
  logged_in(second->port_as_leader(), "ann").close();
  second->stop();
}

TEST_F(TwoServers, StandbyThatCannotListenGivesTheStoreBack) {
  const auto first = start(first_folder_, settings(kNever));
  created(first->port_as_leader(), "ann").close();
  const std::string path = second_folder_.file("socket");
  const uv::SocketFile taken(path, 1);
  DaemonSettings elsewhere = settings(kNever);
  elsewhere.listen = fmt::format(R"([{{"socket": "{}"}}])", path);
  const auto second = start(second_folder_, elsewhere);
  second->until("leads (epoch 1)\n");
  first->stop();
  second->until("leads since ");
  EXPECT_EQ(second->process().wait_for_exit(), 69) << second->process().error();
  const auto third = start(first_folder_, settings(kNever));
  logged_in(third->port_as_leader(), "ann").close();
  third->stop();
}

TEST_F(TwoServers, StandbyThatFindsDamageEnds) {
  const auto first = start(first_folder_, settings(kNever));
  created(first->port_as_leader(), "ann").close();
  ask("UPDATE accounts SET created_ms = created_ms + 1");
  const auto second = start(second_folder_, settings(kNever));
  EXPECT_EQ(second->process().wait_for_exit(), 74) << second->process().error();
  EXPECT_NE(second->process().error().find("the store is damaged: account 1: "), std::string::npos)
      << second->process().error();
  first->stop();
}

TEST_F(TwoServers, StandbyAnswersTribarctl) {
  const auto first = start(first_folder_, settings(kNever));
  created(first->port_as_leader(), "ann").close();
  const std::string control = second_folder_.file("control");
  const std::string others =
      fmt::format(R"("control": {{"socket": "{}"}}, "io_loops": 2)", control);
  for (const char* listeners : {"closed", "refuse"}) {
    const std::string all = fmt::format(R"({}, "standby_listeners": "{}")", others, listeners);
    const auto second = start(second_folder_, settings(kNever, all));
    second->until("leads (epoch 1)\n");
    const auto ask = [&](const std::vector<std::string>& arguments, const std::string& input = {}) {
      return ask_control(control, arguments, input);
    };
    EXPECT_EQ(ask({"status"}).output.find("state: standby\n"), 0U);
    const std::string refusal = "tribarctl: this server is a standby: ask the one that leads\n";
    const std::vector<std::vector<std::string>> of_leaders = {
        {"sessions"},
        {"kick", "ann"},
        {"user", "add", "bob"},
        {"user", "show", "ann"},
        {"user", "delete", "ann"},
        {"user", "set-secret", "ann"},
        {"backup", second_folder_.file("backup")}};
    for (const std::vector<std::string>& arguments : of_leaders) {
      const Said said = ask(arguments, "a long secret\n");
      EXPECT_EQ(said.code, 1) << arguments.front();
      EXPECT_EQ(said.error, refusal) << arguments.front();
    }
    EXPECT_EQ(ask({"certificate"}).error, "tribarctl: no listener has TLS\n");
    EXPECT_EQ(ask({"log-level", "debug"}).code, 0);
    EXPECT_EQ(ask({"log-level"}).output, "log level: debug\n");
    static_cast<void>(
        Daemon::command(second_folder_.path(), settings(kNever, all + R"(, "workers": 5)")));
    const Said reload = ask({"reload"});
    EXPECT_EQ(reload.code, 0) << reload.error;
    EXPECT_NE(reload.output.find("workers"), std::string::npos) << reload.output;
    EXPECT_EQ(ask({"drain", "2"}).code, 0);
    EXPECT_EQ(second->process().wait_for_exit(), 0) << second->process().error();
  }
  first->stop();
}

// Whoever has it drained wants it to end, and not to begin anything.
TEST_F(TwoServers, LeaderThatDrainsEndsWhenItIsReplaced) {
  const std::string control = first_folder_.file("control");
  const auto first = start(
      first_folder_, settings(kSoon, fmt::format(R"("control": {{"socket": "{}"}})", control)));
  TestPeer ann = created(first->port_as_leader(), "ann");
  const auto second = start(second_folder_, settings(kSoon));
  second->until("leads (epoch 1)\n");
  EXPECT_EQ(ask_control(control, {"backup", first_folder_.file("backup")}).error,
            "tribarctl: a PostgreSQL database has its own backups, such as pg_dump\n");
  EXPECT_EQ(ask_control(control, {"drain", "3600"}).code, 0);
  first->process().signal(SIGSTOP);
  static_cast<void>(second->port_as_leader());
  first->process().signal(SIGCONT);
  first->until("the store is lost: ");
  EXPECT_EQ(first->process().wait_for_exit(), 0) << first->process().error();
  second->stop();
}

/// Nobody else reads `table` until unlock(); its readers give up after a second.
class TableLock {
 public:
  /// Waits for nobody: is_held() says whether it has the table.
  TableLock(const std::string& connection, const std::string& table)
      : connection_(PQconnectdb(connection.c_str())),
        is_held_(run("BEGIN; LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE NOWAIT")) {}
  [[nodiscard]] bool is_held() const { return is_held_; }
  void unlock() { EXPECT_TRUE(run("ROLLBACK")); }

 private:
  bool run(const std::string& sql) {
    PGresult* result = PQexec(connection_.get(), sql.c_str());
    const bool is_done = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return is_done;
  }

  RawConnection connection_;
  bool is_held_;
};

// It is told to while it loads the store: it has the lease then, and gives it back.
TEST_F(TwoServers, StandbyThatDrainsDoesNotTakeOver) {
  const auto first = start(first_folder_, settings(kNever));
  created(first->port_as_leader(), "ann").close();
  const std::string control = second_folder_.file("control");
  const auto second = start(
      second_folder_,
      settings(
          kNever,
          fmt::format(R"("control": {{"socket": "{}"}}, "standby_listeners": "refuse")", control)));
  const std::uint16_t port = second->port_behind("refusing connections on ");
  second->until("leads (epoch 1)\n");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  // It must not be reading when it is paused, and should not be about to.
  await_reading();
  std::unique_ptr<TableLock> lock;
  do {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    second->process().signal(SIGCONT);
    second->process().signal(SIGSTOP);
    lock = std::make_unique<TableLock>(cluster_->connection(database_), "messages");
  } while (!lock->is_held());
  first->stop();
  const TestPeer refused(port);  // keeps it from its end for a second, by not closing its side
  second->process().signal(SIGCONT);
  await("SELECT count(*) FROM leader, pg_locks WHERE epoch > 1 AND NOT granted", "1");
  // If that took so long that it gives up, it begins again.
  while (ask_control(control, {"drain", "3600"}).code != 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
  second->until("stopping\n");
  lock->unlock();
  EXPECT_EQ(second->process().wait_for_exit(), 0) << second->process().error();
  EXPECT_EQ(second->process().error().find("listening on"), std::string::npos)
      << second->process().error();
  const auto third = start(first_folder_, settings(kNever));
  logged_in(third->port_as_leader(), "ann").close();
  third->stop();
}

// What it has read may not be a part of what the other one has.
TEST_F(TwoServers, StandbyBeginsAgainWhenAnotherOneTakesOver) {
  auto first = start(first_folder_, settings(kNever));
  std::uint16_t port = first->port_as_leader();
  created(port, "ann").close();
  const auto second = start(second_folder_, settings(kNever));
  second->until("leads (epoch 1)\n");
  await_reading();
  second->process().signal(SIGSTOP);
  first->stop();
  first = start(first_folder_, settings(kNever));
  port = first->port_as_leader();
  TestPeer ann = logged_in(port, "ann");
  created(port, "bob").close();
  second->process().signal(SIGCONT);
  second->until("another server took it over; it begins again\n");
  second->until("leads (epoch 2)\n");
  ann.send_raw(send_bytes("ann", "bob", "hello there"));
  ann.expect(message("ann", "bob", "hello there"));
  first->stop();
  TestPeer bob = logged_in(second->port_as_leader(), "bob");
  bob.send(Deliver{});
  bob.expect(message("ann", "bob", "hello there"));
  second->stop();
}

}  // namespace
}  // namespace tribar::test
