// SPDX-License-Identifier: MIT
//
// See history_file.h.
#include "client/history_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace tribar {
namespace {

/// Without others' rights, as XDG wants its folders.
bool make_folders(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (folder.empty() || std::filesystem::exists(folder, error)) {
    return true;
  }
  if (!make_folders(folder.string())) {
    return false;
  }
  return ::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST;
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return true;
}

/// All from where the file is read to its end; none, with the reason in errno.
std::optional<std::string> read_all(int file) {
  std::string text;
  while (true) {
    constexpr std::size_t kChunkBytes = 65536;
    const std::size_t had = text.size();
    text.resize(had + kChunkBytes);
    const ssize_t got = ::read(file, text.data() + had, kChunkBytes);
    text.resize(had + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got == 0 || text.size() > 2 * HistoryFile::kMostFileBytes) {
      return text;
    }
    if (got < 0 && errno != EINTR) {
      return std::nullopt;
    }
  }
}

}  // namespace

History HistoryFile::load() {
  if (path_.empty()) {
    return {};
  }
  const auto file = open_locked();
  if (!file) {
    return {};
  }
  struct stat status {};
  const off_t most = static_cast<off_t>(kMostFileBytes);
  const bool is_long = ::fstat(file->get(), &status) == 0 && status.st_size > most;
  if (is_long) {
    static_cast<void>(::lseek(file->get(), -most, SEEK_END));  // a regular file can
  }
  auto content = read_all(file->get());
  if (!content) {
    fail("cannot be read", errno);
    return {};
  }
  if (is_long) {
    content->erase(0, content->find('\n'));  // part of a line
    content->erase(0, 1);
  }
  ParsedHistory parsed = parse_history(*content);
  lines_ = parsed.lines;
  if (parsed.damaged > 0) {
    trouble_ = fmt::format("the history in {} is damaged: {} of its {} lines were left out",
                           log::escaped(path_, path_.size()), parsed.damaged, parsed.lines);
  }
  if (is_long || lines_ > kMostFileLines) {
    cut(parsed.history);
  } else if (!content->empty() && content->back() != '\n' && !write_all(file->get(), "\n")) {
    fail("cannot be written", errno);  // the next line must not join a broken one
  }
  return std::move(parsed.history);
}

void HistoryFile::add(std::string_view line) {
  if (path_.empty()) {
    return;
  }
  if (lines_ >= kMostFileLines) {
    load();
  }
  const auto file = open_locked();
  if (!file) {
    return;
  }
  if (!write_all(file->get(), history_entry(line) + '\n')) {
    fail("cannot be written", errno);
    return;
  }
  ++lines_;
}

std::optional<std::string> HistoryFile::take_trouble() {
  return std::exchange(trouble_, std::nullopt);
}

/// The file that stands at the path, with the lock on it.
std::optional<Descriptor> HistoryFile::open_locked() {
  if (!make_folders(path_)) {
    fail("its folder cannot be made", errno);
    return std::nullopt;
  }
  while (true) {
    Descriptor file(
        ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600));
    struct stat opened {};
    if (file.get() < 0 || ::fstat(file.get(), &opened) != 0) {
      fail("cannot be opened", errno);
      return std::nullopt;
    }
    if (!S_ISREG(opened.st_mode) || opened.st_uid != ::geteuid()) {
      fail("it is no file of yours", 0);
      return std::nullopt;
    }
    constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
    if ((opened.st_mode & kOthers) != 0 && ::fchmod(file.get(), S_IRUSR | S_IWUSR) != 0) {
      fail("others' rights cannot be taken away", errno);
      return std::nullopt;
    }
    int locked = -1;
    do {
      locked = ::flock(file.get(), LOCK_EX);
    } while (locked != 0 && errno == EINTR);
    if (locked != 0) {
      fail("cannot be locked", errno);
      return std::nullopt;
    }
    struct stat now {};
    if (::stat(path_.c_str(), &now) == 0 && now.st_ino == opened.st_ino &&
        now.st_dev == opened.st_dev) {
      return file;
    }
    // Another client has replaced it while this one waited.
  }
}

/// Replaces the file, which is locked.
void HistoryFile::cut(const History& history) {
  std::error_code error;
  const auto at = std::filesystem::canonical(path_, error);  // a link stays one
  const std::string path = error ? path_ : at.string();
  const std::string made = fmt::format("{}.{}", path, ::getpid());
  std::string content;
  for (std::size_t age = history.size(); age > 0; --age) {
    content += history_entry(history.line(age)) + '\n';
  }
  const Descriptor file(::open(made.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.get() < 0 || !write_all(file.get(), content) ||
      ::rename(made.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::unlink(made.c_str());
    fail("cannot be cut", reason);
    return;
  }
  lines_ = history.size();
}

/// Gives up the file. `error`: an errno, or 0.
void HistoryFile::fail(std::string_view what, int error) {
  trouble_ = fmt::format("the history is not kept in {}: {}{}{}", log::escaped(path_, path_.size()),
                         what, error == 0 ? "" : ": ", error == 0 ? "" : std::strerror(error));
  path_.clear();
}

}  // namespace tribar
