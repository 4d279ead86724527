// SPDX-License-Identifier: MIT
//
// See start_check.h.
#include "server/start_check.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "uv/error.h"
#include "uv/listener.h"
#include "zero/command.h"

namespace tribar {
namespace {

namespace fs = std::filesystem;

/// Where a new file would be made: `path`, or what the symbolic links there lead to, which need not
/// be there.
fs::path followed(fs::path path) {
  constexpr int kMostLinks = 40;
  std::error_code error;
  for (int links = 0; links < kMostLinks && fs::is_symlink(path, error); ++links) {
    path = path.parent_path() / fs::read_symlink(path, error);
  }
  return path;
}

std::string folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path().string() : ".";
}

/// `text` as a shell reads it again.
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

std::string_view kind_of(fs::file_type type) {
  switch (type) {
    case fs::file_type::directory:
      return "a folder";
    case fs::file_type::block:
    case fs::file_type::character:
      return "a device";
    case fs::file_type::fifo:
      return "a FIFO";
    case fs::file_type::socket:
      return "a socket";
    default:
      return "something else";
  }
}

socklen_t size_of(const sockaddr* address) {
  return address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

/// Whether one of `a` and `b` cannot be listened at while the other is.
bool overlap(const uv::Address& a, const uv::Address& b) {
  if (a.raw()->sa_family != b.raw()->sa_family) {
    return false;
  }
  if (a.raw()->sa_family == AF_INET6) {
    const auto& one = *reinterpret_cast<const sockaddr_in6*>(a.raw());
    const auto& other = *reinterpret_cast<const sockaddr_in6*>(b.raw());
    return one.sin6_port == other.sin6_port && one.sin6_port != 0 &&
           (IN6_IS_ADDR_UNSPECIFIED(&one.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&other.sin6_addr) ||
            (IN6_ARE_ADDR_EQUAL(&one.sin6_addr, &other.sin6_addr) &&
             one.sin6_scope_id == other.sin6_scope_id));
  }
  const auto& one = *reinterpret_cast<const sockaddr_in*>(a.raw());
  const auto& other = *reinterpret_cast<const sockaddr_in*>(b.raw());
  return one.sin_port == other.sin_port && one.sin_port != 0 &&
         (one.sin_addr.s_addr == INADDR_ANY || other.sin_addr.s_addr == INADDR_ANY ||
          one.sin_addr.s_addr == other.sin_addr.s_addr);
}

/// Whether a server of protocol 0 answers at `address`: asked for messages before a login, which
/// costs it next to nothing, it refuses with a RESPONSE; so does one that has no room.
bool is_answered(const sockaddr* address) {
  uv::Socket socket;
  socket.fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};  // with each call
  std::string question;
  append_command(question, Deliver{});
  if (socket.fd < 0 ||
      setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience) != 0 ||
      setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0 ||
      connect(socket.fd, address, size_of(address)) != 0 ||
      send(socket.fd, question.data(), question.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(question.size())) {
    return false;
  }
  constexpr std::string_view kStart("\0\x06", 2);  // version 0, RESPONSE
  std::array<char, kStart.size()> start{};
  return recv(socket.fd, start.data(), start.size(), MSG_WAITALL) ==
             static_cast<ssize_t>(start.size()) &&
         std::string_view(start.data(), start.size()) == kStart;
}

}  // namespace

std::optional<std::string> storage_folder_problem(const std::string& path) {
  const std::string folder = folder_of(followed(path));
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found) {
    return fmt::format("{}: its folder does not exist; create it with: install -d -m 0700 {}", path,
                       shell_quoted(folder));
  }
  if (error) {
    return fmt::format("{}: its folder cannot be used: {}", path, error.message());
  }
  if (status.type() != fs::file_type::directory) {
    return fmt::format("{}: {} is not a folder", path, folder);
  }
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return fmt::format("{}: its folder {} must be writable: {}", path, folder,
                       std::strerror(errno));
  }
  return std::nullopt;
}

std::optional<StoreOpenError> storage_problem(const std::string& path) {
  if (auto problem = storage_folder_problem(path)) {
    return StoreOpenError{*std::move(problem), true};
  }
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return std::nullopt;  // it will be made
  }
  if (error) {
    return StoreOpenError{fmt::format("{}: cannot be used: {}", path, error.message()), true};
  }
  if (status.type() != fs::file_type::regular) {
    return StoreOpenError{
        fmt::format("{}: is {}, and a store is a regular file; name another storage.path", path,
                    kind_of(status.type())),
        false};
  }
  if (access(path.c_str(), R_OK | W_OK) != 0) {
    return StoreOpenError{
        fmt::format("{}: must be readable and writable: {}", path, std::strerror(errno)), true};
  }
  return std::nullopt;
}

ListenCheck check_listen(const std::vector<ListenAddress>& addresses) {
  ListenCheck found;
  std::vector<uv::Address> earlier;
  for (const ListenAddress& listen : addresses) {
    std::vector<uv::Address> resolved;
    try {
      resolved = uv::resolve(listen.host, listen.port);
    } catch (const std::runtime_error& error) {
      found.problems.emplace_back(error.what());
      continue;
    }
    for (const uv::Address& address : resolved) {
      const std::string text = uv::address_text(address.raw());
      const auto same = std::find_if(earlier.begin(), earlier.end(), [&](const uv::Address& other) {
        return overlap(address, other);
      });
      if (same != earlier.end()) {
        found.problems.push_back(fmt::format("cannot listen on {}: another address of listen is {}",
                                             text, uv::address_text(same->raw())));
        continue;
      }
      earlier.push_back(address);
      const int code = uv::try_bind(address);
      if (code == UV_EADDRINUSE && is_answered(address.raw())) {
        found.remarks.push_back(fmt::format("{} is in use by a running tribard", text));
      } else if (code == UV_EADDRINUSE) {
        found.problems.push_back(
            fmt::format("cannot listen on {}: it is in use, and no tribard answers there", text));
      } else if (code != 0) {
        found.problems.push_back(fmt::format("cannot listen on {}: {}", text, uv::text_of(code)));
      }
    }
  }
  return found;
}

}  // namespace tribar
