// SPDX-License-Identifier: MIT
//
// See link.h.
#include "client/link.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#include "base/byte_buffer.h"
#include "base/log.h"

namespace tribar {
namespace {

constexpr std::size_t kChunkBytes = 65536;
/// How long a Unix socket that has no room for another connection is left alone.
constexpr std::chrono::milliseconds kPause{20};

/// After so many seconds without a byte from the server TCP asks whether it is there, and again
/// after so many; the connection ends when so many questions went unanswered.
constexpr int kIdleSeconds = 60;
constexpr int kQuestionSeconds = 15;
constexpr int kQuestions = 4;

/// A command is one small write whose answer is awaited. And a server that is gone without a word
/// is noticed also by a client that only listens. Without these options it works, too, so a failure
/// is ignored; a Unix socket does not have them.
void set_options(int socket) {
  const auto set = [socket](int level, int option, int value) {
    static_cast<void>(::setsockopt(socket, level, option, &value, sizeof value));
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
#if defined(TCP_KEEPIDLE)
  set(IPPROTO_TCP, TCP_KEEPIDLE, kIdleSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kQuestionSeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kQuestions);
#endif
}

bool is_passing(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

const sockaddr* generic(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr*>(&address.bytes);
}

std::string numeric_host(const SocketAddress& address) {
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(generic(address), address.size, host.data(), host.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    return "?";
  }
  return host.data();
}

/// The address of a Unix socket; none if `path` is too long for one.
std::optional<SocketAddress> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return std::nullopt;
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  SocketAddress result;
  result.size = sizeof address;
  std::memcpy(&result.bytes, &address, sizeof address);
  return result;
}

/// One end's address of a connected socket; of size 0 if there is none.
SocketAddress end_of(int socket, int (*get)(int, sockaddr*, socklen_t*)) {
  SocketAddress address;
  address.size = sizeof address.bytes;
  if (get(socket, reinterpret_cast<sockaddr*>(&address.bytes), &address.size) != 0) {
    address.size = 0;
  }
  return address;
}

bool is_on_this_machine(const SocketAddress& peer) {
  if (peer.size == 0) {
    return false;
  }
  if (peer.bytes.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in&>(peer.bytes);
    return ntohl(address.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  if (peer.bytes.ss_family == AF_INET6) {
    const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(peer.bytes).sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&address) ||
           (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == IN_LOOPBACKNET);
  }
  return peer.bytes.ss_family == AF_UNIX;
}

/// Whether a socket is connected to itself: the kernel chose the port that it was to connect to,
/// and nobody listens there. That happens on the machine of a server that is away.
bool is_own_peer(int socket) {
  const SocketAddress here = end_of(socket, ::getsockname);
  const SocketAddress there = end_of(socket, ::getpeername);
  return here.bytes.ss_family != AF_UNIX && here.size == there.size && here.size != 0 &&
         std::memcmp(&here.bytes, &there.bytes, here.size) == 0;
}

}  // namespace

Link::Link(Settings settings) : settings_(std::move(settings)) {}
Link::~Link() = default;

Link::State Link::state() const {
  // What was not told yet has not happened for the caller.
  if (!events_.empty() && (events_.front().kind == LinkEvent::Kind::Opened ||
                           events_.front().kind == LinkEvent::Kind::Failed)) {
    return State::Connecting;
  }
  switch (step_) {
    case Step::Down:
      return State::Down;
    case Step::Open:
    case Step::Ending:
      return State::Open;
    case Step::LookingUp:
    case Step::Trying:
    case Step::Pausing:
    case Step::Handshaking:
      break;
  }
  return State::Connecting;
}

void Link::connect() {
  close();
  if (std::exchange(has_connected_, true)) {
    server_ = (server_ + 1) % (1 + settings_.others.size());
  }
  deadline_ = Clock::now() + settings_.timeout;
  const ServerAddress& address = this->address();
  if (address.kind == ServerAddress::Kind::Unix) {
    const auto path = address_of(address.path);
    take_addresses(path ? Resolved{{*path}, ""} : Resolved{{}, std::strerror(ENAMETOOLONG)});
    return;
  }
  if (auto resolved = resolve_number(address.host, address.port)) {
    take_addresses(std::move(*resolved));
    return;
  }
  step_ = Step::LookingUp;
  lookup_.emplace(settings_.look_up, address.host, address.port);
  take_lookup();
}

void Link::take_lookup() {
  if (auto resolved = lookup_->take()) {
    lookup_.reset();
    take_addresses(std::move(*resolved));
  }
}

void Link::take_addresses(Resolved resolved) {
  addresses_ = std::move(resolved.addresses);
  if (addresses_.empty()) {
    fail(resolved.error);
    return;
  }
  try_address();
}

/// Begins to connect to the next address of the server. Of the time that is left each gets the same
/// share, so that one that does not answer leaves some to the others; and no more than is good if
/// there is another server.
void Link::try_address() {
  const auto now = Clock::now();
  const auto left = static_cast<Clock::rep>(addresses_.size() - next_address_);
  try_deadline_ = now + (*deadline_ - now) / left;
  if (!settings_.others.empty()) {
    try_deadline_ = std::min(*try_deadline_, now + settings_.patience);
  }
  const SocketAddress& address = addresses_[next_address_];
  step_ = Step::Trying;
  socket_ =
      Descriptor(::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool is_open = socket_.get() >= 0;
  if (is_open && ::connect(socket_.get(), generic(address), address.size) == 0) {
    begin_session();
  } else if (is_open && errno == EAGAIN) {  // a Unix socket's queue is full
    step_ = Step::Pausing;
    socket_ = Descriptor();
    try_deadline_ = now + kPause;
  } else if (!is_open || (errno != EINPROGRESS && errno != EINTR)) {
    give_up_address(std::strerror(errno));
  }
}

/// Notes why the address does not work, and tries the next.
void Link::give_up_address(std::string_view why) {
  socket_ = Descriptor();
  const std::string host = address().kind == ServerAddress::Kind::Unix
                               ? address().host
                               : numeric_host(addresses_[next_address_]);
  reasons_ += reasons_.empty() ? "" : "; ";
  reasons_ += host == address().host ? std::string(why) : fmt::format("{}: {}", host, why);
  if (++next_address_ < addresses_.size()) {
    try_address();
  } else {
    fail(reasons_);
  }
}

void Link::finish_try() {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
    error = errno;
  }
  if (error == 0 && is_own_peer(socket_.get())) {
    error = ECONNREFUSED;
  }
  if (error != 0) {
    give_up_address(std::strerror(error));
    return;
  }
  begin_session();
}

void Link::begin_session() {
  try_deadline_.reset();
  set_options(socket_.get());
  if (address().kind != ServerAddress::Kind::Tls) {
    open();
    return;
  }
  step_ = Step::Handshaking;
  tls_.emplace(settings_.tls, address().host);
  flush_tls();
  if (tls_->state() == TlsClient::State::Failed) {
    end_of_server();
  }
}

void Link::open() {
  step_ = Step::Open;
  deadline_.reset();
  events_.push_back({LinkEvent::Kind::Opened});
}

void Link::fail(std::string_view why) {
  end(LinkEvent::Kind::Failed,
      fmt::format("cannot connect to {}: {}", log::escaped(to_string(address())), why));
}

void Link::end(LinkEvent::Kind kind, std::string text) {
  Events told = std::exchange(events_, {});
  told.push_back({kind, std::move(text)});
  close();
  events_ = std::move(told);
}

void Link::close() {
  step_ = Step::Down;
  events_.clear();
  deadline_.reset();
  try_deadline_.reset();
  lookup_.reset();
  addresses_.clear();
  next_address_ = 0;
  reasons_.clear();
  socket_ = Descriptor();
  tls_.reset();
  unsent_.clear();
  has_hung_up_ = false;
}

std::optional<std::string> Link::connect_and_wait() {
  std::string failures;
  for (std::size_t i = 0; i <= settings_.others.size(); ++i) {
    auto failure = wait_for_connection();
    if (!failure) {
      return std::nullopt;
    }
    failures += (failures.empty() ? "" : "; ") + *failure;
  }
  return failures;
}

std::optional<std::string> Link::wait_for_connection() {
  connect();
  while (true) {
    pollfd waits = polled();
    if (::poll(&waits, 1, wait_ms()) < 0) {
      waits.revents = 0;  // a signal
    }
    Events events = handle(waits.revents);
    if (events.empty()) {
      continue;
    }
    if (events.front().kind == LinkEvent::Kind::Failed) {
      return std::move(events.front().text);
    }
    // What came together with Opened is told next.
    events_.assign(std::next(events.begin()), events.end());
    return std::nullopt;
  }
}

pollfd Link::polled(bool may_read) const {
  const auto if_unsent = static_cast<short>(unsent_.empty() ? 0 : POLLOUT);
  switch (step_) {
    case Step::Down:
    case Step::Pausing:
    case Step::Ending:
      break;
    case Step::LookingUp:
      return {lookup_->fd(), POLLIN, 0};
    case Step::Trying:
      return {socket_.get(), POLLOUT, 0};
    case Step::Handshaking:
      return {socket_.get(), static_cast<short>(POLLIN | if_unsent), 0};
    case Step::Open: {
      const int if_read = may_read || has_hung_up_ ? POLLIN : 0;
      return {socket_.get(), static_cast<short>(POLLRDHUP | if_read | if_unsent), 0};
    }
  }
  return {-1, 0, 0};
}

int Link::wait_ms() const {
  if (!events_.empty() || step_ == Step::Ending) {
    return 0;
  }
  if (!deadline_) {
    return -1;
  }
  const auto next = try_deadline_ ? std::min(*try_deadline_, *deadline_) : *deadline_;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

std::vector<LinkEvent> Link::handle(short reported) {
  switch (step_) {
    case Step::Down:
    case Step::Pausing:
      break;
    case Step::LookingUp:
      take_lookup();
      break;
    case Step::Trying:
      if (reported != 0) {
        finish_try();
      }
      break;
    case Step::Handshaking:
    case Step::Open:
      if ((reported & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
        has_hung_up_ = true;
      }
      if ((reported & POLLOUT) != 0) {
        flush();
      }
      if ((reported & ~POLLOUT) != 0) {
        read();
      }
      break;
    case Step::Ending:
      end_of_server();
      break;
  }
  expire();
  return std::exchange(events_, {});
}

/// Does what is due by now.
void Link::expire() {
  const auto now = Clock::now();
  if (deadline_ && now >= *deadline_) {
    const std::string within =
        fmt::format("within {:g} s", std::chrono::duration<double>(settings_.timeout).count());
    if (step_ == Step::LookingUp) {
      fail(
          fmt::format("its name was not found {}: check the name and the network, or wait longer "
                      "with --timeout",
                      within));
    } else if (step_ == Step::Handshaking) {
      fail(
          fmt::format("it accepts connections, but did not finish the TLS handshake {}: check "
                      "that it is a tribard with TLS, or wait longer with --timeout",
                      within));
    } else {
      next_address_ = addresses_.size() - 1;  // for the others there is no time left
      give_up_address(
          fmt::format("no answer {}: check the address, or wait longer with --timeout", within));
    }
  } else if (try_deadline_ && now >= *try_deadline_) {
    if (step_ == Step::Pausing) {
      try_address();
    } else {
      give_up_address("no answer");
    }
  }
}

void Link::read() {
  std::array<char, kChunkBytes> chunk;
  const ssize_t got = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
  if (got > 0) {
    receive(std::string_view(chunk.data(), static_cast<std::size_t>(got)));
  } else if (got == 0) {
    if (tls_) {
      static_cast<void>(tls_->receive_end());
    }
    end_of_server();
  } else if (!is_passing(errno)) {
    const char* reason = std::strerror(errno);
    if (step_ == Step::Handshaking) {
      fail(reason);
    } else {
      end(LinkEvent::Kind::Lost, fmt::format("the connection to the server broke: {}", reason));
    }
  }
}

void Link::receive(std::string_view bytes) {
  if (!tls_) {
    events_.push_back({LinkEvent::Kind::Received, std::string(bytes)});
    return;
  }
  ByteBuffer plain;
  const TlsClient::State state = tls_->receive(bytes, plain);
  flush_tls();  // what TLS itself has to say
  const bool has_ended = state == TlsClient::State::Ended || state == TlsClient::State::Failed;
  if (step_ == Step::Handshaking &&
      (state == TlsClient::State::Open || state == TlsClient::State::Ended || !plain.is_empty())) {
    open();
  }
  if (!plain.is_empty()) {
    events_.push_back({LinkEvent::Kind::Received, std::string(plain.view())});
  }
  if (has_ended && !plain.is_empty()) {
    step_ = Step::Ending;  // so that the caller can still answer what came last
  } else if (has_ended) {
    end_of_server();
  }
}

/// Nothing more comes from the server.
void Link::end_of_server() {
  const bool has_failed = tls_ && tls_->state() == TlsClient::State::Failed;
  end(step_ == Step::Handshaking ? LinkEvent::Kind::Failed : LinkEvent::Kind::Lost,
      has_failed ? tls_->error() : "the server closed the connection");
}

void Link::send(std::string_view bytes) {
  if (step_ != Step::Open && step_ != Step::Ending) {
    return;
  }
  if (tls_) {
    tls_->send(bytes);
    flush_tls();
  } else {
    unsent_ += bytes;
    flush();
  }
}

void Link::flush_tls() {
  unsent_ += tls_->output().view();
  tls_->output().clear(0);
  flush();
}

void Link::flush() {
  if (unsent_.empty()) {
    return;
  }
  const ssize_t sent = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    unsent_.erase(0, static_cast<std::size_t>(sent));
  } else if (!is_passing(errno)) {
    // The server reads nothing more. The reason may be in what it has sent; reading on finds that,
    // and then the end of the connection.
    unsent_.clear();
  }
}

void Link::part() {
  if (step_ != Step::Open && step_ != Step::Ending) {
    close();
    return;
  }
  const auto deadline = Clock::now() + std::chrono::seconds(1);
  const auto await = [this, deadline](short event) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd server{socket_.get(), event, 0};
    return left > 0 && ::poll(&server, 1, static_cast<int>(left)) > 0;
  };
  if (tls_) {
    tls_->close();
    flush_tls();
  }
  while (!unsent_.empty() && await(POLLOUT)) {
    flush();
  }
  ::shutdown(socket_.get(), SHUT_WR);
  std::array<char, kChunkBytes> chunk;
  ssize_t got = 1;
  while ((got > 0 || (got < 0 && is_passing(errno))) && await(POLLIN)) {
    got = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
  }
  close();
}

bool Link::is_private() const {
  return tls_.has_value() || is_on_this_machine(end_of(socket_.get(), ::getpeername));
}

}  // namespace tribar
