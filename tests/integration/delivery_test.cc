// SPDX-License-Identifier: MIT
//
// Messages between connections: each arrives once, in order, with its echo.
#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

TEST(Delivery, ReachesAPresentReaderAndEchoes) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob = created(server.port(), "bob");
  ann.send(Send{{"ann", "bob", "hello"}});
  bob.expect(message("ann", "bob", "hello"));
  ann.expect(message("ann", "bob", "hello"));
  ann.expect_nothing_before_an_answer();
  bob.expect_nothing_before_an_answer();
}

TEST(Delivery, WaitsForAnAbsentReaderUntilItAsks) {
  TestServer server;
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  ann.send_raw(send_bytes("ann", "bob", "1") + send_bytes("ann", "bob", "2"));
  ann.expect(message("ann", "bob", "1"));
  ann.expect(message("ann", "bob", "2"));
  TestPeer bob = logged_in(server.port(), "bob");
  bob.expect_nothing_before_an_answer();
  ann.send(Send{{"ann", "bob", "live"}});
  bob.expect(message("ann", "bob", "live"));
  bob.send(Deliver{});
  bob.expect(message("ann", "bob", "1"));
  bob.expect(message("ann", "bob", "2"));
  bob.send(Deliver{});
  bob.expect_nothing_before_an_answer();
}

TEST(Delivery, RefusesWithAReason) {
  TestServer server;
  TestPeer nobody(server.port());
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  nobody.send(Send{{"ann", "bob", "hello"}});
  nobody.expect(response("attempting to send a message before logging in"));
  ann.send(Send{{"bob", "ann", "hello"}});
  ann.expect(response("the sender is not the account that is logged in on this connection"));
  ann.send(Send{{"ann", "cid", "hello"}});
  ann.expect(response("recipient does not exist"));
  ann.expect_nothing_before_an_answer();
}

TEST(Delivery, IsGoneWithTheAccount) {
  TestServer server;
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  ann.send(Send{{"ann", "bob", "old"}});
  ann.expect(message("ann", "bob", "old"));
  TestPeer bob = logged_in(server.port(), "bob");
  bob.send_raw(bytes_of(Delete{}) + bytes_of(Create{"bob"}) + bytes_of(Deliver{}));
  bob.expect(response());
  bob.expect_nothing_before_an_answer();
}

/// Everyone sends to everyone, with `window` messages under way each: everything arrives once and
/// in order between each two, and every echo in order.
void talk(const Config& config, std::size_t peers, std::size_t rounds, std::size_t window) {
  TestServer server(config);
  std::vector<TestPeer> all;
  std::vector<std::string> who;
  for (std::size_t i = 0; i < peers; ++i) {
    who.push_back("u" + std::to_string(i));
    all.push_back(created(server.port(), who.back()));
  }
  std::vector<std::map<std::string, std::size_t>> heard(peers);
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < peers; ++i) {
      std::string frames;
      for (std::size_t n = 0; n < window; ++n) {
        frames += send_bytes(who[i], who[(i + 1 + n) % peers], std::to_string(round * window + n));
      }
      all[i].send_raw(frames);
    }
    for (std::size_t i = 0; i < peers; ++i) {
      // What it sent, and as much from others.
      for (std::size_t n = 0; n < 2 * window; ++n) {
        const WireFrame frame = all[i].receive();
        const std::string from_to = frame.data.substr(0, frame.data.rfind("|||"));
        const std::size_t number = std::stoul(frame.data.substr(from_to.size() + 3));
        // Numbers grow between each two; one to oneself comes twice.
        std::size_t& next = heard[i][from_to];
        ASSERT_GE(number + 1, next) << from_to;
        next = number + 1;
      }
    }
  }
  for (TestPeer& peer : all) {
    peer.expect_nothing_before_an_answer();
  }
}

TEST(Delivery, KeepsOrderAmongMany) { talk({}, 20, 50, 16); }

TEST(Delivery, KeepsOrderAmongManyWithSeveralWorkers) {
  Config config;
  config.workers = 3;
  talk(config, 20, 50, 16);
}

TEST(Delivery, KeepsOrderAmongManyWithSmallWindows) {
  Config config;
  config.limits.in_flight_commands = 2;
  config.limits.outbox_bytes = 4096;
  talk(config, 20, 10, 100);
}

TEST(Delivery, CarriesMessagesOfEveryLengthUpToTheLimit) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob = created(server.port(), "bob");
  for (const std::size_t bytes :
       std::initializer_list<std::size_t>{0, 1, 4095, 4096, 16383, 16384, 65536 - 12}) {
    const std::string text(bytes, 'x');
    ann.send(Send{{"ann", "bob", text}});
    ann.expect(message("ann", "bob", text));
    bob.expect(message("ann", "bob", text));
  }
}

TEST(Delivery, CarriesMessagesOfMegabytes) {
  Config config;
  config.limits.frame_bytes = 32 << 20;
  config.limits.undelivered_bytes = 1 << 30;
  TestServer server(config);
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob = created(server.port(), "bob");
  const std::string text(20 << 20, 'x');
  ann.send_raw(send_bytes("ann", "bob", text) + send_bytes("ann", "bob", "short"));
  ann.expect(message("ann", "bob", text));
  ann.expect(message("ann", "bob", "short"));
  bob.expect(message("ann", "bob", text));
  bob.expect(message("ann", "bob", "short"));
}

}  // namespace
}  // namespace tribar::test
