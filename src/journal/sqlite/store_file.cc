// SPDX-License-Identifier: MIT
//
// See store_file.h.
#include "journal/sqlite/store_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

namespace tribar {
namespace {

/// How many symbolic links may lead to a file that does not exist yet; the kernel's own limit.
constexpr int kMostLinks = 40;
/// Another tribard may replace the file after we opened it. Then that one holds the lock, which we
/// see when we try again.
constexpr int kMostLooks = 8;

std::string text_of(int code) { return std::generic_category().message(code); }

const char* type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return "a directory";
    case S_IFCHR:
      return "a character device";
    case S_IFBLK:
      return "a block device";
    case S_IFIFO:
      return "a FIFO";
    case S_IFSOCK:
      return "a socket";
    default:
      return "no file";
  }
}

StoreOpenError not_regular(const std::string& path, mode_t mode) {
  return {fmt::format("{}: is {}, but a store is a regular file; choose another storage.path", path,
                      type_of(mode)),
          false};
}

StoreOpenError in_use(const std::string& path) {
  return {fmt::format("{}: is in use by another tribard; stop that one, or name another "
                      "storage.path",
                      path),
          false};
}

/// Refuses names that SQLite understands but that do not name a file.
std::optional<StoreOpenError> check_name(const std::string& path) {
  const bool is_uri = path.starts_with("file:");
  const auto has = [&path](const char* part) { return path.find(part) != std::string::npos; };
  if (path == ":memory:" || (is_uri && (has(":memory:") || has("mode=memory")))) {
    return StoreOpenError{
        fmt::format("{}: is an in-memory database, which would be lost at the end; name a file "
                    "as storage.path, or use storage.engine \"memory\"",
                    path),
        false};
  }
  if (is_uri) {
    return StoreOpenError{
        fmt::format("{}: is a URI, but storage.path must be the name of a file, such as "
                    "/var/lib/tribar/tribar.db (./{} if it is really called that)",
                    path, path),
        false};
  }
  return std::nullopt;
}

std::optional<std::string> real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> found(realpath(path.c_str(), nullptr),
                                                          &std::free);
  return found ? std::optional<std::string>(found.get()) : std::nullopt;
}

/// The folder of `path`, with its slash; empty: the working directory.
std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

/// Follows symbolic links from `path`; the target need not exist.
std::string follow(const std::string& path) {
  std::string at = path;
  for (int links = 0; links < kMostLinks; ++links) {
    std::array<char, PATH_MAX> target{};
    const ssize_t size = readlink(at.c_str(), target.data(), target.size());
    if (size < 0) {
      break;
    }
    const std::string name(target.data(), static_cast<std::size_t>(size));
    at = name.starts_with('/') ? name : fmt::format("{}{}", folder_of(at), name);
  }
  return at;
}

/// `text`, quoted for a shell.
std::string shell_quoted(const std::string& text) {
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+").find(c) != std::string_view::npos;
  });
  if (is_plain && !text.starts_with('-')) {
    return text;
  }
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return (text.starts_with('-') ? "./" : "") + quoted + '\'';
}

/// Why the folder of `path` cannot be used for a store: it is not writable, or it does not exist
/// (then the error contains the command that creates it).
std::optional<StoreOpenError> check_folder(const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path place = follow(path);
  const std::string folder = place.has_parent_path() ? place.parent_path().string() : ".";
  const auto failed = [&path](const std::string& why) {
    return StoreOpenError{fmt::format("{}: {}", path, why), true};
  };
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found) {
    return failed(fmt::format("its folder does not exist; create it with: install -d -m 0700 {}",
                              shell_quoted(folder)));
  }
  if (error) {
    return failed("its folder cannot be used: " + error.message());
  }
  if (status.type() != fs::file_type::directory) {
    return failed(folder + " is not a folder");
  }
  // SQLite creates files beside this one.
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return failed(fmt::format("its folder {} must be writable: {}", folder, text_of(errno)));
  }
  return std::nullopt;
}

/// The absolute path to which `path` leads; the file itself need not exist.
Result<std::string, StoreOpenError> resolve(const std::string& path) {
  if (auto error = check_name(path)) {
    return *error;
  }
  const auto failed = [&path](const std::string& why) {
    return StoreOpenError{fmt::format("{}: {}", path, why), true};
  };
  if (auto found = real_path(path)) {
    return *found;
  }
  if (errno != ENOENT) {
    return failed("cannot be opened: " + text_of(errno));
  }
  const std::string at = follow(path);
  const std::string folder = folder_of(at);
  const auto found = real_path(folder.empty() ? "." : folder);
  if (!found || at.size() == folder.size()) {
    return failed(fmt::format("cannot be created: {}; its folder must exist and be writable",
                              text_of(found ? EISDIR : errno)));
  }
  return fmt::format("{}/{}", *found == "/" ? "" : *found, at.substr(folder.size()));
}

/// Makes a new name in the folder of `place` durable.
bool sync_folder_of(const std::string& place) {
  const Descriptor folder(::open(folder_of(place).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder.get() >= 0 && fsync(folder.get()) == 0;
}

std::string draft_of(const std::string& place) { return place + ".new"; }

/// Whether the file is a mount point itself, without its folder.
bool is_mounted_by_itself([[maybe_unused]] int descriptor) {
#ifdef STATX_ATTR_MOUNT_ROOT
  struct statx status {};
  return statx(descriptor, "", AT_EMPTY_PATH, 0, &status) == 0 &&
         (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
#else
  return false;
#endif
}

StoreOpenError mounted_by_itself(const std::string& path) {
  return {
      fmt::format(
          "{}: is mounted as a single file, but the store needs files beside it, which would be "
          "elsewhere; mount its folder",
          path),
      false};
}

}  // namespace

StoreOpenError StoreFile::cannot_be(const char* what) const {
  return {fmt::format("{}: cannot be {}: {}", path_, what, text_of(errno)), true};
}

Result<StoreFile, StoreOpenError> StoreFile::open(const std::string& path, int flags) {
  auto place = resolve(path);
  if (!place) {
    return place.error();
  }
  struct stat status {};
  const bool is_there = lstat(place.value().c_str(), &status) == 0;
  // Opening a device can have effects, and opening a FIFO waits for a writer. O_CREAT is used only
  // if the file does not exist: some systems refuse it for an existing file in a shared folder.
  if (is_there && !S_ISREG(status.st_mode)) {
    return not_regular(path, status.st_mode);
  }
  StoreFile file(path, place.value(),
                 Descriptor(::open(place.value().c_str(),
                                   (is_there ? flags & ~O_CREAT : flags) | O_NOFOLLOW | O_NONBLOCK |
                                       O_NOCTTY | O_CLOEXEC,
                                   0600)));
  if (file.descriptor_.get() < 0) {
    if (errno == ENOENT && (flags & O_CREAT) == 0) {
      return StoreOpenError{fmt::format("{}: there is no store", path), false};
    }
    StoreOpenError error = file.cannot_be(is_there ? "opened" : "created");
    if (!is_there) {
      error.text += "; its folder must exist and be writable";
    }
    return error;
  }
  if (fstat(file.descriptor_.get(), &status) != 0) {
    return file.cannot_be("opened");
  }
  if (!S_ISREG(status.st_mode)) {
    return not_regular(path, status.st_mode);
  }
  return file;
}

Result<StoreFile, StoreOpenError> StoreFile::look_at(const std::string& path) {
  return open(path, O_RDONLY);
}

std::optional<StoreOpenError> StoreFile::find_obstacle(const std::string& path) {
  if (auto error = check_name(path)) {
    return error;
  }
  if (auto error = check_folder(path)) {
    return error;
  }
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) {
      return std::nullopt;  // it will be created
    }
    return StoreOpenError{fmt::format("{}: cannot be used: {}", path, text_of(errno)), true};
  }
  if (!S_ISREG(status.st_mode)) {
    return not_regular(path, status.st_mode);
  }
  if (access(path.c_str(), R_OK | W_OK) != 0) {
    return StoreOpenError{
        fmt::format("{}: must be readable and writable: {}", path, text_of(errno)), true};
  }
  return std::nullopt;
}

Result<StoreFile, StoreOpenError> StoreFile::lock(const std::string& path) {
  if (auto error = check_name(path)) {
    return *error;
  }
  if (auto error = check_folder(path)) {
    return *error;
  }
  for (int look = 0; look < kMostLooks; ++look) {
    // NFS needs a writable descriptor for a lock.
    auto file = open(path, O_RDWR | O_CREAT);
    if (!file) {
      return file;
    }
    if (flock(file.value().descriptor_.get(), LOCK_EX | LOCK_NB) != 0) {
      return errno == EWOULDBLOCK ? in_use(path) : file.value().cannot_be("locked");
    }
    if (file.value().is_in_place()) {
      if (auto error = file.value().check_alone()) {
        return *error;
      }
      return file;
    }
  }
  return StoreOpenError{fmt::format("{}: another process keeps replacing the file", path), true};
}

/// Checks that SQLite's files beside this one can be found: the file has only one name, and is not
/// mounted as a single file.
std::optional<StoreOpenError> StoreFile::check_alone() const {
  if (is_mounted_by_itself(descriptor_.get())) {
    return mounted_by_itself(path_);
  }
  struct stat status {};
  if (fstat(descriptor_.get(), &status) != 0) {
    return cannot_be("opened");
  }
  if (status.st_nlink > 1) {
    return StoreOpenError{
        fmt::format(
            "{}: has {} names (hard links), and the latest changes may be in a file beside another "
            "name; keep only the name that tribard used, and make copies as "
            "docs/storage.md says",
            path_, status.st_nlink),
        false};
  }
  return std::nullopt;
}

bool StoreFile::is_in_place() const {
  struct stat ours {};
  struct stat there {};
  return fstat(descriptor_.get(), &ours) == 0 && stat(path_.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

std::optional<std::string> StoreFile::head(std::size_t size) const {
  std::string bytes(size, '\0');
  const ssize_t got = pread(descriptor_.get(), bytes.data(), size, 0);
  if (got < 0) {
    return std::nullopt;
  }
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

Result<std::string, StoreOpenError> StoreFile::begin_draft() {
  const std::string draft = draft_of(place_);
  for (const char* suffix : {"", "-journal"}) {
    unlink((draft + suffix).c_str());
  }
  // SQLite gives its other files the same mode as this one.
  draft_ =
      Descriptor(::open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (draft_.get() < 0 || flock(draft_.get(), LOCK_EX | LOCK_NB) != 0) {
    return cannot_be("created");
  }
  return draft;
}

std::optional<StoreOpenError> StoreFile::take_draft() {
  const auto bytes = head(1);
  if (!is_in_place() || !bytes || !bytes->empty()) {
    return StoreOpenError{fmt::format("{}: another process replaced the file", path_), true};
  }
  if (rename(draft_of(place_).c_str(), place_.c_str()) != 0) {
    return errno == EBUSY ? mounted_by_itself(path_) : cannot_be("created");
  }
  descriptor_ = std::exchange(draft_, Descriptor{});
  if (!is_in_place()) {
    return StoreOpenError{fmt::format("{}: another process replaced the file", path_), true};
  }
  if (!sync_folder_of(place_)) {
    return cannot_be("created");
  }
  return std::nullopt;
}

}  // namespace tribar
