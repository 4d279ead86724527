// SPDX-License-Identifier: MIT
//
// network_of(): who counts as one address; and how the log names those.
#include "loop/peer_network.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tribar {
namespace {

PeerNetwork network(const std::string& text) {
  sockaddr_storage storage{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
  } else {
    storage = {};
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr), 1) << text;
    v6->sin6_family = AF_INET6;
  }
  return network_of(reinterpret_cast<const sockaddr*>(&storage));
}

TEST(PeerNetwork, IsAnIPv4Address) {
  EXPECT_EQ(network("192.0.2.1"), network("192.0.2.1"));
  EXPECT_NE(network("192.0.2.1"), network("192.0.2.2"));
  EXPECT_NE(network("192.0.2.1"), network("1.2.0.192"));
}

TEST(PeerNetwork, IsAnIPv6NetworkOf64Bits) {
  EXPECT_EQ(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  EXPECT_NE(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
  EXPECT_NE(network("2001:db8:1:2::1"), network("2002:db8:1:2::1"));
}

TEST(PeerNetwork, IsTheIPv4AddressOfOneThatIsMapped) {
  EXPECT_EQ(network("::ffff:192.0.2.1"), network("192.0.2.1"));
  EXPECT_NE(network("::ffff:192.0.2.1"), network("::ffff:192.0.2.2"));
  // These are not mapped, and IPv6.
  EXPECT_NE(network("::192.0.2.1"), network("192.0.2.1"));
  EXPECT_EQ(network("::192.0.2.1"), network("::1"));
}

TEST(PeerNetwork, IsNothingForAnotherFamily) {
  sockaddr_storage storage{};
  storage.ss_family = AF_UNIX;
  EXPECT_EQ(network_of(reinterpret_cast<const sockaddr*>(&storage)), PeerNetwork{});
  EXPECT_NE(network("127.0.0.1"), PeerNetwork{});
  EXPECT_NE(network("::1"), PeerNetwork{});
}

TEST(PeerNetwork, HasAText) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"192.0.2.1", "192.0.2.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"0.0.0.0", "0.0.0.0"},
      {"::ffff:192.0.2.254", "192.0.2.254"},
      {"2001:db8:1:2:3::1", "2001:db8:1:2::/64"},
      {"fe80::1", "fe80::/64"},
      {"::1", "::/64"},
  };
  for (const auto& [address, text] : cases) {
    EXPECT_EQ(text_of(network(address)), text);
  }
  EXPECT_EQ(text_of(PeerNetwork{}), "Unix sockets");
}

}  // namespace
}  // namespace tribar
