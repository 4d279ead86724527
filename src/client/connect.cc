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
Descriptor try_address(const addrinfo& address) {
  Descriptor socket(::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, 0));
  if (socket.get() < 0 || ::connect(socket.get(), address.ai_addr, address.ai_addrlen) != 0 ||
      ::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0) {
    const int reason = errno;
    socket = Descriptor();
    errno = reason;
    return socket;
  }
  // A command is one small write whose answer is awaited. Without this option the next command is
  // only slower, so a failure is ignored.
  const int on = 1;
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

}  // namespace

Result<Descriptor, ConnectError> connect_to(const ServerAddress& address) {
  const auto failed = [&address](const std::string& why) {
    return ConnectError{
        fmt::format("cannot connect to {}: {}", log::escaped(to_string(address)), why)};
  };
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
