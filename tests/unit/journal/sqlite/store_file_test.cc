// SPDX-License-Identifier: MIT
//
// A store is a regular file, and one server's, by whatever name it is reached.
#include "journal/sqlite/store_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/store_contents.h"
#include "support/temporary_folder.h"

namespace tribar::test {
namespace {

namespace fs = std::filesystem;

constexpr UnixMs kTime{1700000000000};

Record created(std::uint64_t id, std::string_view name) {
  return AccountCreated{AccountId{id}, kTime, name};
}

class StoreFileTest : public testing::Test {
 protected:
  /// With one account; closed.
  void make_store(const std::string& path) {
    const Opening opening = open_store(path);
    ASSERT_TRUE(opening.store) << opening.error.text;
    ASSERT_EQ(commit(*opening.store, {created(1, "ann")}), "");
  }

  static void expect_refused(const std::string& path, const std::string& reason, bool is_io) {
    const Opening opening = open_store(path);
    EXPECT_FALSE(opening.store) << path;
    EXPECT_EQ(opening.error.is_io, is_io) << opening.error.text;
    EXPECT_NE(opening.error.text.find(path), std::string::npos) << opening.error.text;
    EXPECT_NE(opening.error.text.find(reason), std::string::npos) << opening.error.text;
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("tribar.db");
};

TEST_F(StoreFileTest, IsInUseByWhateverNameItIsReached) {
  const Opening first = open_store(path_);
  ASSERT_TRUE(first.store) << first.error.text;
  const std::string link = folder_.file("link.db");
  fs::create_symlink("tribar.db", link);
  const std::string hard_link = folder_.file("hard.db");
  fs::create_hard_link(path_, hard_link);
  fs::create_directory(folder_.file("sub"));
  fs::create_directory_symlink(folder_.path(), folder_.file("sub/up"));
  for (const std::string& name : {path_, link, hard_link, folder_.file("sub/up/tribar.db"),
                                  folder_.path() + "//./tribar.db"}) {
    expect_refused(name, ": is in use by another tribard", false);
  }
  EXPECT_FALSE(fs::exists(hard_link + "-wal"));
}

// Whoever removed the file that was locked let a second server in.
TEST_F(StoreFileTest, IsLockedWithoutAnotherFile) {
  const Opening first = open_store(path_);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"tribar.db", "tribar.db-shm", "tribar.db-wal"}));
}

TEST_F(StoreFileTest, IsMadeByOneOfManyThatStartAtOnce) {
  for (int round = 0; round < 10; ++round) {
    const std::string path = folder_.file(std::to_string(round) + ".db");
    if (round % 2 == 1) {
      write_file(path, "");
    }
    std::vector<Opening> openings(6);
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (Opening& opening : openings) {
      threads.emplace_back([&] {
        ++ready;
        while (ready < static_cast<int>(openings.size())) {
          std::this_thread::yield();
        }
        opening = open_store(path);
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    int opened = 0;
    for (const Opening& opening : openings) {
      if (opening.store) {
        ++opened;
        EXPECT_EQ(commit(*opening.store, {created(1, "ann")}), "");
      } else {
        EXPECT_NE(opening.error.text.find("in use by another tribard"), std::string::npos)
            << opening.error.text;
      }
    }
    EXPECT_EQ(opened, 1);
    openings.clear();
    EXPECT_EQ(open_store(path).contents.accounts.size(), 1U);
  }
}

TEST_F(StoreFileTest, OfAnotherTypeIsRefusedByItsTypeAndStays) {
  struct Case {
    mode_t type;
    const char* words;
  };
  std::vector<Case> cases{
      {S_IFDIR, "is a directory,"}, {S_IFIFO, "is a FIFO,"}, {S_IFSOCK, "is a socket,"}};
  ASSERT_EQ(mkdir(folder_.file(std::to_string(S_IFDIR)).c_str(), 0700), 0);
  ASSERT_EQ(mknod(folder_.file(std::to_string(S_IFIFO)).c_str(), S_IFIFO | 0600, 0), 0);
  ASSERT_EQ(mknod(folder_.file(std::to_string(S_IFSOCK)).c_str(), S_IFSOCK | 0600, 0), 0);
  // Nodes without a driver behind them, where they may be made.
  for (const Case& node :
       {Case{S_IFCHR, "is a character device,"}, Case{S_IFBLK, "is a block device,"}}) {
    if (mknod(folder_.file(std::to_string(node.type)).c_str(), node.type | 0600, 0) == 0) {
      cases.push_back(node);
    }
  }
  for (const Case& each : cases) {
    const std::string name = folder_.file(std::to_string(each.type));
    const std::string link = name + ".link";
    fs::create_symlink(name, link);
    for (const std::string& path : {name, link}) {
      expect_refused(path, each.words, false);
      const auto obstacle = StoreFile::find_obstacle(path);
      ASSERT_TRUE(obstacle);
      EXPECT_EQ(obstacle->text, open_store(path).error.text);
      EXPECT_FALSE(obstacle->is_io);
      const auto report = verify_store(path);
      ASSERT_FALSE(report);
      EXPECT_NE(report.error().text.find(each.words), std::string::npos) << report.error().text;
    }
    struct stat status {};
    ASSERT_EQ(lstat(name.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & S_IFMT, each.type);
    EXPECT_TRUE(fs::is_symlink(link));
  }
}

// The link was replaced, and the data was on another disk than was meant.
TEST_F(StoreFileTest, IsMadeWhereALinkLeads) {
  fs::create_directory(folder_.file("disk"));
  fs::create_symlink("second.db", folder_.file("first.db"));
  fs::create_symlink(folder_.file("disk/real.db"), folder_.file("second.db"));
  make_store(folder_.file("first.db"));
  EXPECT_TRUE(fs::is_symlink(folder_.file("first.db")));
  EXPECT_TRUE(fs::is_symlink(folder_.file("second.db")));
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(folder_.file("disk/real.db"))));
  EXPECT_EQ(mode_of(folder_.file("disk/real.db")), 0600U);
  EXPECT_EQ(open_store(folder_.file("first.db")).contents.accounts.size(), 1U);

  fs::create_symlink("nowhere/real.db", folder_.file("lost.db"));
  expect_refused(folder_.file("lost.db"), "its folder does not exist", true);
  fs::create_symlink("round.db", folder_.file("round.db"));
  expect_refused(folder_.file("round.db"), "symbolic links", true);
}

TEST_F(StoreFileTest, IsNoNameThatOnlySqliteKnows) {
  for (const char* name : {":memory:", "file::memory:", "file:chat?mode=memory&cache=shared"}) {
    expect_refused(name, "is an in-memory database", false);
  }
  expect_refused("file:tribar.db", "is a URI", false);
  expect_refused("file:///tmp/tribar.db?mode=rwc", "is a URI", false);
}

TEST_F(StoreFileTest, IsNotOpenedWithTwoNames) {
  make_store(path_);
  fs::create_hard_link(path_, folder_.file("other.db"));
  expect_refused(path_, "has 2 names (hard links)", false);
  fs::remove(folder_.file("other.db"));
  EXPECT_EQ(open_store(path_).contents.accounts.size(), 1U);
}

TEST_F(StoreFileTest, NeedsAFolderThatIsWritable) {
  make_store(path_);
  chmod(path_.c_str(), 0666);
  chmod(folder_.path().c_str(), 0555);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // Root may write anywhere.
    const bool is_nobody = geteuid() != 0 || setresuid(65534, 65534, 65534) == 0;
    const Opening opening = open_store(path_);
    const bool is_refused =
        opening.error.is_io &&
        opening.error.text.find("must be writable: Permission denied") != std::string::npos;
    _exit(is_nobody && is_refused ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  chmod(folder_.path().c_str(), 0700);
  EXPECT_EQ(status, 0);
}

TEST_F(StoreFileTest, IsMissedWhenThePathLeadsElsewhere) {
  make_store(folder_.file("real.db"));
  make_store(folder_.file("other.db"));
  fs::create_symlink("real.db", path_);
  const Opening opening = open_store(path_);
  ASSERT_TRUE(opening.store) << opening.error.text;
  EXPECT_FALSE(opening.store->check());
  const auto expect_missed = [&] {
    const auto error = opening.store->check();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->text, "its file was removed or replaced");
    EXPECT_EQ(commit(*opening.store, {created(2, "bob")}), error->text);
  };
  fs::remove(path_);
  expect_missed();
  fs::create_symlink("other.db", path_);
  expect_missed();
  fs::remove(path_);
  fs::create_symlink("real.db", path_);
  EXPECT_FALSE(opening.store->check());
  for (const char* suffix : {"", "-wal"}) {
    const std::string name = folder_.file("real.db") + suffix;
    fs::rename(name, name + ".away");
    expect_missed();
    fs::rename(name + ".away", name);
    EXPECT_FALSE(opening.store->check());
  }
  EXPECT_EQ(commit(*opening.store, {created(2, "bob")}), "");
}

// What came to its place between the look and the lock was used by two.
TEST_F(StoreFileTest, IsNotMadeOverAFileThatCameMeanwhile) {
  auto file = StoreFile::lock(path_);
  ASSERT_TRUE(file) << file.error().text;
  const auto draft = file.value().begin_draft();
  ASSERT_TRUE(draft) << draft.error().text;
  write_file(draft.value(), "a store");
  fs::remove(path_);
  make_store(path_);
  const std::string theirs = read_file(path_);
  const auto error = file.value().take_draft();
  ASSERT_TRUE(error);
  EXPECT_NE(error->text.find("another process replaced the file"), std::string::npos);
  EXPECT_TRUE(read_file(path_) == theirs);
}

using Obstacle = std::optional<std::string>;

/// What is in the way of a store at `path`; a start says the same where that can be.
Obstacle obstacle_at(const std::string& path) {
  const auto obstacle = StoreFile::find_obstacle(path);
  return obstacle ? Obstacle(obstacle->text) : std::nullopt;
}

TEST(StoreFileObstacle, IsNoneWhereAStoreIsOrCanBeMade) {
  const TemporaryFolder folder;
  write_file(folder.file("there"), "");
  std::filesystem::create_symlink("there", folder.file("link"));
  std::filesystem::create_symlink("not-yet", folder.file("dangling"));
  for (const char* name : {"there", "new", "link", "dangling"}) {
    EXPECT_EQ(obstacle_at(folder.file(name)), Obstacle{}) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(folder.file("new")));
  EXPECT_FALSE(std::filesystem::exists(folder.file("not-yet")));
}

TEST(StoreFileObstacle, NamesTheCommandThatMakesTheFolder) {
  const TemporaryFolder folder;
  struct Case {
    std::string folder;
    std::string shown;
  };
  for (const Case& c : std::vector<Case>{
           {folder.file("data"), folder.file("data")},
           {folder.file("a/b"), folder.file("a/b")},
           {folder.file("it's here"), "'" + folder.file("it'\\''s here") + "'"},
       }) {
    const std::string path = c.folder + "/tribar.db";
    const std::string command = "install -d -m 0700 " + c.shown;
    EXPECT_EQ(
        obstacle_at(path),
        Obstacle(fmt::format("{}: its folder does not exist; create it with: {}", path, command)));
    EXPECT_EQ(std::system(command.c_str()), 0);
    EXPECT_EQ(obstacle_at(path), Obstacle{});
    EXPECT_EQ(mode_of(c.folder), 0700U);
  }
  std::filesystem::create_symlink(folder.file("gone/x.db"), folder.file("link"));
  EXPECT_EQ(obstacle_at(folder.file("link")),
            Obstacle(fmt::format("{}: its folder does not exist; create it with: "
                                 "install -d -m 0700 {}",
                                 folder.file("link"), folder.file("gone"))));
}

TEST(StoreFileObstacle, NamesWhatIsNoFile) {
  const TemporaryFolder folder;
  const auto obstacle_of = [&folder](std::string_view name) {
    return obstacle_at(folder.file(name)).value_or("none");
  };
  const auto expected = [&folder](std::string_view name, std::string_view what) {
    return fmt::format("{}: {}", folder.file(name), what);
  };
  std::filesystem::create_directory(folder.file("folder"));
  ASSERT_EQ(mkfifo(folder.file("fifo").c_str(), 0600), 0);
  write_file(folder.file("file"), "");
  ASSERT_EQ(mknod(folder.file("socket").c_str(), S_IFSOCK | 0600, 0), 0);
  EXPECT_EQ(obstacle_of("folder"),
            expected("folder",
                     "is a directory, but a store is a regular file; choose another storage.path"));
  EXPECT_EQ(
      obstacle_of("fifo"),
      expected("fifo", "is a FIFO, but a store is a regular file; choose another storage.path"));
  EXPECT_EQ(obstacle_of("socket"),
            expected("socket",
                     "is a socket, but a store is a regular file; choose another storage.path"));
  EXPECT_FALSE(StoreFile::find_obstacle(folder.file("fifo"))->is_io);
  EXPECT_EQ(obstacle_of("file/x"), expected("file/x", folder.file("file") + " is not a folder"));
}

TEST(StoreFileObstacle, IsAFolderThatCannotBeWritten) {
  const TemporaryFolder folder;
  const std::string data = folder.file("data");
  std::filesystem::create_directory(data);
  chmod(folder.path().c_str(), 0755);
  chmod(data.c_str(), 0555);
  const std::string expected =
      fmt::format("{}/x.db: its folder {} must be writable: Permission denied", data, data);
  // The system lets root write anywhere: somebody else looks.
  const pid_t child = fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    const bool is_somebody_else = geteuid() != 0 || setresuid(kNobody, kNobody, kNobody) == 0;
    _exit(is_somebody_else && obstacle_at(data + "/x.db") == expected ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// Such settings were good, it was said, and the start refused them.
TEST(StoreFileObstacle, IsANameThatOnlySqliteKnows) {
  EXPECT_NE(obstacle_at(":memory:").value_or("none").find("is an in-memory database"),
            std::string::npos);
  EXPECT_NE(obstacle_at("file:tribar.db").value_or("none").find("is a URI"), std::string::npos);
}

}  // namespace
}  // namespace tribar::test
