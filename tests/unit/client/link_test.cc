// SPDX-License-Identifier: MIT
//
// Link with real sockets: connecting in every way it can fail, receiving, losing the server,
// ending. Every wait has a deadline.
#include "client/link.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/link_rig.h"
#include "support/temporary_folder.h"

namespace tribar {
namespace {

using test::kPatienceMs;
using test::Listener;
using test::next;
using test::read_some;
using test::read_to_end;
using Kind = LinkEvent::Kind;
using Clock = Link::Clock;
using std::chrono::milliseconds;

/// Connections that nobody accepts, until the kernel takes no more.
std::vector<Descriptor> fill(const ServerAddress& address) {
  const auto path = [&] {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    address.path.copy(name.sun_path, sizeof name.sun_path - 1);
    return name;
  };
  const bool is_unix = address.kind == ServerAddress::Kind::Unix;
  std::vector<Descriptor> all;
  while (true) {
    const int family = is_unix ? AF_UNIX : AF_INET;
    Descriptor one(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (is_unix) {
      const sockaddr_un name = path();
      if (::connect(one.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
        return all;
      }
    } else {
      const Resolved at = resolve(address.host, address.port);
      ::connect(one.get(), reinterpret_cast<const sockaddr*>(&at.addresses.at(0).bytes),
                at.addresses.at(0).size);
      pollfd waits{one.get(), POLLOUT, 0};
      if (::poll(&waits, 1, 200) == 0) {
        return all;
      }
    }
    all.push_back(std::move(one));
  }
}

std::string text_of(const ServerAddress& address) { return to_string(address); }

SocketAddress number(const std::string& host, const std::string& port) {
  return resolve_number(host, port)->addresses.at(0);
}

/// A look-up that is over only when the test says so; or never, as far as the link can see.
class Gate {
 public:
  Lookup::Function function() {
    return [state = state_](const std::string& host, const std::string& port) {
      std::unique_lock lock(state->mutex);
      state->asked = host + ' ' + port;
      state->change.notify_all();
      state->change.wait(lock, [&] { return state->result.has_value(); });
      return *state->result;
    };
  }
  ~Gate() { finish({}); }
  void finish(Resolved result) {
    const std::lock_guard lock(state_->mutex);
    state_->result = std::move(result);
    state_->change.notify_all();
  }
  std::string asked() {
    std::unique_lock lock(state_->mutex);
    state_->change.wait_for(lock, milliseconds(kPatienceMs),
                            [&] { return !state_->asked.empty(); });
    return state_->asked;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable change;
    std::string asked;
    std::optional<Resolved> result;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

TEST(Link, ConnectsSendsReceivesAndIsToldOfTheEnd) {
  const Listener server;
  Link link({.address = server.address()});
  EXPECT_EQ(link.state(), Link::State::Down);
  EXPECT_LT(link.polled().fd, 0);
  EXPECT_LT(link.wait_ms(), 0);
  link.connect();
  EXPECT_EQ(link.state(), Link::State::Connecting);
  EXPECT_EQ(next(link), LinkEvent{Kind::Opened});
  EXPECT_EQ(link.state(), Link::State::Open);
  EXPECT_LT(link.wait_ms(), 0);
  EXPECT_TRUE(link.is_private());

  Descriptor peer = server.accept();
  link.send("hello");
  EXPECT_EQ(read_some(peer), "hello");
  ::send(peer.get(), "welcome", 7, MSG_NOSIGNAL);
  EXPECT_EQ(next(link), (LinkEvent{Kind::Received, "welcome"}));
  peer = Descriptor();
  EXPECT_EQ(next(link), (LinkEvent{Kind::Lost, "the server closed the connection"}));
  EXPECT_EQ(link.state(), Link::State::Down);
  link.send("nobody gets this");
  EXPECT_EQ(link.unsent_bytes(), 0U);
  EXPECT_EQ(link.handle(0), std::vector<LinkEvent>{});
}

TEST(Link, AsksTcpToNoticeAServerThatIsGone) {
  Listener listener;
  Link link({.address = listener.address()});
  ASSERT_EQ(link.connect_and_wait(), std::nullopt);
  const auto option = [&link](int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(link.polled().fd, level, name, &value, &size), 0);
    return value;
  };
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 15);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPCNT), 4);
}

TEST(Link, CanBeMadeAgain) {
  const Listener server;
  Link link({.address = server.address()});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(link.connect_and_wait(), std::nullopt);
    Descriptor peer = server.accept();
    link.send("again");
    EXPECT_EQ(read_some(peer), "again");
    peer = Descriptor();
    EXPECT_EQ(next(link).kind, Kind::Lost);
  }
}

TEST(Link, SaysThatItWasRefused) {
  Listener server;
  server.close();
  Link link({.address = server.address()});
  link.connect();
  EXPECT_EQ(next(link), (LinkEvent{Kind::Failed, "cannot connect to " + text_of(server.address()) +
                                                     ": Connection refused"}));
  EXPECT_EQ(link.state(), Link::State::Down);
}

TEST(Link, TriesItsServersInTurn) {
  Listener first;
  const Listener second;
  Link link({.address = first.address(), .others = {second.address()}});
  EXPECT_EQ(link.address(), first.address());
  ASSERT_EQ(link.connect_and_wait(), std::nullopt);
  {
    const Descriptor peer = first.accept();
    EXPECT_EQ(link.address(), first.address());
  }
  EXPECT_EQ(next(link).kind, Kind::Lost);
  EXPECT_EQ(link.address(), first.address());
  first.close();
  // The next one, and when that is lost the first again.
  link.connect();
  EXPECT_EQ(link.address(), second.address());
  EXPECT_EQ(next(link).kind, Kind::Opened);
  EXPECT_TRUE(second.accept().get() >= 0);
  EXPECT_EQ(next(link).kind, Kind::Lost);
  link.connect();
  EXPECT_EQ(next(link), (LinkEvent{Kind::Failed, "cannot connect to " + text_of(first.address()) +
                                                     ": Connection refused"}));
  link.connect();
  EXPECT_EQ(next(link).kind, Kind::Opened);
  EXPECT_EQ(link.address(), second.address());
}

TEST(Link, WaitsForTheFirstServerThatAccepts) {
  Listener first;
  Listener second;
  first.close();
  Link link({.address = first.address(), .others = {second.address()}});
  EXPECT_EQ(link.connect_and_wait(), std::nullopt);
  EXPECT_EQ(link.address(), second.address());
  second.close();
  link.close();
  EXPECT_EQ(link.connect_and_wait(), "cannot connect to " + text_of(first.address()) +
                                         ": Connection refused; cannot connect to " +
                                         text_of(second.address()) + ": Connection refused");
}

TEST(Link, DoesNotWaitLongForAServerIfThereIsAnother) {
  const Listener silent(0);
  const auto waiting = fill(silent.address());
  const Listener other;
  Link link({.address = silent.address(),
             .others = {other.address()},
             .timeout = milliseconds(kPatienceMs),
             .patience = milliseconds(100)});
  link.connect();
  EXPECT_EQ(next(link), (LinkEvent{Kind::Failed, "cannot connect to " + text_of(silent.address()) +
                                                     ": no answer"}));
  link.connect();
  EXPECT_EQ(next(link).kind, Kind::Opened);
}

TEST(Link, SaysThatTheConnectionBroke) {
  const Listener server;
  Link link({.address = server.address()});
  ASSERT_EQ(link.connect_and_wait(), std::nullopt);
  {
    const Descriptor peer = server.accept();
    const linger at_once{1, 0};
    ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  EXPECT_EQ(
      next(link),
      (LinkEvent{Kind::Lost, "the connection to the server broke: Connection reset by peer"}));
}

TEST(Link, GivesUpWhenNobodyAnswersInTime) {
  const Listener server(0);
  const auto waiting = fill(server.address());
  Link link({.address = server.address(), .timeout = milliseconds(250)});
  const auto begin = Clock::now();
  EXPECT_EQ(link.connect_and_wait(),
            "cannot connect to " + text_of(server.address()) +
                ": no answer within 0.25 s: check the address, or wait longer with --timeout");
  EXPECT_GE(Clock::now() - begin, milliseconds(250));
}

TEST(Link, WaitsForRoomAtAUnixSocketAndThenGivesUp) {
  const test::TemporaryFolder folder;
  const Listener server(folder.file("socket"), 0);
  auto waiting = fill(server.address());
  Link link({.address = server.address(), .timeout = milliseconds(250)});
  EXPECT_EQ(link.connect_and_wait(),
            "cannot connect to " + text_of(server.address()) +
                ": no answer within 0.25 s: check the address, or wait longer with --timeout");

  Link patient({.address = server.address()});
  patient.connect();
  EXPECT_EQ(patient.handle(0), std::vector<LinkEvent>{});
  while (!waiting.empty()) {
    waiting.pop_back();
    EXPECT_GE(server.accept().get(), 0);
  }
  EXPECT_EQ(next(patient), LinkEvent{Kind::Opened});
  EXPECT_TRUE(patient.is_private());
}

TEST(Link, SaysWhatIsWrongWithAUnixSocket) {
  const test::TemporaryFolder folder;
  ServerAddress address{.host = "", .port = "", .kind = ServerAddress::Kind::Unix};
  address.path = folder.file("none");
  EXPECT_EQ(Link({.address = address}).connect_and_wait(),
            "cannot connect to unix:" + address.path + ": No such file or directory");
  address.path = "/" + std::string(200, 'x');
  const auto failure = Link({.address = address}).connect_and_wait();
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->ends_with("xx...: File name too long")) << *failure;
}

TEST(Link, GoesOnWhileANameIsLookedUp) {
  const Listener server;
  Gate gate;
  Link link({.address = {.host = "chat.example", .port = "9000"}, .look_up = gate.function()});
  link.connect();
  EXPECT_EQ(gate.asked(), "chat.example 9000");
  EXPECT_EQ(link.handle(0), std::vector<LinkEvent>{});
  EXPECT_EQ(link.state(), Link::State::Connecting);
  gate.finish({{number("127.0.0.1", server.address().port)}, ""});
  EXPECT_EQ(next(link), LinkEvent{Kind::Opened});
}

TEST(Link, GivesUpANameThatIsNotFoundInTime) {
  Gate gate;
  Link link({.address = {.host = "chat.example", .port = "9000"},
             .timeout = milliseconds(100),
             .look_up = gate.function()});
  EXPECT_EQ(link.connect_and_wait(),
            "cannot connect to chat.example:9000: its name was not found within 0.1 s: check the "
            "name and the network, or wait longer with --timeout");
}

TEST(Link, SaysWhyANameIsNotFound) {
  Link link({.address = {.host = "chat.example", .port = "9000"},
             .look_up = [](const std::string&, const std::string&) {
               return Resolved{{}, "Name or service not known"};
             }});
  EXPECT_EQ(link.connect_and_wait(),
            "cannot connect to chat.example:9000: Name or service not known");
}

TEST(Link, TriesEachAddressAndSaysWhatIsWrongWithEach) {
  Listener gone;
  gone.close();
  const Listener full(0);
  const auto waiting = fill(full.address());
  const Listener server;
  std::vector<SocketAddress> addresses{number("127.0.0.1", gone.address().port),
                                       number("127.0.0.1", full.address().port)};
  const auto look_up = [&addresses](const std::string&, const std::string&) {
    return Resolved{addresses, ""};
  };
  const ServerAddress address{.host = "chat.example", .port = "9000"};
  EXPECT_EQ(Link({.address = address, .timeout = milliseconds(300), .look_up = look_up})
                .connect_and_wait(),
            "cannot connect to chat.example:9000: 127.0.0.1: Connection refused; 127.0.0.1: no "
            "answer within 0.3 s: check the address, or wait longer with --timeout");

  // One that does not answer leaves time for the next.
  addresses.push_back(number("127.0.0.1", server.address().port));
  EXPECT_EQ(Link({.address = address, .timeout = milliseconds(1000), .look_up = look_up})
                .connect_and_wait(),
            std::nullopt);
}

TEST(Link, CanBeClosedAtAnyTime) {
  Gate gate;
  const Listener server;
  Link link({.address = {.host = "chat.example", .port = "9000"}, .look_up = gate.function()});
  link.connect();
  link.close();
  EXPECT_EQ(link.state(), Link::State::Down);
  EXPECT_EQ(link.handle(0), std::vector<LinkEvent>{});
  gate.finish({{number("127.0.0.1", server.address().port)}, ""});
  EXPECT_EQ(link.connect_and_wait(), std::nullopt);
  link.close();
  EXPECT_EQ(read_to_end(server.accept()), "");
}

TEST(Link, LeavesSignalsToOtherThreads) {
  Link link({.address = {.host = "chat.example", .port = "9000"},
             .look_up = [](const std::string&, const std::string&) {
               sigset_t blocked;
               ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
               return Resolved{{}, sigismember(&blocked, SIGINT) == 1 ? "blocked" : "not blocked"};
             }});
  EXPECT_EQ(link.connect_and_wait(), "cannot connect to chat.example:9000: blocked");
  sigset_t blocked;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  EXPECT_EQ(sigismember(&blocked, SIGINT), 0);
}

TEST(Link, HoldsBackAServerAndStillSeesItsEnd) {
  const Listener server;
  Link link({.address = server.address()});
  ASSERT_EQ(link.connect_and_wait(), std::nullopt);
  Descriptor peer = server.accept();
  EXPECT_EQ(link.polled(false).events & POLLIN, 0);
  ::send(peer.get(), "last", 4, MSG_NOSIGNAL);
  peer = Descriptor();
  pollfd waits = link.polled(false);
  ASSERT_EQ(::poll(&waits, 1, kPatienceMs), 1);
  EXPECT_EQ(link.handle(waits.revents), (std::vector<LinkEvent>{{Kind::Received, "last"}}));
  EXPECT_NE(link.polled(false).events & POLLIN, 0);
  EXPECT_EQ(next(link).kind, Kind::Lost);
}

TEST(Link, KeepsWhatTheServerDoesNotTakeYet) {
  const Listener server;
  Link link({.address = server.address()});
  ASSERT_EQ(link.connect_and_wait(), std::nullopt);
  const Descriptor peer = server.accept();
  const std::string much(std::size_t{32} << 20, 'x');
  link.send(much);
  EXPECT_GT(link.unsent_bytes(), 0U);
  EXPECT_NE(link.polled().events & POLLOUT, 0);
  std::size_t got = 0;
  const auto deadline = Clock::now() + milliseconds(kPatienceMs);
  while (got < much.size() && Clock::now() < deadline) {
    pollfd waits = link.polled();
    ::poll(&waits, 1, 0);
    EXPECT_EQ(link.handle(waits.revents), std::vector<LinkEvent>{});
    got += read_some(peer).size();
  }
  EXPECT_EQ(got, much.size());
  EXPECT_EQ(link.unsent_bytes(), 0U);
}

// Closed while something is unread, the kernel would throw away what was sent last.
TEST(Link, PartsSoThatTheServerGetsWhatWasSentLast) {
  const Listener server;
  Link link({.address = server.address()});
  ASSERT_EQ(link.connect_and_wait(), std::nullopt);
  Descriptor peer = server.accept();
  ::send(peer.get(), "not read", 8, MSG_NOSIGNAL);
  link.send("the last");
  std::string got;
  std::thread reader([&] {
    got = read_to_end(peer);
    peer = Descriptor();
  });
  link.part();
  reader.join();
  EXPECT_EQ(got, "the last");
  EXPECT_EQ(link.state(), Link::State::Down);
}

TEST(Link, PartsFromAServerThatDoesNot) {
  const Listener server;
  Link link({.address = server.address()});
  ASSERT_EQ(link.connect_and_wait(), std::nullopt);
  const Descriptor peer = server.accept();
  const auto begin = Clock::now();
  link.part();
  EXPECT_GE(Clock::now() - begin, milliseconds(900));
  EXPECT_EQ(link.state(), Link::State::Down);
  EXPECT_EQ(read_to_end(peer), "");
}

}  // namespace
}  // namespace tribar
