// SPDX-License-Identifier: MIT
//
// The log in a file: opened, opened again after it was renamed, and on a disk without room.
#include "base/log.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>

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

}  // namespace
}  // namespace tribar
