// SPDX-License-Identifier: MIT
//
// See test_peer.h.
#include "support/test_peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <ostream>
#include <utility>

#include "support/over_tls.h"
#include "support/xor_filter.h"

namespace tribar::test {
namespace {

/// The limit for every wait; long, since it is reached only on failure.
constexpr int kPatienceMs = 20'000;
/// How many bytes of an unexpected frame are shown.
constexpr std::size_t kShownBytes = 200;
constexpr std::uint64_t kAnyLength = std::numeric_limits<std::int64_t>::max();

std::uint8_t code_byte(FrameCode code) { return static_cast<std::uint8_t>(code); }

std::string shown(const WireFrame& frame) {
  std::string text = fmt::format("frame {} of {} bytes: '", frame.code, frame.data.size());
  for (const char c : frame.data.substr(0, kShownBytes)) {
    if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return text + (frame.data.size() > kShownBytes ? "'..." : "'");
}

}  // namespace

bool is_filtered() {
  static const bool is_set = std::getenv("TRIBAR_TEST_FILTER") != nullptr;
  return is_set;
}

namespace {

/// The Unix sockets in place of ports, see connect_at_socket(). Peers may be on several threads.
struct SocketsOfPorts {
  std::mutex mutex;
  std::map<std::uint16_t, std::string> paths;
};

SocketsOfPorts& sockets_of_ports() {
  static SocketsOfPorts sockets;
  return sockets;
}

std::string socket_of(std::uint16_t port, const TestPeer::Options& options) {
  SocketsOfPorts& sockets = sockets_of_ports();
  const std::lock_guard lock(sockets.mutex);
  const auto found = sockets.paths.find(port);
  return !options.socket.empty() || found == sockets.paths.end() ? options.socket : found->second;
}

}  // namespace

void connect_at_socket(std::uint16_t port, const std::string& path) {
  SocketsOfPorts& sockets = sockets_of_ports();
  const std::lock_guard lock(sockets.mutex);
  sockets.paths[port] = path;
}

void PrintTo(const WireFrame& frame, std::ostream* out) { *out << shown(frame); }

WireFrame response(std::string_view error) {
  return {code_byte(FrameCode::Response), std::string(error)};
}

WireFrame message(std::string_view from, std::string_view to, std::string_view text) {
  return {code_byte(FrameCode::Send), fmt::format("{}|||{}|||{}", from, to, text)};
}

WireFrame names(const std::vector<std::string>& names) {
  return {code_byte(FrameCode::ListResponse),
          fmt::format("{}", fmt::join(names.begin(), names.end(), "|||"))};
}

std::string bytes_of(const Command& command) {
  std::string bytes;
  append_command(bytes, command);
  return bytes;
}

std::string bytes_of(const WireFrame& frame, std::uint8_t version) {
  std::string bytes;
  append_frame(bytes, frame.code, frame.data, version);
  return bytes;
}

std::string bytes1_of(const Command1& command) {
  std::string bytes;
  append_command1(bytes, command);
  return bytes;
}

std::string send_bytes(std::string_view from, std::string_view to, std::string_view text) {
  return bytes_of(Send{{from, to, text}});
}

TestPeer::TestPeer(std::uint16_t port, const Options& options)
    : reader_(kAnyLength, options.version) {
  sockaddr_storage address{};
  socklen_t size = sizeof(sockaddr_in);
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
  auto* unix_socket = reinterpret_cast<sockaddr_un*>(&address);
  const std::string path = socket_of(port, options);
  if (!path.empty()) {
    unix_socket->sun_family = AF_UNIX;
    path.copy(unix_socket->sun_path, sizeof unix_socket->sun_path - 1);
    size = sizeof(sockaddr_un);
  } else if (inet_pton(AF_INET, options.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
  } else if (inet_pton(AF_INET6, options.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    size = sizeof(sockaddr_in6);
  } else {
    fail("is given an address: " + options.host);
  }
  fd_ = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) {
    fail("gets a socket");
  }
  if (options.receive_buffer_bytes > 0) {
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer_bytes,
               sizeof options.receive_buffer_bytes);
  }
  const int on = 1;
  if (path.empty()) {
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  int error = connect(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    wait_for(POLLOUT);
    socklen_t error_size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &error_size);
  }
  if (error != 0) {
    ::close(std::exchange(fd_, -1));
    fail(fmt::format("connects: {}", std::strerror(error)));
  }
  // Not before: what is sent on its way would take the error of a connection that is refused.
  if (is_over_tls() && options.socket.empty()) {
    tls_ = std::make_unique<TlsClient>(options.tls ? options.tls : peers_tls(), options.host);
  }
}

TestPeer::~TestPeer() { close(); }

TestPeer::TestPeer(TestPeer&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      tls_(std::move(other.tls_)),
      reader_(std::move(other.reader_)),
      last_took_(other.last_took_) {}

TestPeer& TestPeer::operator=(TestPeer&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    tls_ = std::move(other.tls_);
    reader_ = std::move(other.reader_);
    last_took_ = other.last_took_;
  }
  return *this;
}

void TestPeer::send_raw(std::string_view bytes) {
  while (!bytes.empty() || !flush()) {
    bytes.remove_prefix(send_some(bytes));
    if (!bytes.empty() || !flush()) {
      // The handshake's next step is the server's.
      const bool is_connecting = tls_ && tls_->state() == TlsClient::State::Connecting;
      wait_for(is_connecting ? POLLIN : POLLOUT | POLLIN);
      if (const Took took = take_in(); took == Took::End || took == Took::Reset) {
        // The test reads the reason next, if the server has closed.
        return;
      }
    }
  }
}

std::size_t TestPeer::send_some(std::string_view bytes) {
  if (tls_) {
    // What the kernel does not take of these goes before anything else is taken.
    if (tls_->state() == TlsClient::State::Connecting) {
      static_cast<void>(take_in());
    }
    if (!flush() || tls_->state() == TlsClient::State::Connecting) {
      return 0;
    }
    // Not too many at once: what is not sent yet is moved each time.
    bytes = bytes.substr(0, std::size_t{256} << 10);
    tls_->send(bytes);
    static_cast<void>(flush());
    return bytes.size();
  }
  const std::string filtered = is_filtered() ? scrambled(bytes) : std::string();
  const ssize_t sent =
      ::send(fd_, is_filtered() ? filtered.data() : bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
    return bytes.size();  // as above
  }
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

WireFrame TestPeer::receive() {
  WireFrame frame;
  while (!next_frame(frame)) {
    wait_for(POLLIN);
    const Took took = take_in();
    if (took == Took::End || took == Took::Reset) {
      fail(took == Took::End ? "gets a frame and not the end of the stream"
                             : "gets a frame and not a reset");
    }
  }
  return frame;
}

std::vector<WireFrame> TestPeer::receive(std::size_t count) {
  std::vector<WireFrame> frames;
  frames.reserve(count);
  while (frames.size() < count) {
    frames.push_back(receive());
  }
  return frames;
}

std::vector<WireFrame> TestPeer::receive_rest() {
  std::vector<WireFrame> frames;
  WireFrame frame;
  while (true) {
    while (next_frame(frame)) {
      frames.push_back(std::move(frame));
    }
    wait_for(POLLIN);
    const Took took = take_in();
    if (took == Took::Reset) {
      fail("gets the end of the stream and not a reset");
    }
    if (took == Took::End) {
      if (reader_.pending_bytes() > 0) {
        fail("gets whole frames only before the end");
      }
      return frames;
    }
  }
}

bool TestPeer::receive_some(std::vector<WireFrame>& frames) {
  const Took took = take_in();
  WireFrame frame;
  while (next_frame(frame)) {
    frames.push_back(std::move(frame));
  }
  return took != Took::End && took != Took::Reset;
}

void TestPeer::expect(const WireFrame& frame) { EXPECT_EQ(receive(), frame); }

void TestPeer::expect_closed() {
  if (const std::vector<WireFrame> rest = receive_rest(); !rest.empty()) {
    fail(fmt::format("gets the end of the stream and not {}", shown(rest.front())));
  }
}

void TestPeer::wait_for_end() {
  while (true) {
    wait_for(POLLIN);
    if (const Took took = take_in(); took == Took::End || took == Took::Reset) {
      return;
    }
  }
}

void TestPeer::expect_nothing_before_an_answer() {
  // No name contains a space, so the list is empty; answers keep their order.
  send(List{"no body"});
  expect(names({}));
}

void TestPeer::create(std::string_view name) {
  send(Create{name});
  expect(response());
}

void TestPeer::login(std::string_view name) {
  send(Login{name});
  expect(response());
}

void TestPeer::half_close() {
  if (tls_) {
    send_raw({});
    tls_->close();
    send_raw({});
  }
  shutdown(fd_, SHUT_WR);
}

void TestPeer::close() {
  if (fd_ >= 0) {
    if (tls_) {
      tls_->close();
      static_cast<void>(flush());
    }
    ::close(std::exchange(fd_, -1));
  }
}

void TestPeer::reset() {
  const linger none{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  tls_.reset();
  close();
}

void TestPeer::wait_for(short events) {
  static_cast<void>(flush());
  if (tls_ && !tls_->output().is_empty()) {
    events |= POLLOUT;
  }
  pollfd waited{fd_, events, 0};
  int ready = 0;
  do {
    ready = poll(&waited, 1, kPatienceMs);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) {
    fail(fmt::format("waits less than {} ms ({} bytes of a frame are there)", kPatienceMs,
                     reader_.pending_bytes()));
  }
}

TestPeer::Took TestPeer::take_in() {
  if (last_took_ == Took::End || last_took_ == Took::Reset) {
    return last_took_;
  }
  std::array<char, 65536> bytes;
  if (tls_) {
    static_cast<void>(flush());
  }
  const ssize_t size = recv(fd_, bytes.data(), bytes.size(), 0);
  if (size > 0) {
    last_took_ = take_in({bytes.data(), static_cast<std::size_t>(size)});
  } else if (size == 0) {
    last_took_ = tls_ && tls_->receive_end() != TlsClient::State::Ended ? Took::Reset : Took::End;
  } else {
    last_took_ = errno == EAGAIN ? Took::Nothing : Took::Reset;
  }
  return last_took_;
}

TestPeer::Took TestPeer::take_in(std::string_view got) {
  if (!tls_) {
    reader_.feed(is_filtered() ? scrambled(got) : std::string(got));
    return Took::Bytes;
  }
  ByteBuffer plain;
  const TlsClient::State state = tls_->receive(got, plain);
  reader_.feed(std::string(plain.view()));
  static_cast<void>(flush());
  return !plain.is_empty()                   ? Took::Bytes
         : state == TlsClient::State::Ended  ? Took::End
         : state == TlsClient::State::Failed ? Took::Reset
                                             : Took::Bytes;
}

bool TestPeer::flush() {
  if (!tls_) {
    return true;
  }
  ByteBuffer& output = tls_->output();
  const ssize_t sent =
      output.is_empty() ? 0 : ::send(fd_, output.data(), output.size(), MSG_NOSIGNAL);
  const bool is_gone = sent < 0 && (errno == EPIPE || errno == ECONNRESET);
  if (sent > 0 || is_gone) {
    const std::string rest(
        output.view().substr(is_gone ? output.size() : static_cast<std::size_t>(sent)));
    output.clear(0);
    output.append(rest);
  }
  return output.is_empty() && (is_gone || tls_->state() != TlsClient::State::Connecting);
}

bool TestPeer::next_frame(WireFrame& frame) {
  const FrameCut cut = reader_.take();
  if (cut.kind == FrameCut::Kind::BadVersion || cut.kind == FrameCut::Kind::TooLong) {
    fail("gets frames and nothing else");
  }
  if (cut.kind != FrameCut::Kind::Whole) {
    return false;
  }
  frame = {cut.code, std::string(cut.data)};
  return true;
}

void TestPeer::fail(const std::string& what) const {
  throw PeerError("the peer was to see that it " + what);
}

TestPeer created(std::uint16_t port, std::string_view name) {
  TestPeer peer(port);
  peer.create(name);
  return peer;
}

TestPeer logged_in(std::uint16_t port, std::string_view name) {
  TestPeer peer(port);
  peer.login(name);
  return peer;
}

}  // namespace tribar::test
