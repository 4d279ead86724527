// SPDX-License-Identifier: MIT
//
// LIST over so many accounts that it is worked off in slices.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

constexpr std::size_t kAccounts = 30'000;
/// Takes long for every name and matches none.
constexpr std::string_view kHardPattern = "*1*2*3*4*5*6*x";

/// Creates kAccounts accounts, u0 and so on.
void create_accounts(std::uint16_t port) {
  constexpr std::size_t kAtOnce = 500;
  for (std::size_t at = 0; at < kAccounts; at += kAtOnce) {
    std::vector<TestPeer> peers;
    for (std::size_t i = at; i < at + kAtOnce; ++i) {
      peers.emplace_back(port).send(Create{"u" + std::to_string(i)});
    }
    for (TestPeer& peer : peers) {
      peer.expect(response());
    }
  }
}

TEST(List, OverManyAccountsKeepsItsPlaceAmongTheAnswers) {
  Config config;
  config.limits.undelivered_messages = 100'000;
  TestServer server(config);
  create_accounts(server.port());
  TestPeer ann(server.port());
  TestPeer bob = created(server.port(), "bob");
  std::string frames;
  for (int i = 0; i < 20; ++i) {
    frames += bytes_of(List{kHardPattern}) + bytes_of(Create{"ann"}) +
              send_bytes("ann", "ann", std::to_string(i)) + bytes_of(Delete{}) +
              bytes_of(List{"u??"});
  }
  ann.send_raw(frames);
  // Others are served meanwhile.
  for (int i = 0; i < 100; ++i) {
    bob.send(Send{{"bob", "bob", "me"}});
    bob.expect(message("bob", "bob", "me"));
    bob.expect(message("bob", "bob", "me"));
  }
  std::vector<std::string> two_digits;
  for (int i = 10; i < 100; ++i) {
    two_digits.push_back("u" + std::to_string(i));
  }
  for (int i = 0; i < 20; ++i) {
    ann.expect(names({}));
    ann.expect(response());
    ann.expect(message("ann", "ann", std::to_string(i)));
    ann.expect(message("ann", "ann", std::to_string(i)));
    ann.expect(names(two_digits));
  }

  // Everything, by many at once, some of whom go away.
  std::vector<std::string> all;
  for (std::size_t i = 0; i < kAccounts; ++i) {
    all.push_back("u" + std::to_string(i));
  }
  all.emplace_back("bob");
  const WireFrame everyone = names(all);
  std::vector<TestPeer> askers;
  for (int i = 0; i < 30; ++i) {
    askers.emplace_back(server.port()).send(List{""});
    if (i % 3 == 1) {
      askers.back().reset();
    } else if (i % 3 == 2) {
      askers.back().half_close();
    }
  }
  for (std::size_t i = 0; i < askers.size(); ++i) {
    if (i % 3 != 1) {
      ASSERT_TRUE(askers[i].receive() == everyone) << i;
    }
    if (i % 3 == 2) {
      askers[i].expect_closed();
    }
  }
}

}  // namespace
}  // namespace tribar::test
