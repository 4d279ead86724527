// SPDX-License-Identifier: MIT
//
// See own_files.h.
#include "client/own_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "base/log.h"
#include "chat/text.h"
#include "zero/command1.h"

namespace tribar {
namespace {

FileError failed(const std::string& path, std::string_view why) {
  return {fmt::format("{}: {}", log::escaped(path, path.size()), why)};
}

FileError failed(const std::string& path, int error) { return failed(path, std::strerror(error)); }

/// The first line of a file, with no more than `most` bytes; longer ones are refused.
Result<std::string, FileError> first_line(const std::string& path, std::size_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    return failed(path, errno);
  }
  std::string line;
  line.reserve(most + 2);  // so that it never moves: it may be a secret
  std::array<char, 1> byte;
  while (true) {
    const ssize_t got = ::read(file.get(), byte.data(), byte.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return failed(path, errno);
    }
    if (got == 0 || byte[0] == '\n') {
      break;
    }
    if (line.size() > most) {
      return failed(path, fmt::format("its first line has more than {} bytes", most));
    }
    line += byte[0];
  }
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  if (line.size() > most) {
    return failed(path, fmt::format("its first line has more than {} bytes", most));
  }
  return line;
}

/// 64 possibilities a byte, 20 bytes: no two installations choose the same.
std::optional<std::string> random_name() {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  static_assert(kLetters.size() == 64);
  std::array<unsigned char, 20> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return std::nullopt;
  }
  std::string name;
  for (const unsigned char byte : bytes) {
    name += kLetters[byte % kLetters.size()];
  }
  return name;
}

/// Writes a file that only its owner may read; false, with the reason in errno.
bool write_new(const std::string& path, std::string_view text) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  return file.get() >= 0 &&
         ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
         ::fsync(file.get()) == 0;
}

std::string state_folder() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') {  // others are invalid, says its specification
    return std::string(state) + "/tribar";
  }
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? std::string(home) + "/.local/state/tribar" : "";
}

/// Takes the file at `path` for this program, until it ends; makes it if `is_made`. False: another
/// one has it.
bool take_file(const std::string& path, bool is_made) {
  static std::vector<Descriptor> taken;
  const int flags = O_RDONLY | O_CLOEXEC | (is_made ? O_CREAT : 0);
  Descriptor file(::open(path.c_str(), flags, 0600));
  if (file.get() < 0) {
    return false;
  }
  // A file system without locks has none that is taken.
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return false;
  }
  taken.push_back(std::move(file));
  return true;
}

}  // namespace

Result<std::string, FileError> read_secret(const std::string& path) {
  constexpr std::size_t kMostSecretBytes = 512;
  auto secret = first_line(path, kMostSecretBytes);
  if (secret && secret.value().empty()) {
    return failed(path, "its first line is empty, and should be the secret");
  }
  return secret;
}

Result<std::string, FileError> client_name() {
  const std::string folder = state_folder();
  if (folder.empty()) {
    return FileError{"neither $XDG_STATE_HOME nor $HOME names a folder"};
  }
  const std::string path = folder + "/client";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    std::filesystem::create_directories(folder, error);
    if (error) {
      return failed(folder, error.value());
    }
    const auto name = random_name();
    if (!name) {
      return failed(path, errno);
    }
    // Another client may do the same at this moment: the first one's name stays, and is whole.
    const std::string made = fmt::format("{}.{}", path, *name);
    if (!write_new(made, *name + "\n") ||
        (::link(made.c_str(), path.c_str()) != 0 && errno != EEXIST)) {
      const int reason = errno;
      ::unlink(made.c_str());
      return failed(path, reason);
    }
    ::unlink(made.c_str());
  }
  auto name = first_line(path, kMostClientBytes);
  if (name && refuse_username(name.value(), kMostClientBytes)) {
    return failed(path,
                  "it must hold 1 to 32 letters, digits, '.', '_' and '-': remove it, and a "
                  "new one is made");
  }
  if (!name || take_file(path, false)) {
    return name;
  }
  constexpr int kMostPrograms = 8;
  for (int i = 2; i <= kMostPrograms; ++i) {
    const std::string ending = fmt::format(".{}", i);
    if (take_file(path + ending, true)) {
      return name.value().substr(0, kMostClientBytes - ending.size()) + ending;
    }
  }
  return failed(path, fmt::format("{} programs use it already", kMostPrograms));
}

std::string history_path() {
  const std::string folder = state_folder();
  return folder.empty() ? "" : folder + "/history";
}

}  // namespace tribar
