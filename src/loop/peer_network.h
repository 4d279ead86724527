// SPDX-License-Identifier: MIT
//
// Which peers count as one address for limits on connections: those of one IPv4 address, or of one
// IPv6 /64, the smallest network that a customer usually gets.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <compare>
#include <cstdint>
#include <cstring>
#include <string>

namespace tribar {

/// Equal for peers of one network, and for no others. IPv4 stands in ff00::/8, where no peer is. An
/// IPv4 address that is mapped into IPv6 is itself; 0: of no address, as over a Unix socket.
struct PeerNetwork {
  std::uint64_t value = 0;
  friend auto operator<=>(PeerNetwork, PeerNetwork) = default;
};

/// In place of ::/64, since 0 is taken.
inline constexpr std::uint64_t kLoopbackNetwork = std::uint64_t{0xff} << 56;

[[nodiscard]] inline PeerNetwork network_of(const sockaddr* address) {
  const auto word = [](const void* at) {
    std::uint32_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    return std::uint64_t{ntohl(bytes)};
  };
  constexpr std::uint64_t kV4 = std::uint64_t{0xffffffff} << 32;
  if (address->sa_family == AF_INET) {
    return {kV4 | word(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr)};
  }
  if (address->sa_family != AF_INET6) {
    return {};
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  const unsigned char* bytes = v6->sin6_addr.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
    return {kV4 | word(bytes + 12)};
  }
  const std::uint64_t prefix = word(bytes) << 32 | word(bytes + 4);
  return {prefix == 0 ? kLoopbackNetwork : prefix};
}

/// As text, such as 192.0.2.1 or 2001:db8:1:2::/64.
[[nodiscard]] std::string text_of(PeerNetwork network);

}  // namespace tribar
