// SPDX-License-Identifier: MIT
//
// HistoryFile: what is left in the file, whatever else happens to it.
#include "client/history_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "support/temporary_folder.h"

namespace tribar {
namespace {

class HistoryFileTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return folder_.file("state/tribar/history"); }

  /// Begins with a file of `content`.
  void write(std::string_view content) {
    std::filesystem::create_directories(std::filesystem::path(path()).parent_path());
    test::write_file(path(), content);
  }

  [[nodiscard]] mode_t mode(const std::string& of) const {
    struct stat status {};
    return ::stat(of.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }

  [[nodiscard]] std::size_t lines() const {
    const std::string content = test::read_file(path());
    return static_cast<std::size_t>(std::count(content.begin(), content.end(), '\n'));
  }

  test::TemporaryFolder folder_;
};

TEST_F(HistoryFileTest, IsMadeForItsOwnerAlone) {
  HistoryFile file(path());
  EXPECT_EQ(file.load().size(), 0U);
  file.add("one");
  file.add("two\nlines");
  EXPECT_EQ(file.take_trouble(), std::nullopt);
  EXPECT_EQ(test::read_file(path()), "one\ntwo\\nlines\n");
  EXPECT_EQ(mode(path()), 0600U);
  EXPECT_EQ(mode(folder_.file("state/tribar")), 0700U);
  HistoryFile again(path());
  const History history = again.load();
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history.line(1), "two\nlines");
}

TEST_F(HistoryFileTest, IsNoneWithoutAPath) {
  HistoryFile file("");
  EXPECT_EQ(file.load().size(), 0U);
  file.add("one");
  EXPECT_EQ(file.take_trouble(), std::nullopt);
}

TEST_F(HistoryFileTest, TakesOthersRightsAway) {
  write("one\n");
  std::filesystem::permissions(path(), std::filesystem::perms(0644));
  HistoryFile file(path());
  EXPECT_EQ(file.load().size(), 1U);
  EXPECT_EQ(mode(path()), 0600U);
}

TEST_F(HistoryFileTest, GoesOnBehindALineThatBrokeOff) {
  write("one\ntw");
  HistoryFile file(path());
  EXPECT_EQ(file.load().size(), 2U);
  file.add("three");
  EXPECT_EQ(test::read_file(path()), "one\ntw\nthree\n");
}

TEST_F(HistoryFileTest, IsCutWhenItIsLong) {
  std::string content;
  for (std::size_t i = 0; i < HistoryFile::kMostFileLines; ++i) {
    content += std::to_string(i) + '\n';
  }
  write(content);
  HistoryFile file(path());
  EXPECT_EQ(file.load().size(), History::kMostLines);
  EXPECT_EQ(lines(), HistoryFile::kMostFileLines);
  file.add("one more");
  EXPECT_EQ(lines(), HistoryFile::kMostFileLines + 1);
  file.add("and more");
  EXPECT_EQ(lines(), History::kMostLines + 1);
  EXPECT_EQ(file.take_trouble(), std::nullopt);
  const std::string now = test::read_file(path());
  EXPECT_TRUE(now.ends_with("\none more\nand more\n"));
  EXPECT_EQ(mode(path()), 0600U);
  // Nothing else is left in the folder.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.file("state/tribar")), {}),
            1);
}

TEST_F(HistoryFileTest, ReadsTheEndOfOneThatIsVeryLong) {
  write(std::string(HistoryFile::kMostFileBytes + 10, 'x') + "\nlast\n");
  HistoryFile file(path());
  const History history = file.load();
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history.line(1), "last");
  EXPECT_EQ(test::read_file(path()), "last\n");
}

TEST_F(HistoryFileTest, IsSharedByClients) {
  // Small enough that it is cut meanwhile, by several.
  std::string content;
  for (std::size_t i = 0; i + 20 < HistoryFile::kMostFileLines; ++i) {
    content += std::to_string(i) + '\n';
  }
  write(content);
  constexpr int kClients = 4;
  constexpr int kLines = 100;
  std::vector<std::thread> clients;
  clients.reserve(kClients);
  for (int client = 0; client < kClients; ++client) {
    clients.emplace_back([this, client] {
      HistoryFile file(path());
      static_cast<void>(file.load());
      for (int i = 0; i < kLines; ++i) {
        file.add("client " + std::to_string(client) + " line " + std::to_string(i));
      }
      EXPECT_EQ(file.take_trouble(), std::nullopt);
    });
  }
  for (std::thread& client : clients) {
    client.join();
  }
  HistoryFile file(path());
  const History history = file.load();
  std::vector<int> next(kClients, kLines);
  for (std::size_t age = 1; age <= kClients * kLines; ++age) {
    const std::string& line = history.line(age);
    ASSERT_TRUE(line.starts_with("client ")) << line;
    const auto client = static_cast<std::size_t>(line[7] - '0');
    EXPECT_EQ(line.substr(9), "line " + std::to_string(--next[client]));
  }
  EXPECT_EQ(next, std::vector<int>(kClients, 0));
}

TEST_F(HistoryFileTest, SaysOnceWhatIsWrong) {
  std::filesystem::create_directories(path());
  HistoryFile file(path());
  EXPECT_EQ(file.load().size(), 0U);
  const auto trouble = file.take_trouble();
  ASSERT_TRUE(trouble);
  EXPECT_TRUE(trouble->starts_with("the history is not kept in " + path())) << *trouble;
  file.add("one");
  EXPECT_EQ(file.take_trouble(), std::nullopt);
}

TEST_F(HistoryFileTest, IsNoPipe) {
  write("");
  std::filesystem::remove(path());
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  HistoryFile file(path());
  EXPECT_EQ(file.load().size(), 0U);
  EXPECT_EQ(file.take_trouble(),
            "the history is not kept in " + path() + ": it is no file of yours");
}

TEST_F(HistoryFileTest, KeepsALink) {
  write("");
  std::filesystem::remove(path());
  std::string content;
  for (std::size_t i = 0; i <= HistoryFile::kMostFileLines; ++i) {
    content += std::to_string(i) + '\n';
  }
  test::write_file(folder_.file("real"), content);
  std::filesystem::create_symlink(folder_.file("real"), path());
  HistoryFile file(path());
  EXPECT_EQ(file.load().size(), History::kMostLines);
  EXPECT_TRUE(std::filesystem::is_symlink(path()));
  EXPECT_EQ(lines(), History::kMostLines);
}

}  // namespace
}  // namespace tribar
