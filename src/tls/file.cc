// SPDX-License-Identifier: MIT
//
// See file.h.
#include "tls/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/descriptor.h"

namespace tribar::tls {
namespace {

FileStamp stamp_of(const struct stat& found) {
  const auto ns = [](const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  return {found.st_dev, found.st_ino, found.st_size, ns(found.st_mtim), ns(found.st_ctim)};
}

}  // namespace

Result<File, std::string> read_file(const std::string& path) {
  // Not waiting for whoever writes to a pipe.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat found {};
  if (file.get() < 0 || fstat(file.get(), &found) != 0) {
    return std::string(std::strerror(errno));
  }
  if (!S_ISREG(found.st_mode)) {
    return std::string("it is not a regular file");
  }
  if (found.st_size > static_cast<off_t>(kFileBytes)) {
    return fmt::format("it is larger than {} MiB", kFileBytes >> 20);
  }
  File read{std::string(static_cast<std::size_t>(found.st_size), '\0'),
            (found.st_mode & S_IROTH) != 0};
  std::size_t size = 0;
  while (size < read.bytes.size()) {
    const ssize_t got = ::read(file.get(), read.bytes.data() + size, read.bytes.size() - size);
    if (got < 0 && errno != EINTR) {
      return std::string(std::strerror(errno));
    }
    if (got == 0) {
      break;  // it became shorter, which its stamp will tell
    }
    size += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  read.bytes.resize(size);
  return read;
}

FileStamp stamp_of(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? stamp_of(found) : FileStamp{};
}

}  // namespace tribar::tls
