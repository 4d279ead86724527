// SPDX-License-Identifier: MIT
//
// Protocol 0 over Unix sockets: the same conversation, and what is different.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

class UnixSocket : public testing::Test {
 protected:
  [[nodiscard]] Config config() const {
    Config config;
    config.listen = {{.socket = path_}};
    return config;
  }
  [[nodiscard]] TestPeer connected() const { return TestPeer::at_socket(path_); }
  [[nodiscard]] TestPeer created(std::string_view name) const {
    TestPeer peer = connected();
    peer.create(name);
    return peer;
  }
  [[nodiscard]] TestPeer logged_in(std::string_view name) const {
    TestPeer peer = connected();
    peer.login(name);
    return peer;
  }
  [[nodiscard]] bool is_there() const {
    struct stat found {};
    return lstat(path_.c_str(), &found) == 0;
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("tribar.sock");
};

TEST_F(UnixSocket, CarriesAWholeConversation) {
  TestServer server(config());
  TestPeer ann = created("ann");
  TestPeer bob(server.port());  // over TCP: it is one server
  bob.create("bob");
  TestPeer cid = connected();
  cid.send(Create{"ann"});
  cid.expect(response("username already exists"));
  cid.send(Login{"ann"});
  cid.expect(response("user is already logged in"));
  cid.send(Send{{"ann", "bob", "not mine"}});
  EXPECT_EQ(cid.receive().code, response().code);
  cid.send(List{"*"});
  cid.expect(names({"ann", "bob"}));

  ann.send(Send{{"ann", "bob", "hello"}});
  ann.expect(message("ann", "bob", "hello"));
  bob.expect(message("ann", "bob", "hello"));
  bob.send(Send{{"bob", "ann", "and you"}});
  bob.expect(message("bob", "ann", "and you"));
  ann.expect(message("bob", "ann", "and you"));

  ann.close();
  bob.send(Send{{"bob", "ann", "later"}});
  bob.expect(message("bob", "ann", "later"));
  ann = logged_in("ann");
  ann.send(Deliver{});
  ann.expect(message("bob", "ann", "later"));
  ann.send(Delete{});
  ann.expect_nothing_before_an_answer();
  cid.send(List{""});
  cid.expect(names({"bob"}));

  cid.send_raw("\x07");
  EXPECT_EQ(cid.receive().code, response().code);
  cid.expect_closed();
}

TEST_F(UnixSocket, AnswersWhatWasAskedBeforeAHalfClose) {
  TestServer server(config());
  TestPeer ann = connected();
  ann.send_raw(bytes_of(Create{"ann"}) + send_bytes("ann", "ann", "hi") + bytes_of(List{""}));
  ann.half_close();
  EXPECT_EQ(ann.receive_rest(),
            (std::vector<WireFrame>{response(), message("ann", "ann", "hi"),
                                    message("ann", "ann", "hi"), names({"ann"})}));
}

// Far more than a socket takes.
TEST_F(UnixSocket, CarriesManyLargeMessagesToASlowReaderInOrder) {
  TestServer server(config());
  TestPeer bob = created("bob");
  TestPeer ann = created("ann");
  constexpr int kMessages = 200;
  const auto text = [](int i) { return std::to_string(i) + std::string(60000, 'x'); };
  for (int i = 0; i < kMessages; ++i) {
    ann.send(Send{{"ann", "bob", text(i)}});
    ann.expect(message("ann", "bob", text(i)));
  }
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_EQ(bob.receive(), message("ann", "bob", text(i))) << i;
  }
}

TEST_F(UnixSocket, KeepsWhatAPeerThatIsGoneWasNotHanded) {
  TestServer server(config());
  TestPeer bob = created("bob");
  TestPeer ann = created("ann");
  constexpr int kMessages = 100;
  const std::string tail(60000, 'x');
  for (int i = 0; i < kMessages; ++i) {
    ann.send(Send{{"ann", "bob", std::to_string(i) + tail}});
    ann.expect(message("ann", "bob", std::to_string(i) + tail));
  }
  bob.close();  // with most of it unread, and more than a socket takes not written
  bob = logged_in("bob");
  ann.send(Send{{"ann", "bob", "last"}});
  ann.expect(message("ann", "bob", "last"));
  bob.send(Deliver{});
  std::vector<WireFrame> frames;
  do {
    frames.push_back(bob.receive());
  } while (!frames.back().data.ends_with(fmt::format("|||{}{}", kMessages - 1, tail)));
  EXPECT_GT(frames.size(), 1U);
}

TEST_F(UnixSocket, IsNoAddressThatConnectionsAreLimitedFrom) {
  Config limited = config();
  limited.limits.connections_per_address = 1;
  TestServer server(limited);
  std::deque<TestPeer> peers;
  for (int i = 0; i < 5; ++i) {
    peers.push_back(created("user" + std::to_string(i)));
  }
  TestPeer first(server.port());
  first.create("ann");
  TestPeer second(server.port());
  EXPECT_EQ(second.receive().code, response().code);
  second.expect_closed();
  peers.front().expect_nothing_before_an_answer();
}

TEST_F(UnixSocket, IsSharedByAllLoops) {
  Config several = config();
  several.io_loops = 4;
  several.workers = 2;
  TestServer server(several);
  std::deque<TestPeer> peers;
  constexpr int kPeers = 24;
  const auto name = [](int i) { return "user" + std::to_string(i % kPeers); };
  for (int i = 0; i < kPeers; ++i) {
    peers.push_back(created(name(i)));
  }
  for (int i = 0; i < kPeers; ++i) {
    TestPeer& from = peers[static_cast<std::size_t>(i)];
    from.send(Send{{name(i), name(i + 1), "hello"}});
    from.expect(message(name(i), name(i + 1), "hello"));
    peers[static_cast<std::size_t>((i + 1) % kPeers)].expect(
        message(name(i), name(i + 1), "hello"));
  }
  created("ann").close();
  for (int i = 0; i < 50; ++i) {
    logged_in("ann").close();
  }
}

TEST_F(UnixSocket, IsRemovedWhenTheServerStopsAndMadeAgain) {
  for (int round = 0; round < 3; ++round) {
    TestServer server(config());
    EXPECT_EQ(mode_of(path_), 0660U);
    TestPeer ann = created("ann");
    server.begin_stop();
    ann.expect(response("the server is shutting down"));
    ann.expect_closed();
    EXPECT_THROW(static_cast<void>(connected()), PeerError);
    server.stop();
    EXPECT_FALSE(is_there());
  }
}

TEST_F(UnixSocket, LetsNoSecondServerIn) {
  TestServer server(config());
  try {
    const Server second(config());
    FAIL() << "a second server listens";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string_view(error.what()).find("cannot listen on unix:" + path_),
              std::string_view::npos)
        << error.what();
  }
  TestPeer ann = created("ann");
}

TEST_F(UnixSocket, TakesNoPlaceOfAFile) {
  write_file(path_, "precious");
  EXPECT_THROW(Server{config()}, std::runtime_error);
  EXPECT_EQ(read_file(path_), "precious");
}

// What was bound before is given back.
TEST_F(UnixSocket, IsRemovedWhenTheStartFails) {
  Config failing = config();
  failing.listen.push_back({.host = "192.0.2.1", .port = 0});
  EXPECT_THROW(Server{failing}, std::runtime_error);
  EXPECT_FALSE(is_there());
}

}  // namespace
}  // namespace tribar::test
