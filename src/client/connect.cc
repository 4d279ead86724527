// SPDX-License-Identifier: MIT
//
// See connect.h.
#include "client/connect.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/log.h"

namespace tribar {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

std::string numeric_host(const addrinfo& address) {
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(address.ai_addr, address.ai_addrlen, host.data(), host.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    return "?";
  }
  return host.data();
}

/// Returns the connected socket, or none, with the reason in errno.
Descriptor try_address(int family, const sockaddr* address, socklen_t size) {
  Descriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0 || ::connect(socket.get(), address, size) != 0 ||
      ::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0) {
    const int reason = errno;
    socket = Descriptor();
    errno = reason;
  }
  return socket;
}

Descriptor try_address(const addrinfo& address) {
  Descriptor socket = try_address(address.ai_family, address.ai_addr, address.ai_addrlen);
  if (socket.get() < 0) {
    return socket;
  }
  // A command is one small write whose answer is awaited. Without this option the next command is
  // only slower, so a failure is ignored.
  const int on = 1;
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

Descriptor try_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return Descriptor();
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  return try_address(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace

bool reaches_this_machine_only(const Descriptor& socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    return false;
  }
  if (peer.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in&>(peer);
    return ntohl(address.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  if (peer.ss_family == AF_INET6) {
    const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&address) ||
           (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == IN_LOOPBACKNET);
  }
  return peer.ss_family == AF_UNIX;
}

Result<Descriptor, ConnectError> connect_to(const ServerAddress& address) {
  const auto failed = [&address](const std::string& why) {
    return ConnectError{
        fmt::format("cannot connect to {}: {}", log::escaped(to_string(address)), why)};
  };
  if (address.kind == ServerAddress::Kind::Unix) {
    Descriptor socket = try_path(address.path);
    if (socket.get() < 0) {
      return failed(std::strerror(errno));
    }
    return socket;
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  const int code = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &first);
  if (code != 0) {
    return failed(code == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(code));
  }
  const Addresses addresses(first);
  std::string reasons;
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    Descriptor socket = try_address(*at);
    if (socket.get() >= 0) {
      return socket;
    }
    const std::string reason = std::strerror(errno);
    const std::string host = numeric_host(*at);
    reasons += reasons.empty() ? "" : "; ";
    reasons += host == address.host ? reason : fmt::format("{}: {}", host, reason);
  }
  return failed(reasons);
}

}  // namespace tribar
