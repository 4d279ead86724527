// SPDX-License-Identifier: MIT
//
// The log in a file: opened, opened again after it was renamed, and on a disk without room. Lines
// in JSON, and on standard error when that is a stream to the journal.
#include "base/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>

#include "support/temporary_folder.h"

namespace tribar {
namespace {

using test::read_file;
using test::TemporaryFolder;

/// Has files of this process end at `bytes` while it exists, as a full disk does.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &former_);
    rlimit limit = former_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &former_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit former_{};
};

class LogFile : public testing::Test {
 protected:
  LogFile() { log::configure(log::Level::Info, log::Format::Text); }
  ~LogFile() override { log::write_to(nullptr); }

  void open() {
    auto opened = log::open(path_);
    ASSERT_TRUE(opened);
    log::write_to(std::move(opened.value()));
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("tribard.log");
};

TEST_F(LogFile, IsAddedToAndIsNotForEverybody) {
  const mode_t mask = umask(0);
  open();
  umask(mask);
  struct stat found {};
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0640U);
  log::info("test", "one");
  open();
  log::info("test", "two");
  const std::string text = read_file(path_);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_TRUE(text.ends_with("test: two\n")) << text;
}

TEST_F(LogFile, GoesOnInANewFileWhenTheOldOneWasRenamed) {
  const log::Background background;
  open();
  log::info("test", "one");
  log::flush();
  std::filesystem::rename(path_, path_ + ".1");
  log::info("test", "two");
  log::flush();
  open();
  log::info("test", "three");
  log::flush();
  EXPECT_NE(read_file(path_ + ".1").find("test: two\n"), std::string::npos);
  EXPECT_EQ(read_file(path_ + ".1").find("three"), std::string::npos);
  EXPECT_TRUE(read_file(path_).ends_with("test: three\n"));
  EXPECT_EQ(read_file(path_).find("two"), std::string::npos);
}

TEST_F(LogFile, SaysWhyItCannotBeOpened) {
  EXPECT_EQ(log::open(folder_.file("missing/log")).error(),
            fmt::format("cannot open {}: No such file or directory", folder_.file("missing/log")));
  EXPECT_EQ(log::open(folder_.path()).error(),
            fmt::format("cannot open {}: Is a directory", folder_.path()));
  EXPECT_EQ(log::open("-").value(), nullptr);
}

TEST_F(LogFile, CountsWhatADiskHadNoRoomFor) {
  const log::Background background;
  open();
  {
    const FileSizeLimit full(1000);
    for (int i = 0; i < 100; ++i) {
      log::info("test", "line {}", i);
    }
    log::flush();
    EXPECT_EQ(read_file(path_).size(), 1000U);
  }
  log::info("test", "there is room again");
  log::flush();
  const std::string text = read_file(path_);
  // The line that was cut off ends before the next one begins.
  const std::size_t again = text.find(" info  test: there is room again\n");
  ASSERT_NE(again, std::string::npos) << text;
  const std::size_t begin = text.rfind('\n', again) + 1;
  EXPECT_EQ(text[begin + 4], '-') << text.substr(begin);
  log::flush();
  EXPECT_NE(read_file(path_).find(" lines were dropped: "), std::string::npos);
}

/// `line` with "TIME" in place of its time, which must look like one.
std::string without_time(std::string_view line, std::size_t at) {
  constexpr std::string_view kTime = "2026-01-31T09:05:00.123Z";
  std::string text(line);
  EXPECT_EQ(text.at(at + 10), 'T') << line;
  EXPECT_EQ(text.at(at + kTime.size() - 1), 'Z') << line;
  return text.replace(at, kTime.size(), "TIME");
}

TEST_F(LogFile, HasTheSameKeysInEveryLineOfJson) {
  open();
  log::configure(log::Level::Debug, log::Format::Json);
  log::warn("a \"subject\"", "a\\b\n{}", '\x7f');
  EXPECT_EQ(without_time(read_file(path_), 9),
            R"({"time":"TIME","level":"warn","subject":"a \"subject\"","text":"a\\b\u000a\u007f"})"
            "\n");
}

TEST_F(LogFile, HasFurtherKeysInJsonOnly) {
  open();
  log::configure(log::Level::Info, log::Format::Json);
  log::write(log::Level::Info, "s", "t",
             {{"name", "a\"\n"}, {"count", std::uint64_t{18}}, {"tls", true}});
  log::configure(log::Level::Info, log::Format::Text);
  log::write(log::Level::Info, "s", "t", {{"name", "ann"}});
  const std::string text = read_file(path_);
  const std::size_t end = text.find('\n') + 1;
  EXPECT_EQ(
      without_time(text.substr(0, end), 9),
      R"({"time":"TIME","level":"info","subject":"s","text":"t","name":"a\"\u000a","count":18,"tls":true})"
      "\n");
  EXPECT_EQ(without_time(text.substr(end), 0), "TIME info  s: t\n");
}

/// Has standard error of this process be a file while it exists.
class StandardError {
 public:
  explicit StandardError(const std::string& path) : former_(dup(STDERR_FILENO)) {
    const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT, 0600);
    dup2(file, STDERR_FILENO);
    ::close(file);
  }
  ~StandardError() {
    dup2(former_, STDERR_FILENO);
    ::close(former_);
  }
  StandardError(const StandardError&) = delete;
  StandardError& operator=(const StandardError&) = delete;

  /// As in $JOURNAL_STREAM.
  [[nodiscard]] static std::string name() {
    struct stat found {};
    fstat(STDERR_FILENO, &found);
    return fmt::format("{}:{}", found.st_dev, found.st_ino);
  }

 private:
  int former_;
};

class LogInTheJournal : public LogFile {
 protected:
  LogInTheJournal() {
    log::configure(log::Level::Debug, log::Format::Text);
    log::detect_journal(StandardError::name().c_str());
  }
  ~LogInTheJournal() override { log::detect_journal(nullptr); }

  std::string stream_ = folder_.file("journal");
  StandardError standard_error_{stream_};
};

TEST_F(LogInTheJournal, HasPrioritiesAndNoTime) {
  log::error("s", "1");
  log::warn("s", "2");
  log::info("s", "3");
  log::debug("s", "4");
  EXPECT_EQ(read_file(stream_), "<3>error s: 1\n<4>warn  s: 2\n<6>info  s: 3\n<7>debug s: 4\n");
  EXPECT_EQ(log::priority_of(log::Level::Error), "<3>");
}

TEST_F(LogInTheJournal, HasPrioritiesBeforeJsonToo) {
  log::configure(log::Level::Info, log::Format::Json);
  log::warn("s", "t");
  EXPECT_EQ(without_time(read_file(stream_), 12),
            "<4>{\"time\":\"TIME\",\"level\":\"warn\",\"subject\":\"s\",\"text\":\"t\"}\n");
}

TEST_F(LogInTheJournal, HasNoneInAFile) {
  const log::Background background;
  open();
  log::info("s", "t");
  log::flush();
  EXPECT_EQ(without_time(read_file(path_), 0), "TIME info  s: t\n");
  log::write_to(nullptr);
  log::info("s", "again");
  log::flush();
  EXPECT_EQ(read_file(stream_), "<6>info  s: again\n");
}

TEST_F(LogInTheJournal, IsSomewhereElseWhenStandardErrorIsNotItsStream) {
  const std::string name = StandardError::name();
  for (const std::string& other : {name + "1", "1" + name, std::string("1:1"), std::string(),
                                   std::string("garbage"), std::string(":")}) {
    log::detect_journal(other.c_str());
    EXPECT_EQ(log::priority_of(log::Level::Error), "") << other;
  }
  log::detect_journal(nullptr);
  log::info("s", "t");
  EXPECT_EQ(without_time(read_file(stream_), 0), "TIME info  s: t\n");
}

}  // namespace
}  // namespace tribar
