// SPDX-License-Identifier: MIT
//
// Who is logged in where, over sockets: one session an account, and the end of a connection is the
// logout.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/test_peer.h"
#include "support/test_server.h"

namespace tribar::test {
namespace {

constexpr std::size_t kRacers = 20;

/// Lets kRacers connections send `command` at once and returns what each was answered, sorted.
std::vector<WireFrame> race(std::uint16_t port, const Command& command) {
  std::vector<TestPeer> racers;
  for (std::size_t i = 0; i < kRacers; ++i) {
    racers.emplace_back(port);
  }
  for (TestPeer& racer : racers) {
    racer.send(command);
  }
  std::vector<WireFrame> answers;
  for (TestPeer& racer : racers) {
    answers.push_back(racer.receive());
  }
  std::sort(answers.begin(), answers.end(),
            [](const WireFrame& a, const WireFrame& b) { return a.data < b.data; });
  return answers;
}

std::vector<WireFrame> one_winner(const std::string& refusal) {
  std::vector<WireFrame> answers(kRacers, response(refusal));
  answers.front() = response();
  return answers;
}

TEST(Login, LetsOneOfManyCreateAName) {
  TestServer server;
  EXPECT_EQ(race(server.port(), Create{"ann"}), one_winner("username already exists"));
}

TEST(Login, LetsOneOfManyInWithSeveralWorkers) {
  Config config;
  config.workers = 4;
  TestServer server(config);
  EXPECT_EQ(race(server.port(), Create{"ann"}), one_winner("username already exists"));
  EXPECT_EQ(race(server.port(), Login{"ann"}), one_winner("user is already logged in"));
}

/// Ends connections and logs in again right after, `rounds` times.
void come_back(std::uint16_t port, int rounds) {
  created(port, "ann").close();
  // What ended before a connection was made is found ended before that one is asked anything.
  for (int round = 0; round < rounds; ++round) {
    TestPeer ann = logged_in(port, "ann");
    TestPeer other(port);
    other.send(Login{"ann"});
    other.expect(response("user is already logged in"));
    if (round % 2 == 0) {
      ann.close();
    } else {
      ann.reset();
    }
  }
}

TEST(Login, IsFreeAgainAfterTheConnectionEnds) {
  TestServer server;
  come_back(server.port(), 200);
}

TEST(Login, IsFreeAgainWithSeveralWorkers) {
  Config config;
  config.workers = 4;
  TestServer server(config);
  come_back(server.port(), 2000);
}

TEST(Login, IsAnsweredLikeThePredecessorDoes) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  TestPeer bob(server.port());
  struct Case {
    TestPeer& peer;
    WireFrame command;
    WireFrame answer;
  };
  const auto create = [](std::string name) { return WireFrame{0, std::move(name)}; };
  const auto login = [](std::string name) { return WireFrame{5, std::move(name)}; };
  const std::vector<Case> cases{
      {bob, login("bob"), response("username does not exist")},
      {bob, login(""), response("username does not exist")},
      {bob, login("no name"), response("username does not exist")},
      {bob, login("a|||b"), response("username does not exist")},
      {bob, login("\t"), response("username does not exist")},
      {bob, login("ann"), response("user is already logged in")},
      {ann, login("ann"), response("user is already logged in")},
      {bob, create("ann"), response("username already exists")},
      {ann, create("ann"), response("username already exists")},
      {bob, create("a|||b"), response("illegal character sequence ||| in username")},
      {bob, {3, ""}, response("attempting to deliver undelivered messages before logging in")},
      {bob, create("bob"), response()},
      {bob, login("bob"), response("user is already logged in")},
      {ann, {1, ""}, names({"ann", "bob"})},
      {ann, {1, "a|||b"}, names({})},
  };
  for (const Case& c : cases) {
    c.peer.send_raw(bytes_of(c.command));
    EXPECT_EQ(c.peer.receive(), c.answer) << c.command.data;
  }
}

TEST(Login, StaysAsItIsWhenAnotherIsTried) {
  TestServer server;
  created(server.port(), "bob").close();
  TestPeer ann = created(server.port(), "ann");
  ann.send(Login{"bob"});
  EXPECT_NE(ann.receive(), response());
  ann.send(Create{"cid"});
  EXPECT_NE(ann.receive(), response());
  ann.send(List{""});
  ann.expect(names({"bob", "ann"}));
  ann.send(Send{{"ann", "ann", "still me"}});
  ann.expect(message("ann", "ann", "still me"));
  ann.expect(message("ann", "ann", "still me"));
}

TEST(Login, IsOverAfterDelete) {
  TestServer server;
  TestPeer ann = created(server.port(), "ann");
  ann.send_raw(bytes_of(Delete{}) + bytes_of(List{"ann"}) + bytes_of(Create{"bob"}));
  ann.expect(names({}));
  ann.expect(response());
  TestPeer other = created(server.port(), "ann");
  other.send(List{""});
  other.expect(names({"bob", "ann"}));
}

}  // namespace
}  // namespace tribar::test
