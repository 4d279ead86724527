// SPDX-License-Identifier: MIT
//
// See start_check.h.
#include "server/start_check.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "uv/error.h"
#include "uv/listener.h"
#include "zero/command.h"

namespace tribar {
namespace {

socklen_t size_of(const sockaddr* address) {
  return address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

/// Whether `a` and `b` cannot both be listened at.
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

/// Whether a server of protocol 0 answers at `address`. Sends a DELIVER before a login, which costs
/// the server almost nothing: it answers with a RESPONSE, and so does a server that rejects
/// connections.
bool is_answered(const sockaddr* address) {
  uv::Socket socket;
  socket.fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};  // for each call
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

ListenCheck check_listen(const std::vector<ListenerSettings>& listeners) {
  ListenCheck found;
  std::vector<uv::Address> earlier;
  for (const ListenerSettings& listen : listeners) {
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
        found.problems.push_back(
            fmt::format("cannot listen on {}: it overlaps another address of listen, {}", text,
                        uv::address_text(same->raw())));
        continue;
      }
      earlier.push_back(address);
      const int code = uv::try_bind(address);
      if (code == UV_EADDRINUSE && is_answered(address.raw())) {
        found.remarks.push_back(fmt::format("{} is in use by a running tribard", text));
      } else if (code == UV_EADDRINUSE) {
        found.problems.push_back(fmt::format(
            "cannot listen on {}: it is in use, and no tribard answered there within 2 s", text));
      } else if (code != 0) {
        found.problems.push_back(fmt::format("cannot listen on {}: {}", text, uv::text_of(code)));
      }
    }
  }
  return found;
}

}  // namespace tribar
