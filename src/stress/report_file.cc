// SPDX-License-Identifier: MIT
//
// See report_file.h.
#include "stress/report_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tribar::stress {
namespace {

std::string complaint(const std::string& path) {
  return fmt::format("cannot write {}: {}", path, std::strerror(errno));
}

/// Opens `path` with `more_flags`. Opening a FIFO waits for a reader; a signal may interrupt that.
int open_for_writing(const std::string& path, int more_flags) {
  constexpr mode_t kEverybody = 0666;  // reduced by the umask
  int fd = -1;
  do {
    fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | more_flags, kEverybody);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

}  // namespace

Result<ReportFile, std::string> ReportFile::open(const std::string& path) {
  int fd = open_for_writing(path, O_EXCL);
  const bool is_new = fd >= 0;
  if (!is_new && errno == EEXIST) {
    fd = open_for_writing(path, 0);
  }
  if (fd < 0) {
    return complaint(path);
  }
  return ReportFile(path, fd, is_new);
}

ReportFile::ReportFile(std::string path, int fd, bool is_new)
    : path_(std::move(path)), fd_(fd), is_new_(is_new) {}

ReportFile::ReportFile(ReportFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      is_new_(std::exchange(other.is_new_, false)) {}

ReportFile::~ReportFile() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
  if (is_new_) {
    ::unlink(path_.c_str());
  }
}

std::string ReportFile::write(std::string_view text) {
  is_new_ = false;
  struct stat status {};
  if (fstat(fd_, &status) != 0 || (S_ISREG(status.st_mode) && ftruncate(fd_, 0) != 0)) {
    return complaint(path_);
  }
  while (!text.empty()) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return complaint(path_);
    }
  }
  // Some file systems report only here that there was no room.
  return ::close(std::exchange(fd_, -1)) == 0 ? std::string() : complaint(path_);
}

bool ReportFile::is_same_as(const ReportFile& other) const {
  struct stat one {};
  struct stat two {};
  return fstat(fd_, &one) == 0 && fstat(other.fd_, &two) == 0 && S_ISREG(one.st_mode) &&
         one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

}  // namespace tribar::stress
