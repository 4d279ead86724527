// SPDX-License-Identifier: MIT
//
// Streams and the listener, over real connections of this process with itself.
#include "uv/stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "uv/listener.h"
#include "uv/socket.h"
#include "uv/timer.h"

namespace tribar::uv {
namespace {

constexpr std::uint64_t kDeadlineMs = 10000;
constexpr SocketOptions kOptions{77, 65536};

/// What a test's peer does to the connection; blocking.
class Peer {
 public:
  explicit Peer(const Address& address) {
    socket_.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(socket_.fd, address.raw(), sizeof(sockaddr_in)), 0) << std::strerror(errno);
  }
  void send(std::string_view bytes) const {
    EXPECT_EQ(::send(socket_.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  /// What there is now.
  [[nodiscard]] std::string receive() const {
    std::array<char, 65536> bytes;
    const ssize_t size = recv(socket_.fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(0, size))};
  }
  /// The peer does no more itself.
  [[nodiscard]] int take_socket() {
    const int on = 1;
    EXPECT_EQ(ioctl(socket_.fd, FIONBIO, &on), 0);
    return std::exchange(socket_.fd, -1);
  }
  void end() const { EXPECT_EQ(shutdown(socket_.fd, SHUT_WR), 0); }
  void reset() {
    const linger none{1, 0};
    setsockopt(socket_.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(std::exchange(socket_.fd, -1));
  }

 private:
  Socket socket_;
};

/// The stream's owner: keeps what it hears.
class Owner final : public StreamEvents {
 public:
  Space on_space() noexcept override {
    ++asked;
    return {bytes_.data(), std::min(room, bytes_.size())};
  }
  void on_read(std::size_t size) noexcept override {
    received.append(bytes_.data(), size);
    if (when_read) {
      when_read();
    }
  }
  void on_end(int code) noexcept override { end = code; }
  void on_written(int code) noexcept override {
    written = code;
    if (when_written) {
      when_written();
    }
  }

  std::size_t room = 4096;
  int asked = 0;
  std::string received;
  std::optional<int> end;
  std::optional<int> written;
  std::function<void()> when_read;
  std::function<void()> when_written;

 private:
  std::array<char, 4096> bytes_;
};

/// Reads on the peer's side whenever there is something.
class Reader {
 public:
  Reader(Loop& loop, Peer& peer) : stream_(Stream::open(loop, peer.take_socket())) {
    stream_->start_reading(&owner_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  [[nodiscard]] std::size_t received() const { return owner_.received.size(); }

 private:
  Owner owner_;
  Stream::Ptr stream_;
};

class StreamTest : public testing::Test {
 protected:
  StreamTest() {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::memcpy(&address_.storage, &any, sizeof any);
    address_ = probe(address_);
    listener_.emplace(loop_, listen_at(address_, false, 16, kOptions), [this](Listener& listener) {
      const Listener::Waiting waiting = listener.accept();
      if (waiting.kind == Listener::Waiting::Kind::Socket) {
        socket_ = waiting.socket;
        stream_ = Stream::open(loop_, waiting.socket);
      }
    });
    peer_.emplace(address_);
    run_until([this] { return stream_ != nullptr; });
  }
  ~StreamTest() override {
    stream_.reset();
    listener_.reset();
    late_ = Timer{};
    EXPECT_EQ(loop_.close(), "");
  }

  /// Turns the loop until `is_so`; fails the test when that takes too long.
  void run_until(const std::function<bool()>& is_so) {
    is_late_ = false;
    late_.start(kDeadlineMs, 0);
    while (!is_so() && !is_late_) {
      loop_.turn();
      ++turns_;
    }
    late_.stop();
    ASSERT_FALSE(is_late_);
  }
  /// Turns the loop for a little.
  void run_for(std::uint64_t ms) {
    bool is_over = false;
    Timer timer(loop_, [&] { is_over = true; });
    timer.start(ms, 0);
    run_until([&] { return is_over; });
  }
  /// Writes until the kernel takes no more; returns what it took.
  std::size_t fill() {
    const std::string piece(65536, 'x');
    std::size_t taken = 0;
    while (const std::ptrdiff_t size = stream_->try_write(piece)) {
      EXPECT_GT(size, 0);
      taken += static_cast<std::size_t>(size);
    }
    return taken;
  }
  [[nodiscard]] unsigned option(int level, int name) const {
    unsigned value = 0;
    socklen_t size = sizeof value;
    EXPECT_EQ(getsockopt(socket_, level, name, &value, &size), 0);
    return value;
  }

  Loop loop_;
  bool is_late_ = false;
  int turns_ = 0;
  Timer late_{loop_, [this] { is_late_ = true; }};
  Address address_;
  std::optional<Listener> listener_;
  std::optional<Peer> peer_;
  Stream::Ptr stream_;
  int socket_ = -1;  // the stream's
  Owner owner_;
};

TEST_F(StreamTest, HasTheListenersOptions) {
  EXPECT_EQ(option(IPPROTO_TCP, TCP_NODELAY), 1U);
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1U);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), kOptions.keepalive_s);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_NOTSENT_LOWAT), kOptions.unsent_bytes);
  EXPECT_NE(fcntl(socket_, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(socket_, F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(StreamTest, ReadsWhatComesAndThenTheEnd) {
  stream_->start_reading(&owner_);
  peer_->send("hello");
  run_until([this] { return owner_.received == "hello"; });
  EXPECT_EQ(owner_.end, std::nullopt);
  peer_->send(" again");
  peer_->end();
  run_until([this] { return owner_.end.has_value(); });
  EXPECT_EQ(owner_.received, "hello again");
  EXPECT_EQ(owner_.end, 0);
}

TEST_F(StreamTest, FillsEverySpaceInOneTurn) {
  owner_.room = 3;
  peer_->send("seven b");
  stream_->start_reading(&owner_);
  run_until([this] { return !owner_.received.empty(); });
  EXPECT_EQ(owner_.received, "seven b");
  EXPECT_EQ(owner_.asked, 3);
}

TEST_F(StreamTest, WithoutSpaceAsksAgainInTheNextTurn) {
  owner_.room = 0;
  peer_->send("later");
  stream_->start_reading(&owner_);
  run_until([this] { return owner_.asked == 3; });
  EXPECT_EQ(owner_.received, "");
  owner_.room = 4096;
  run_until([this] { return owner_.received == "later"; });
}

TEST_F(StreamTest, WithoutSpaceHearsOfAnErrorLater) {
  owner_.room = 0;
  stream_->start_reading(&owner_);
  peer_->reset();
  run_until([this] { return owner_.asked == 3; });
  EXPECT_EQ(owner_.end, std::nullopt);
  owner_.room = 4096;
  run_until([this] { return owner_.end.has_value(); });
  EXPECT_EQ(owner_.end, UV_ECONNRESET);
}

TEST_F(StreamTest, StoppedReadsNothingAndDoesNotSpin) {
  stream_->start_reading(&owner_);
  stream_->stop_reading();
  peer_->send("unread");
  turns_ = 0;
  run_for(50);
  EXPECT_LE(turns_, 3);
  EXPECT_EQ(owner_.asked, 0);
  peer_->reset();
  turns_ = 0;
  run_for(50);
  EXPECT_LE(turns_, 3);
  EXPECT_EQ(owner_.end, std::nullopt);
  stream_->start_reading(&owner_);
  run_until([this] { return owner_.end.has_value(); });
  EXPECT_EQ(owner_.end, UV_ECONNRESET);
}

TEST_F(StreamTest, OfWhichNothingIsAskedDoesNotSpin) {
  for (const auto& happens : std::initializer_list<std::function<void()>>{
           [this] { peer_->send("unread"); }, [this] { peer_->end(); },
           [this] { peer_->reset(); }}) {
    happens();
    turns_ = 0;
    run_for(50);
    EXPECT_LE(turns_, 3);
  }
  stream_->start_reading(&owner_);
  run_until([this] { return owner_.end.has_value(); });
}

TEST_F(StreamTest, CanBeStoppedAndStartedInOneTurn) {
  owner_.when_read = [this] {
    stream_->stop_reading();
    stream_->start_reading(&owner_);
  };
  stream_->start_reading(&owner_);
  peer_->send("a");
  run_until([this] { return owner_.received == "a"; });
  peer_->send("b");
  run_until([this] { return owner_.received == "ab"; });
}

TEST_F(StreamTest, CanBeLetGoWhileItIsRead) {
  owner_.room = 1;
  owner_.when_read = [this] { stream_.reset(); };
  stream_->start_reading(&owner_);
  peer_->send("two");
  run_until([this] { return !owner_.received.empty(); });
  EXPECT_EQ(owner_.received, "t");
  EXPECT_EQ(owner_.asked, 1);
}

TEST_F(StreamTest, WritesOnAsThePeerReads) {
  std::size_t expected = fill();
  const std::string rest(3'000'000, 'y');
  expected += rest.size();
  stream_->write(rest, &owner_);
  EXPECT_EQ(stream_->unwritten_bytes(), rest.size());
  EXPECT_EQ(stream_->try_write("x"), 0);
  Reader reader(loop_, *peer_);
  run_until([&] { return owner_.written && reader.received() == expected; });
  EXPECT_EQ(owner_.written, 0);
  EXPECT_EQ(stream_->unwritten_bytes(), 0U);
}

TEST_F(StreamTest, WritesTwoPartsAsOne) {
  EXPECT_EQ(stream_->try_write("one, ", "two"), 8);
  EXPECT_EQ(stream_->try_write("", ", three"), 7);
  EXPECT_EQ(stream_->try_write(", four", ""), 6);
  EXPECT_EQ(peer_->receive(), "one, two, three, four");
  fill();
  EXPECT_EQ(stream_->try_write("x", "y"), 0);
}

TEST_F(StreamTest, AWriteMayFollowInOnWritten) {
  const std::size_t filled = fill();
  owner_.when_written = [this] {
    owner_.when_written = nullptr;
    stream_->write("b", &owner_);
  };
  stream_->write("a", &owner_);
  Reader reader(loop_, *peer_);
  run_until([&] { return reader.received() == filled + 2; });
  EXPECT_EQ(stream_->unwritten_bytes(), 0U);
}

TEST_F(StreamTest, KnowsOfAFailedWriteWhatWasNotTaken) {
  fill();
  const std::string rest(1000, 'y');
  std::size_t unwritten = 0;
  owner_.when_written = [&] { unwritten = stream_->unwritten_bytes(); };
  stream_->write(rest, &owner_);
  peer_->reset();
  run_until([this] { return owner_.written.has_value(); });
  EXPECT_TRUE(owner_.written == UV_ECONNRESET || owner_.written == UV_EPIPE) << *owner_.written;
  EXPECT_EQ(unwritten, rest.size());
  EXPECT_LT(stream_->try_write("x"), 0);
}

TEST_F(StreamTest, EndsItsSideAndReadsOn) {
  stream_->start_reading(&owner_);
  EXPECT_EQ(stream_->try_write("last"), 4);
  stream_->shut_down();
  EXPECT_EQ(peer_->receive(), "last");
  peer_->send("still");
  run_until([this] { return owner_.received == "still"; });
}

TEST_F(StreamTest, DiscardsWhatCame) {
  peer_->send("unwanted");
  stream_->discard_input();
  stream_->start_reading(&owner_);
  peer_->send("wanted");
  run_until([this] { return !owner_.received.empty(); });
  EXPECT_EQ(owner_.received, "wanted");
}

TEST_F(StreamTest, NamesItsPeerUntilItIsGone) {
  EXPECT_TRUE(stream_->peer().starts_with("127.0.0.1:")) << stream_->peer();
  stream_->start_reading(&owner_);
  peer_->reset();
  run_until([this] { return owner_.end.has_value(); });
  EXPECT_EQ(stream_->peer(), "?");
}

/// A stream and its owner, on one side of a pair of sockets; the test has the other side.
struct Pair {
  explicit Pair(Loop& loop) {
    std::array<int, 2> sockets{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets.data()),
              0);
    peer.fd = sockets[0];
    stream = Stream::open(loop, sockets[1]);
    stream->start_reading(&owner);
  }
  void send(char byte) const { EXPECT_EQ(::send(peer.fd, &byte, 1, MSG_NOSIGNAL), 1); }

  Owner owner;
  Socket peer;
  Stream::Ptr stream;
};

std::vector<std::unique_ptr<Pair>> pairs_on(Loop& loop, std::size_t count) {
  std::vector<std::unique_ptr<Pair>> pairs;
  for (std::size_t i = 0; i < count; ++i) {
    pairs.push_back(std::make_unique<Pair>(loop));
  }
  return pairs;
}

class StreamSetTest : public testing::Test {
 protected:
  /// More than a call to the system reports, where there are descriptors for so many.
  static std::size_t many() {
    constexpr std::size_t kMany = 2500;
    constexpr std::size_t kOthers = 100;
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 2 * kMany + kOthers);
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return std::min(kMany, (limit.rlim_cur - kOthers) / 2);
  }
  Loop loop_;
};

TEST_F(StreamSetTest, HearsInOneTurnOfAllThatAreReady) {
  const auto pairs = pairs_on(loop_, many());
  for (const auto& pair : pairs) {
    pair->send('x');
  }
  // Those that are ready for ever take nothing from the others.
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    pairs[i]->owner.room = 0;
  }
  loop_.turn();
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    EXPECT_GE(pairs[i]->owner.asked, 1) << i;
    EXPECT_EQ(pairs[i]->owner.received, i % 2 == 0 ? "" : "x") << i;
  }
}

TEST_F(StreamSetTest, AStreamMayLetGoOfAllOthers) {
  auto pairs = pairs_on(loop_, 10);
  std::size_t read = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i]->owner.when_read = [&pairs, &read, i] {
      ++read;
      for (std::size_t other = 0; other < pairs.size(); ++other) {
        if (other != i) {
          pairs[other]->stream.reset();
        }
      }
    };
    pairs[i]->send('x');
  }
  EXPECT_EQ(loop_.streams().size(), pairs.size());
  loop_.turn();
  EXPECT_EQ(read, 1U);
  EXPECT_EQ(loop_.streams().size(), 1U);
}

TEST_F(StreamSetTest, TheNextStreamMayHaveTheSocketOfOneLetGoInTheSamePoll) {
  const auto pairs = pairs_on(loop_, 2);
  std::unique_ptr<Pair> next;
  int socket = -1;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i]->owner.when_read = [this, &next, &socket, other = pairs[1 - i].get()] {
      socket = other->stream->socket();
      other->stream.reset();
      close(std::exchange(other->peer.fd, -1));
      next = std::make_unique<Pair>(loop_);
      next->send('y');
    };
    pairs[i]->send('x');
  }
  loop_.turn();
  ASSERT_NE(next, nullptr);
  EXPECT_EQ(next->stream->socket(), socket);
  EXPECT_EQ(pairs[0]->owner.received + pairs[1]->owner.received, "x");
  while (next->owner.received.empty()) {
    loop_.turn();
  }
  EXPECT_EQ(next->owner.received, "y");
}

TEST_F(StreamSetTest, StreamsAloneKeepTheLoopRunningAndAsleep) {
  auto pair = std::make_unique<Pair>(loop_);
  int turns = 0;
  loop_.around_poll([] {}, [&turns] { ++turns; });
  pair->owner.when_read = [&pair] { pair->stream.reset(); };
  std::thread sender([&pair] {
    Loop other;
    Timer timer(other, [&pair] { pair->send('x'); });
    timer.start(30, 0);
    other.run();
  });
  loop_.run();
  sender.join();
  EXPECT_LE(turns, 2);  // one may only begin the poll
}

TEST_F(StreamSetTest, TimersAndWakeUpsHaveTheirTurnBesideStreamsThatAreAlwaysReady) {
  const auto pairs = pairs_on(loop_, 3);
  for (const auto& pair : pairs) {
    pair->owner.room = 0;
    pair->send('x');
  }
  int calls = 0;
  Async wake(loop_, [&calls] { ++calls; });
  Timer timer(loop_, [&] {
    ++calls;
    wake.send();
  });
  timer.start(5, 0);
  const auto begin = std::chrono::steady_clock::now();
  while (calls < 2 && std::chrono::steady_clock::now() - begin < std::chrono::seconds(10)) {
    loop_.turn();
  }
  EXPECT_EQ(calls, 2);
}

TEST_F(StreamSetTest, AWakeUpEndsOnePoll) {
  const auto pairs = pairs_on(loop_, 1);
  for (int i = 0; i < 3; ++i) {
    loop_.wake_up();
    loop_.wake_up();
    loop_.turn();  // would not end
  }
  bool is_over = false;
  Timer timer(loop_, [&is_over] { is_over = true; });
  timer.start(1, 0);
  int turns = 0;
  while (!is_over) {
    loop_.turn();
    ++turns;
  }
  EXPECT_LE(turns, 2);  // one may end a little before the timer is due
}

TEST_F(StreamSetTest, AWakeUpFromAnotherThreadEndsThePollThatWaits) {
  constexpr int kTimes = 1000;
  const auto pairs = pairs_on(loop_, 1);
  std::atomic<int> sent{0};
  std::atomic<int> seen{0};
  std::thread waker([this, &sent, &seen] {
    for (int i = 1; i <= kTimes; ++i) {
      sent.store(i);
      loop_.wake_up();
      seen.wait(i - 1);
    }
  });
  while (seen.load() < kTimes) {
    loop_.turn();
    seen.store(sent.load());
    seen.notify_one();
  }
  waker.join();
}

TEST_F(StreamSetTest, ALoopWithNothingToWaitForEndsWhoeverMayWakeIt) {
  loop_.wake_up();
  loop_.run();
  EXPECT_EQ(loop_.close(), "");
}

TEST_F(StreamSetTest, StoppedLeavesTheRest) {
  const auto pairs = pairs_on(loop_, 1);
  pairs[0]->owner.when_read = [this] { loop_.stop(); };
  pairs[0]->send('x');
  loop_.run();
  EXPECT_EQ(pairs[0]->owner.received, "x");
  EXPECT_EQ(loop_.close(), "1 streams ");
}

}  // namespace
}  // namespace tribar::uv
