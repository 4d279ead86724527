// SPDX-License-Identifier: MIT
//
// What tribard's log is like under systemd's journal, what lines in JSON hold, and who came and
// went.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.h"
#include "support/running_server.h"
#include "support/temporary_folder.h"
#include "support/test_peer.h"

namespace tribar::test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream from(text);
  for (std::string line; std::getline(from, line);) {
    lines.push_back(line);
  }
  return lines;
}

/// Runs tribard with a file as standard error.
class Journal : public testing::Test {
 protected:
  /// What $JOURNAL_STREAM is when standard error is the journal.
  [[nodiscard]] std::string name() const {
    write_file(stream_, "");
    struct stat found {};
    EXPECT_EQ(stat(stream_.c_str(), &found), 0);
    return fmt::format("{}:{}", found.st_dev, found.st_ino);
  }

  /// Runs it with `settings`, until `file` says that it listens; then stops it. Returns the lines
  /// on standard error.
  std::vector<std::string> run(const std::string& journal_stream, std::string_view settings,
                               const std::string& file) {
    write_file(config_, fmt::format(R"({{"listen": [{{"port": 0}}]{}}})", settings));
    Process server(
        {"/bin/sh", "-c", fmt::format("exec '{}' -c '{}' 2>>'{}'", tribard(), config_, stream_)},
        Process::Stdio::Pipes, {"JOURNAL_STREAM=" + journal_stream});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!std::filesystem::exists(file) ||
           read_file(file).find("listening on ") == std::string::npos) {
      EXPECT_LT(std::chrono::steady_clock::now(), deadline) << read_file(stream_);
      if (testing::Test::HasFailure()) {
        return {};
      }
      static_cast<void>(
          server.await_output(std::chrono::steady_clock::now() + std::chrono::milliseconds(5)));
    }
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait_for_exit(), 0);
    return lines_of(read_file(stream_));
  }

  TemporaryFolder folder_;
  std::string config_ = folder_.file("tribard.json");
  std::string stream_ = folder_.file("stream");
};

TEST_F(Journal, GetsPrioritiesAndNoTimes) {
  const std::vector<std::string> lines = run(name(), "", stream_);
  ASSERT_GT(lines.size(), 3U);
  for (const std::string& line : lines) {
    EXPECT_TRUE(line.starts_with("<6>info  server: ")) << line;
  }
}

TEST_F(Journal, GetsPrioritiesBeforeJson) {
  const std::vector<std::string> lines = run(name(), R"(, "log": {"format": "json"})", stream_);
  ASSERT_GT(lines.size(), 3U);
  for (const std::string& line : lines) {
    EXPECT_TRUE(line.starts_with(R"(<6>{"time":"2)")) << line;
  }
}

TEST_F(Journal, IsToldOfMistakesAtTheStartAsErrors) {
  const std::string stream = name();
  write_file(config_, "{\"listen\": 1}");
  Process server(
      {"/bin/sh", "-c", fmt::format("exec '{}' -c '{}' 2>>'{}'", tribard(), config_, stream_)},
      Process::Stdio::Pipes, {"JOURNAL_STREAM=" + stream});
  EXPECT_EQ(server.wait_for_exit(), 78);
  EXPECT_TRUE(read_file(stream_).starts_with("<3>tribard: " + config_)) << read_file(stream_);
}

// As when a person redirects the output of a shell that runs under systemd.
TEST_F(Journal, IsNotWhereStandardErrorGoes) {
  const std::vector<std::string> lines = run(name() + "1", "", stream_);
  ASSERT_GT(lines.size(), 3U);
  for (const std::string& line : lines) {
    EXPECT_TRUE(line.starts_with('2')) << line;
    EXPECT_EQ(line.find('<'), std::string::npos) << line;
  }
}

TEST_F(Journal, ChangesNothingInAFile) {
  const std::string file = folder_.file("tribard.log");
  const std::vector<std::string> lines =
      run(name(), fmt::format(R"(, "log": {{"file": "{}"}})", file), file);
  EXPECT_EQ(lines, std::vector<std::string>{});
  const std::vector<std::string> in_file = lines_of(read_file(file));
  ASSERT_GT(in_file.size(), 3U);
  for (const std::string& line : in_file) {
    EXPECT_TRUE(line.starts_with('2')) << line;
  }
}

TEST(Log, SaysWhoCameAndWent) {
  RunningServer server;
  TestPeer ann = created(server.port(), "ann");
  server.process().read_error_until(" info  sessions: ann logged in from 127.0.0.1:");
  server.process().read_error_until(", protocol 0\n");
  ann.close();
  server.process().read_error_until(" info  sessions: ann left: closed-by-client\n");
  TestPeer cat(server.port(), TestPeer::Options{.version = kVersion1});
  cat.send1(Create{"cat", "c"});
  server.process().read_error_until(" info  sessions: cat logged in from 127.0.0.1:");
  server.process().read_error_until(", protocol 1\n");
  cat.reset();
  server.process().read_error_until(" info  sessions: cat left: connection-broken\n");
}

TEST(Log, SaysWhoLeftBecauseTheServerStops) {
  RunningServer server;
  TestPeer bob = created(server.port(), "bob");
  server.process().signal(SIGTERM);
  bob.wait_for_end();
  bob.close();
  server.process().read_error_until(" info  sessions: bob left: shutting-down\n");
  EXPECT_EQ(server.process().wait_for_exit(), 0);
}

// Nor does a stop: what was not logged is counted before the end.
TEST(Log, IsNotFloodedByThoseWhoComeAndGo) {
  RunningServer server;
  constexpr int kPeers = 200;
  std::vector<TestPeer> peers;
  for (int i = 0; i < kPeers; ++i) {
    peers.push_back(created(server.port(), "u" + std::to_string(i)));
  }
  server.process().signal(SIGTERM);
  for (TestPeer& peer : peers) {
    peer.wait_for_end();
    peer.close();
  }
  EXPECT_EQ(server.process().wait_for_exit(), 0);
  int came = 0;
  int left = 0;
  int lines = 0;
  for (const std::string& line : lines_of(server.process().error())) {
    std::smatch counts;
    lines += line.find(" sessions: ") == std::string::npos ? 0 : 1;
    came += line.find(" logged in from ") == std::string::npos ? 0 : 1;
    left += line.find(" left: ") == std::string::npos ? 0 : 1;
    const std::regex omitted(
        "sessions: ([0-9]+) more logged in and ([0-9]+) more left, from 127.0.0.1 "
        "(within [1-9][0-9]* ms|until the server stopped)$");
    if (std::regex_search(line, counts, omitted)) {
      came += std::stoi(counts[1]);
      left += std::stoi(counts[2]);
    }
  }
  EXPECT_EQ(came, kPeers) << server.process().error();
  EXPECT_EQ(left, kPeers) << server.process().error();
  // On a slow machine in several periods.
  EXPECT_LT(lines, kPeers / 4) << server.process().error();
}

/// The keys of an object in JSON whose values are no objects.
std::vector<std::string> keys_of(const std::string& line) {
  const std::regex key("[{,]\"([^\"\\\\]*)\":");
  std::vector<std::string> keys;
  for (std::sregex_iterator at(line.begin(), line.end(), key), end; at != end; ++at) {
    keys.push_back((*at)[1]);
  }
  return keys;
}

// Programs that read the log depend on its keys.
TEST(Log, HasOnlyKeysThatAreDocumented) {
  std::set<std::string> documented;
  const std::string document = read_file(TRIBAR_SOURCE_FOLDER "/docs/operate.md");
  const std::regex row("\n\\| `([a-z_]+)` \\| (?:string|number|boolean) \\| ");
  for (std::sregex_iterator at(document.begin(), document.end(), row), end; at != end; ++at) {
    documented.insert((*at)[1]);
  }
  RunningServer server(R"("log": {"format": "json", "level": "debug"})");
  TestPeer ann = created(server.port(), "ann");
  for (int i = 0; i < 500; ++i) {
    ann.send_raw(bytes_of(Delete{}) + bytes_of(Create{"ann"}));
  }
  static_cast<void>(ann.receive(500));
  ann.close();
  server.process().signal(SIGTERM);
  EXPECT_EQ(server.process().wait_for_exit(), 0);
  std::set<std::string> found;
  for (const std::string& line : lines_of(server.process().error())) {
    const std::vector<std::string> keys = keys_of(line);
    ASSERT_GE(keys.size(), 4U) << line;
    EXPECT_EQ(std::vector<std::string>(keys.begin(), keys.begin() + 4),
              (std::vector<std::string>{"time", "level", "subject", "text"}))
        << line;
    found.insert(keys.begin(), keys.end());
  }
  EXPECT_EQ(found, documented);
}

}  // namespace
}  // namespace tribar::test
