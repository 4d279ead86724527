// SPDX-License-Identifier: MIT
//
// See listener.h.
#include "uv/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <array>
#include <cstring>
#include <memory>

#include "uv/error.h"

namespace tribar::uv {

std::vector<Address> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), fmt::format("{}", port).c_str(), &hints, &found);
  if (code != 0) {
    throw std::runtime_error(
        fmt::format("cannot listen on {}:{}: {}", host, port, gai_strerror(code)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    Address address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    addresses.push_back(address);
  }
  return addresses;
}

std::string address_text(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    uv_ip6_name(v6, host.data(), host.size());
    return fmt::format("[{}]:{}", host.data(), ntohs(v6->sin6_port));
  }
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
  uv_ip4_name(v4, host.data(), host.size());
  return fmt::format("{}:{}", host.data(), ntohs(v4->sin_port));
}

Listener::Listener(Loop& loop, const Address& address, int backlog,
                   std::function<void(Listener&)> on_connection)
    : on_connection_(std::move(on_connection)) {
  const std::string what = "cannot listen on " + address_text(address.raw());
  auto holder = std::make_unique<Holder>();
  check(uv_tcp_init(loop.raw(), &holder->handle), what.c_str());
  holder->handle.data = holder.get();
  holder->owner = this;
  holder_.reset(holder.release());
  const bool is_v6 = address.raw()->sa_family == AF_INET6;
  check(uv_tcp_bind(&holder_->handle, address.raw(), is_v6 ? UV_TCP_IPV6ONLY : 0), what.c_str());
  check(uv_listen(raw(), backlog,
                  [](uv_stream_t* stream, int code) noexcept {
                    Listener& listener = *static_cast<Holder*>(stream->data)->owner;
                    if (code == 0) {
                      listener.on_connection_(listener);
                    }
                  }),
        what.c_str());
}

std::string Listener::bound_address() const {
  sockaddr_storage address{};
  int size = sizeof address;
  uv_tcp_getsockname(&holder_->handle, reinterpret_cast<sockaddr*>(&address), &size);
  return address_text(reinterpret_cast<const sockaddr*>(&address));
}

}  // namespace tribar::uv
