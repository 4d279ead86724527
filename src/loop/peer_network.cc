// SPDX-License-Identifier: MIT
//
// See peer_network.h.
#include "loop/peer_network.h"

#include <fmt/format.h>

namespace tribar {

std::string text_of(PeerNetwork network) {
  if (network == PeerNetwork{}) {
    return "Unix sockets";
  }
  const auto byte = [network](int shift) {
    return static_cast<unsigned char>(network.value >> shift);
  };
  if (network.value >> 32 == 0xffffffff) {
    return fmt::format("{}.{}.{}.{}", byte(24), byte(16), byte(8), byte(0));
  }
  if (network == PeerNetwork{kLoopbackNetwork}) {
    return "::/64";
  }
  in6_addr address{};
  for (int i = 0; i < 8; ++i) {
    address.s6_addr[i] = byte(56 - 8 * i);
  }
  char text[INET6_ADDRSTRLEN] = "";
  static_cast<void>(inet_ntop(AF_INET6, &address, text, sizeof text));
  return std::string(text) + "/64";
}

}  // namespace tribar
