// SPDX-License-Identifier: MIT
//
// What a listener decides for its connections: their protocol, and what is over their sockets.
#include "loop/acceptor.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/switchboard_rig.h"
#include "support/temporary_folder.h"
#include "uv/socket_file.h"
#include "uv/timer.h"

namespace tribar::test {
namespace {

constexpr std::uint64_t kDeadlineMs = 10000;

/// What was put over a socket, and what that saw of it.
struct Seen {
  std::string filter;
  Protocol protocol = Protocol::Zero;
  bool is_private = false;
  PeerNetwork network;
  std::string peer;
};

/// Lets everything through, and notes what it was put over.
class Probe final : public Transport {
 public:
  Probe(std::unique_ptr<Transport> under, std::string name, std::vector<Seen>& seen)
      : under_(std::move(under)), name_(std::move(name)), seen_(seen) {}

  void bind(TransportEvents& events, Connection& connection) override {
    seen_.push_back(
        {name_, connection.protocol, under_->is_private(), under_->network(), under_->peer()});
    under_->bind(events, connection);
  }
  void start_reading() override { under_->start_reading(); }
  void stop_reading() override { under_->stop_reading(); }
  std::ptrdiff_t try_write(std::string_view bytes, std::string_view more) override {
    return under_->try_write(bytes, more);
  }
  void write(std::string_view bytes) override { under_->write(bytes); }
  std::size_t unwritten_bytes() const override { return under_->unwritten_bytes(); }
  void discard_input() override { under_->discard_input(); }
  void shut_down() override { under_->shut_down(); }
  std::string peer() const override { return under_->peer(); }
  PeerNetwork network() const override { return under_->network(); }
  bool is_private() const override { return under_->is_private(); }

 private:
  std::unique_ptr<Transport> under_;
  std::string name_;
  std::vector<Seen>& seen_;
};

class AcceptorTest : public testing::Test {
 protected:
  ~AcceptorTest() override {
    acceptor_.stop();
    rig_.board.drop_all();
    EXPECT_EQ(loop_.close(), "");
  }

  [[nodiscard]] TransportFilter probe(std::string name) {
    return [this, name = std::move(name)](std::unique_ptr<Transport> socket) {
      return std::make_unique<Probe>(std::move(socket), name, seen_);
    };
  }

  void listen(ListenerId id, Descriptor socket, ListenerOptions options = {}) {
    ListenerChanges changes;
    changes.added.push_back({id, std::move(socket), std::move(options)});
    acceptor_.change(std::move(changes));
  }

  /// Connects to `address`, and turns the loop until all of `count` filters were bound.
  void connect_to(const uv::Address& address, std::size_t count) {
    uv::Socket peer;
    peer.fd = ::socket(address.raw()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(connect(peer.fd, address.raw(), uv::size_of(address)), 0) << std::strerror(errno);
    bool is_late = false;
    uv::Timer late(loop_, [&] { is_late = true; });
    late.start(kDeadlineMs, 0);
    while (seen_.size() < count && !is_late) {
      loop_.turn();
    }
    ASSERT_EQ(seen_.size(), count);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("s");
  std::vector<Seen> seen_;
  Rig rig_;
  uv::Loop loop_;
  Acceptor acceptor_{loop_, {rig_.board, rig_.board, probe("every")}, {}};
};

TEST_F(AcceptorTest, GivesConnectionsWhatTheirListenerDecides) {
  const uv::Address plain = uv::probe(uv::resolve("127.0.0.1", 0).front());
  listen({1}, uv::listen_at(plain, false, kListenBacklog, {}));
  const uv::SocketFile file(path_, kListenBacklog);
  listen({2}, uv::duplicate_of(file.shared(), {}), {Protocol::One, probe("own")});

  connect_to(plain, 1);
  EXPECT_EQ(seen_[0].filter, "every");
  EXPECT_EQ(seen_[0].protocol, Protocol::Zero);

  connect_to(file.address(), 3);
  // The listener's is the outer one, which is told first and tells the one under it.
  EXPECT_EQ(seen_[1].filter, "own");
  EXPECT_EQ(seen_[1].protocol, Protocol::One);
  EXPECT_EQ(seen_[2].filter, "every");
}

TEST_F(AcceptorTest, GivesNewConnectionsWhatTheirListenerDecidesByThen) {
  const uv::Address plain = uv::probe(uv::resolve("127.0.0.1", 0).front());
  listen({1}, uv::listen_at(plain, false, kListenBacklog, {}));
  connect_to(plain, 1);
  ListenerChanges changes;
  changes.changed.push_back({{1}, {Protocol::One, probe("own")}});
  changes.changed.push_back({{7}, {}});  // is not there
  acceptor_.change(std::move(changes));
  connect_to(plain, 3);
  EXPECT_EQ(seen_[1].filter, "own");
  EXPECT_EQ(seen_[1].protocol, Protocol::One);
}

TEST_F(AcceptorTest, TakesInWhoIsWaitingAtAListenerThatGoes) {
  const uv::Address plain = uv::probe(uv::resolve("127.0.0.1", 0).front());
  listen({1}, uv::listen_at(plain, false, kListenBacklog, {}));
  std::vector<uv::Socket> peers(3);
  for (uv::Socket& peer : peers) {
    peer.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(connect(peer.fd, plain.raw(), uv::size_of(plain)), 0) << std::strerror(errno);
  }
  ListenerChanges changes;
  changes.removed.push_back({1});
  acceptor_.change(std::move(changes));
  EXPECT_EQ(seen_.size(), 3U);
  EXPECT_EQ(rig_.board.size(), 3U);
  uv::Socket late;
  late.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_NE(connect(late.fd, plain.raw(), uv::size_of(plain)), 0);
}

TEST_F(AcceptorTest, SetsTheKeepaliveOfNewConnections) {
  const uv::Address plain = uv::probe(uv::resolve("127.0.0.1", 0).front());
  Descriptor socket = uv::listen_at(plain, false, kListenBacklog, {60, 0});
  const int fd = socket.get();
  const auto keepalive_s = [fd] {
    int is_on = 0;
    int seconds = 0;
    socklen_t size = sizeof is_on;
    EXPECT_EQ(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &is_on, &size), 0);
    EXPECT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, &size), 0);
    return is_on == 0 ? 0 : seconds;
  };
  EXPECT_EQ(keepalive_s(), 60);
  listen({1}, std::move(socket));
  AcceptorLimits limits;
  limits.keepalive_s = 17;
  acceptor_.set_limits(limits);
  EXPECT_EQ(keepalive_s(), 17);
  limits.keepalive_s = 0;
  acceptor_.set_limits(limits);
  EXPECT_EQ(keepalive_s(), 0);
}

TEST_F(AcceptorTest, KnowsWhoCanReadAlongAndWhoCountsAsOneAddress) {
  const uv::Address v4 = uv::probe(uv::resolve("127.0.0.1", 0).front());
  listen({1}, uv::listen_at(v4, false, kListenBacklog, {}));
  connect_to(v4, 1);
  EXPECT_TRUE(seen_[0].is_private);
  EXPECT_EQ(seen_[0].network, network_of(v4.raw()));
  EXPECT_TRUE(seen_[0].peer.starts_with("127.0.0.1:")) << seen_[0].peer;

  const uv::SocketFile file(path_, kListenBacklog);
  listen({2}, uv::duplicate_of(file.shared(), {}));
  connect_to(file.address(), 2);
  EXPECT_TRUE(seen_[1].is_private);
  EXPECT_EQ(seen_[1].network, PeerNetwork{});
  EXPECT_EQ(seen_[1].peer, fmt::format("unix:{} (uid {})", path_, getuid()));
}

TEST(Address, KnowsWhatDoesNotLeaveThisMachine) {
  for (const char* host : {"127.0.0.1", "127.255.1.2", "::1"}) {
    EXPECT_TRUE(uv::resolve(host, 1).front().is_loopback()) << host;
  }
  for (const char* host : {"0.0.0.0", "192.0.2.1", "128.0.0.1", "::", "::2", "2001:db8::1"}) {
    EXPECT_FALSE(uv::resolve(host, 1).front().is_loopback()) << host;
  }
  EXPECT_TRUE(uv::socket_address("/a").is_loopback());
  EXPECT_FALSE(uv::Address{}.is_loopback());
}

}  // namespace
}  // namespace tribar::test
