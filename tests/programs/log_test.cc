// SPDX-License-Identifier: MIT
//
// What tribard's log is like under systemd's journal.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.h"
#include "support/running_server.h"
#include "support/temporary_folder.h"

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

}  // namespace
}  // namespace tribar::test
