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
#include <stdexcept>

#include "base/log.h"
#include "server/listeners.h"
#include "tls/tls_context.h"
#include "uv/error.h"
#include "uv/listener.h"
#include "uv/socket_file.h"
#include "zero/command.h"

namespace tribar {
namespace {

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

/// Whether a tribard answers at `address`, where it would be `listener`: asked for messages before
/// a login, which costs it next to nothing, it refuses with a RESPONSE; so does one that has no
/// room.
bool is_answered(const uv::Address& address, const ListenerSettings& listener) {
  uv::Socket socket;
  socket.fd = ::socket(address.raw()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};  // with each call
  std::string question;
  append_command(question, Deliver{});
  question.front() = listener.allows_zero ? '\0' : '\1';
  if (socket.fd < 0 ||
      setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience) != 0 ||
      setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0 ||
      connect(socket.fd, address.raw(), uv::size_of(address)) != 0 ||
      send(socket.fd, question.data(), question.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(question.size())) {
    return false;
  }
  constexpr char kResponse = 6;
  std::array<char, 2> start{};  // version, code
  return recv(socket.fd, start.data(), start.size(), MSG_WAITALL) ==
             static_cast<ssize_t>(start.size()) &&
         (start[0] == 0 || start[0] == 1) && start[1] == kResponse;
}

/// Somebody listens at `address`: says whether that is as it should be.
void note_in_use(ListenCheck& found, const uv::Address& address, const ListenerSettings& listener) {
  const std::string text = uv::address_text(address.raw());
  if (listener.tls) {
    found.remarks.push_back(
        fmt::format("{} is in use; whether by a tribard is not asked over TLS", text));
  } else if (is_answered(address, listener)) {
    found.remarks.push_back(fmt::format("{} is in use by a running tribard", text));
  } else {
    found.problems.push_back(fmt::format(
        "cannot listen on {}: it is in use, and no tribard answered there within 2 s", text));
  }
}

void check_socket(ListenCheck& found, const ListenerSettings& listener) {
  const auto obstacle = uv::find_obstacle(listener.socket);
  if (obstacle && obstacle->is_in_use) {
    note_in_use(found, uv::socket_address(listener.socket), listener);
  } else if (obstacle) {
    found.problems.push_back(
        fmt::format("cannot listen on {}: {}", place_of(listener), obstacle->text));
  }
}

/// `earlier`: the addresses of the listeners before, to which those of `listener` are added.
void check_addresses(ListenCheck& found, const ListenerSettings& listener,
                     std::vector<uv::Address>& earlier) {
  std::vector<uv::Address> resolved;
  try {
    resolved = uv::resolve(listener.host, listener.port);
  } catch (const std::runtime_error& error) {
    found.problems.emplace_back(error.what());
    return;
  }
  for (const uv::Address& address : resolved) {
    const std::string text = uv::address_text(address.raw());
    const auto same = std::find_if(earlier.begin(), earlier.end(), [&](const uv::Address& other) {
      return overlap(address, other);
    });
    if (same != earlier.end()) {
      found.problems.push_back(
          fmt::format("cannot listen on {}: it overlaps another address of listen, {}", text,
                      uv::address_text(same->raw())));
      continue;
    }
    earlier.push_back(address);
    const int code = uv::try_bind(address);
    if (code == UV_EADDRINUSE) {
      note_in_use(found, address, listener);
    } else if (code != 0) {
      found.problems.push_back(fmt::format("cannot listen on {}: {}", text, uv::text_of(code)));
    }
  }
}

}  // namespace

ListenCheck check_listen(const std::vector<ListenerSettings>& listeners) {
  ListenCheck found;
  std::vector<uv::Address> earlier;
  for (const ListenerSettings& listener : listeners) {
    if (listener.socket.empty()) {
      check_addresses(found, listener, earlier);
    } else {
      check_socket(found, listener);
    }
  }
  return found;
}

ListenCheck check_tls(const Config& config) {
  if (!needs_tls(config)) {
    return {};
  }
  const auto context = TlsContext::load(tls_settings(config));
  if (!context) {
    return {{}, context.error()};
  }
  ListenCheck found;
  found.remarks = context.value()->warnings();
  found.remarks.push_back("tls: " + context.value()->description());
  return found;
}

std::optional<std::string> check_log(const Config& config) {
  const std::string& path = config.log.file;
  if (path == log::kStandardError) {
    return std::nullopt;
  }
  struct stat found {};
  int code = 0;
  if (stat(path.c_str(), &found) == 0) {
    code = S_ISDIR(found.st_mode) ? EISDIR : access(path.c_str(), W_OK) == 0 ? 0 : errno;
  } else if (errno == ENOENT) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    code = access(folder.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
  } else {
    code = errno;
  }
  return code == 0 ? std::nullopt
                   : std::optional(
                         fmt::format("log.file: cannot open {}: {}", path, std::strerror(code)));
}

}  // namespace tribar
