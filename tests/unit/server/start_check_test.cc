// SPDX-License-Identifier: MIT
//
// What `tribard -t` says about the addresses.
#include "server/start_check.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "support/test_peer.h"
#include "support/test_server.h"
#include "uv/socket.h"

namespace tribar::test {
namespace {

/// A socket that listens on the loopback, of a program that answers nobody.
class SilentProgram {
 public:
  SilentProgram() {
    socket_.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_.fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_.fd, 4), 0);
    EXPECT_EQ(getsockname(socket_.fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  uv::Socket socket_;
  std::uint16_t port_ = 0;
};

TEST(CheckListen, SaysNothingAboutFreeAddresses) {
  const ListenCheck found = check_listen({{"127.0.0.1", 0}, {"127.0.0.1", 0}, {"::1", 0}});
  EXPECT_EQ(found.problems, std::vector<std::string>{});
  EXPECT_EQ(found.remarks, std::vector<std::string>{});
}

TEST(CheckListen, TellsARunningServerFromAnotherProgram) {
  TestServer server;
  const SilentProgram other;
  const ListenCheck found =
      check_listen({{"127.0.0.1", server.port()}, {"127.0.0.1", other.port()}});
  EXPECT_EQ(found.remarks, std::vector<std::string>{fmt::format(
                               "127.0.0.1:{} is in use by a running tribard", server.port())});
  EXPECT_EQ(
      found.problems,
      std::vector<std::string>{fmt::format(
          "cannot listen on 127.0.0.1:{}: it is in use, and no tribard answered there within 2 s",
          other.port())});
}

TEST(CheckListen, FindsAServerThatHasNoRoom) {
  Config config;
  config.limits.connections = 1;
  TestServer server(config);
  TestPeer only = created(server.port(), "ann");
  EXPECT_EQ(check_listen({{"127.0.0.1", server.port()}}).problems, std::vector<std::string>{});
}

TEST(CheckListen, NamesEveryAddressThatCannotBe) {
  // 192.0.2.0/24 is for documentation: no machine has such an address.
  const ListenCheck found = check_listen({{"no.such.host.invalid", 1}, {"192.0.2.1", 0}});
  ASSERT_EQ(found.problems.size(), 2U);
  EXPECT_TRUE(found.problems[0].starts_with("cannot listen on no.such.host.invalid:1: "));
  EXPECT_EQ(found.problems[1], "cannot listen on 192.0.2.1:0: address not available");
}

TEST(CheckListen, FindsAddressesThatAreInEachOthersWay) {
  const std::uint16_t port = SilentProgram().port();  // free again
  const ListenCheck found = check_listen({{"127.0.0.1", port}, {"0.0.0.0", port}, {"::1", port}});
  EXPECT_EQ(
      found.problems,
      std::vector<std::string>{fmt::format(
          "cannot listen on 0.0.0.0:{0}: it overlaps another address of listen, 127.0.0.1:{0}",
          port)});
}

}  // namespace
}  // namespace tribar::test
