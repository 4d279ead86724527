// SPDX-License-Identifier: MIT
//
// A server that remembers: what comes back after a restart, and what becomes of users when storing
// fails.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/fault_vfs.h"
#include "support/store_contents.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

const WireFrame kNoStorage = response("storage is not available, try again later");

std::size_t count_of(std::string_view needle, std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(needle); at != std::string_view::npos;
       at = text.find(needle, at + 1)) {
    ++count;
  }
  return count;
}

class StorageTest : public testing::Test {
 protected:
  StorageTest() {
    config_.storage.engine = StorageEngine::Sqlite;
    config_.storage.path = folder_.file("tribar.db");
    config_.timeouts.shutdown_ms = 500;
    start();
  }

  void start() { server_ = std::make_unique<TestServer>(config_); }
  void stop() { server_.reset(); }
  void restart() {
    stop();
    start();
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  /// What is stored, when the server is stopped: to read it now would drop its locks.
  [[nodiscard]] StoreContents stored() const { return open_store(config_.storage.path).contents; }

  TemporaryFolder folder_;
  Config config_;
  std::unique_ptr<TestServer> server_;
};

TEST_F(StorageTest, RemembersAccountsInTheOrderOfTheirCreation) {
  for (const char* name : {"dan", "ann", "cat"}) {
    created(port(), name).close();
  }
  {
    TestPeer ann = logged_in(port(), "ann");
    ann.send(Delete{});
    ann.create("ann");
  }
  restart();
  TestPeer asker(port());
  asker.send(List{""});
  asker.expect(names({"dan", "cat", "ann"}));
  asker.create("bob");
  asker.send(List{""});
  asker.expect(names({"dan", "cat", "ann", "bob"}));
}

TEST_F(StorageTest, RemembersMessagesInTheirOrder) {
  std::vector<WireFrame> expected;
  {
    TestPeer ann = created(port(), "ann");
    created(port(), "bob").close();
    for (int i = 0; i < 300; ++i) {
      expected.push_back(message("ann", "bob", std::string(static_cast<std::size_t>(i), 'x')));
      ann.send_raw(bytes_of(expected.back()));
    }
    EXPECT_EQ(ann.receive(expected.size()), expected);
  }
  restart();
  {
    TestPeer ann = logged_in(port(), "ann");
    expected.push_back(message("ann", "bob", "after"));
    ann.send_raw(bytes_of(expected.back()));
    ann.expect(expected.back());
  }
  TestPeer bob = logged_in(port(), "bob");
  bob.expect_nothing_before_an_answer();
  bob.send(Deliver{});
  EXPECT_EQ(bob.receive(expected.size()), expected);
  bob.expect_nothing_before_an_answer();
  bob.close();
  stop();
  EXPECT_TRUE(stored().messages.empty()) << "what was handed over is not kept";
  start();
  TestPeer again = logged_in(port(), "bob");
  again.send(Deliver{});
  again.expect_nothing_before_an_answer();
}

TEST_F(StorageTest, RemembersPushesThatWereNotWritten) {
  constexpr std::size_t kMessages = 4000;
  TestPeer::Options slow;
  slow.receive_buffer_bytes = 4096;
  auto bob = std::make_unique<TestPeer>(port(), slow);
  bob->create("bob");
  std::vector<WireFrame> sent;
  {
    TestPeer ann = created(port(), "ann");
    for (std::size_t i = 0; i < kMessages; ++i) {
      sent.push_back(message("ann", "bob", std::to_string(10000 + i) + std::string(1000, 'x')));
      ann.send_raw(bytes_of(sent.back()));
    }
    EXPECT_EQ(ann.receive(sent.size()), sent);
  }
  stop();
  std::vector<WireFrame> got;
  while (bob->receive_some(got)) {
    // All that is left is there already; the loop ends with the stream.
  }
  start();
  TestPeer again = logged_in(port(), "bob");
  again.send(Deliver{});
  again.send(List{"no body"});
  std::vector<WireFrame> delivered;
  for (WireFrame frame = again.receive(); frame.code == 2; frame = again.receive()) {
    delivered.push_back(std::move(frame));
  }
  EXPECT_LT(delivered.size(), kMessages) << "nothing was written live";
  ASSERT_FALSE(delivered.empty());
  // Live ones came in order, and what was stored goes on where they end, or before.
  ASSERT_LE(got.size(), sent.size());
  EXPECT_TRUE(std::equal(got.begin(), got.end(), sent.begin()));
  EXPECT_TRUE(std::equal(delivered.rbegin(), delivered.rend(), sent.rbegin()));
  EXPECT_GE(got.size() + delivered.size(), kMessages);
}

TEST_F(StorageTest, RemembersADeletion) {
  {
    TestPeer ann = created(port(), "ann");
    created(port(), "bob").close();
    for (int i = 0; i < 5000; ++i) {
      ann.send_raw(send_bytes("ann", "bob", "hi"));
    }
    static_cast<void>(ann.receive(5000));
    TestPeer bob = logged_in(port(), "bob");
    bob.send(Delete{});
    bob.send(List{"bob"});
    bob.expect(names({}));
  }
  // What there was no time for at the end is done at the next start.
  restart();
  stop();
  const StoreContents contents = stored();
  EXPECT_TRUE(contents.messages.empty()) << contents.messages.size() << " of a deleted account";
  EXPECT_EQ(contents.accounts, (std::vector<StoreContents::Account>{{1, "ann"}}));
  EXPECT_EQ(contents.last_account, 2U);
  start();
  TestPeer bob = created(port(), "bob");
  bob.send(Deliver{});
  bob.expect_nothing_before_an_answer();
  stop();
  EXPECT_EQ(stored().accounts.back(), (StoreContents::Account{3, "bob"}));
}

TEST_F(StorageTest, GivesNoNumberTwice) {
  created(port(), "bob").close();
  std::uint64_t last = 0;
  for (int life = 0; life < 4; ++life) {
    {
      TestPeer ann(port());
      life == 0 ? ann.create("ann") : ann.login("ann");
      ann.send_raw(send_bytes("ann", "bob", "hi"));
      ann.expect(message("ann", "bob", "hi"));
    }
    stop();
    const StoreContents contents = stored();
    ASSERT_EQ(contents.messages.size(), 1U);
    EXPECT_GT(contents.messages.front().number, last);
    EXPECT_LT(contents.messages.front().number, contents.below);
    last = contents.messages.front().number;
    start();
    TestPeer bob = logged_in(port(), "bob");
    bob.send(Deliver{});
    bob.expect(message("ann", "bob", "hi"));
    bob.close();
    restart();
  }
}

TEST_F(StorageTest, RefusesToStartOnAStoreInUse) {
  Config config = config_;
  config.listen = {{"127.0.0.1", 0}};
  try {
    const Server second(config);
    ADD_FAILURE() << "started";
  } catch (const StorageError& error) {
    EXPECT_FALSE(error.is_io);
    EXPECT_NE(std::string(error.what()).find("in use by another tribard"), std::string::npos);
  }
}

// Failure. The disk is the fixture's first member of its own, so that the server is gone before it.
class FailingStorageTest : public testing::Test {
 protected:
  FailingStorageTest() {
    Config config;
    config.storage.engine = StorageEngine::Sqlite;
    config.storage.path = folder_.file("tribar.db");
    config.timeouts.shutdown_ms = 60'000;  // nothing waits for that
    server_ = std::make_unique<TestServer>(config);
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  /// Storing fails from now on; `ann` has sent "doubtful" to `bob` when it did. That bob gets it
  /// shows that the server knows.
  void fail(int write_code, int sync_code, TestPeer& ann, TestPeer& bob) {
    disk_.write_code = write_code;
    disk_.sync_code = sync_code;
    ann.send_raw(send_bytes("ann", "bob", "doubtful"));
    bob.expect(message("ann", "bob", "doubtful"));
  }
  void work() {
    disk_.write_code = SQLITE_OK;
    disk_.sync_code = SQLITE_OK;
  }

  FaultVfs disk_;
  TemporaryFolder folder_;
  std::unique_ptr<TestServer> server_;
};

TEST_F(FailingStorageTest, RefusesWhatItCannotStoreAndServesTheRest) {
  const struct {
    const char* what;
    int write_code;
    int sync_code;
  } cases[] = {
      {"the disk is full", SQLITE_FULL, SQLITE_OK},
      {"writing fails", SQLITE_IOERR_WRITE, SQLITE_OK},
      {"syncing fails", SQLITE_OK, SQLITE_IOERR_FSYNC},
  };
  TestPeer ann = created(port(), "ann");
  TestPeer bob = created(port(), "bob");
  TestPeer cat = created(port(), "cat");
  created(port(), "dan").close();
  ann.send_raw(send_bytes("ann", "dan", "waiting"));
  ann.expect(message("ann", "dan", "waiting"));
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    fail(c.write_code, c.sync_code, ann, bob);
    cat.send_raw(send_bytes("cat", "bob", "hi"));
    cat.expect(kNoStorage);
    cat.send(Delete{});
    cat.expect(kNoStorage);
    cat.send(List{"c*"});
    cat.expect(names({"cat"}));
    TestPeer newcomer(port());
    newcomer.send(Create{"eve"});
    newcomer.expect(kNoStorage);
    newcomer.send(List{""});
    newcomer.expect(names({"ann", "bob", "cat", "dan"}));
    newcomer.login("dan");
    newcomer.send(Deliver{});
    if (&c == &cases[0]) {
      newcomer.expect(message("ann", "dan", "waiting"));
    }
    newcomer.expect_nothing_before_an_answer();

    work();
    ann.expect(message("ann", "bob", "doubtful"));
    ann.send_raw(send_bytes("ann", "bob", "stored"));
    ann.expect(message("ann", "bob", "stored"));
    bob.expect(message("ann", "bob", "stored"));
  }
}

TEST_F(FailingStorageTest, ClosesWhomItCannotTellTheTruth) {
  TestPeer ann = created(port(), "ann");
  TestPeer bob = created(port(), "bob");
  fail(SQLITE_FULL, SQLITE_OK, ann, bob);
  ann.send(List{""});
  ann.expect_closed();
  // The account is free again, and what it does not need stored works.
  TestPeer again(port());
  do {
    again.send(Login{"ann"});
  } while (again.receive() != response());
  again.send_raw(send_bytes("ann", "bob", "no"));
  again.expect(kNoStorage);
  work();
  // Nothing else is said when it works again: whoever wants to know asks.
  WireFrame answer;
  do {
    again.send_raw(send_bytes("ann", "bob", "yes"));
    answer = again.receive();
  } while (answer == kNoStorage);
  EXPECT_EQ(answer, message("ann", "bob", "yes"));
  bob.expect(message("ann", "bob", "yes"));
}

TEST_F(FailingStorageTest, SaysSoOncePerChange) {
  testing::internal::CaptureStderr();
  TestPeer ann = created(port(), "ann");
  TestPeer bob = created(port(), "bob");
  for (int i = 0; i < 2; ++i) {
    fail(SQLITE_FULL, SQLITE_OK, ann, bob);
    work();
    ann.expect(message("ann", "bob", "doubtful"));
  }
  fail(SQLITE_FULL, SQLITE_OK, ann, bob);
  ann.expect_closed();  // after several tries
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(count_of("storage fails: database or disk is full", log), 3U) << log;
}

// It waited until timeouts.shutdown_ms was over, and said that all was well.
TEST_F(FailingStorageTest, StopsAtOnceWhenItCannotStore) {
  TestPeer ann = created(port(), "ann");
  TestPeer bob = created(port(), "bob");
  fail(SQLITE_FULL, SQLITE_OK, ann, bob);
  testing::internal::CaptureStderr();
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_EQ(server_->ending(), Ending::StorageFailed);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(
      count_of("storage still fails at the end: database or disk is full; not stored, and not "
               "confirmed: 0 accounts, 0 deletions, 1 message",
               log),
      1U)
      << log;
  server_.reset();
  ann.expect_closed();
  work();
  // Bob has got it, and nobody was told that it is stored.
  const StoreContents contents = open_store(folder_.file("tribar.db")).contents;
  EXPECT_TRUE(contents.messages.empty());
  EXPECT_EQ(contents.accounts.size(), 2U);
}

}  // namespace
}  // namespace tribar::test
