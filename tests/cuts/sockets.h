// SPDX-License-Identifier: MIT
//
// TCP sockets of the loopback for one thread that waits for many of them. None of the calls blocks
// but Poller::wait().
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace tribar::test {

using Clock = std::chrono::steady_clock;

class Socket {
 public:
  /// What a read has found.
  enum class Got { Bytes, Nothing, End, Reset };

  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept
      : ready(std::exchange(other.ready, short{0})), fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(ready, other.ready);
    return *this;
  }

  /// Listens on any port. Throws std::system_error, as connected() does.
  [[nodiscard]] static Socket listening() {
    Socket socket(checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
    const sockaddr_in address = loopback(0);
    checked(::bind(socket.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    checked(::listen(socket.fd_, 128));
    return socket;
  }
  /// Connects to a listener of this machine, which has room for one more.
  [[nodiscard]] static Socket connected(std::uint16_t port) {
    Socket socket(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    const sockaddr_in address = loopback(port);
    checked(::connect(socket.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    return socket.without_delay();
  }
  /// The next connection to a listener; not open if there is none.
  [[nodiscard]] Socket accepted() const {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    return fd < 0 ? Socket() : Socket(fd).without_delay();
  }
  [[nodiscard]] std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    checked(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size));
    return ntohs(address.sin_port);
  }

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }

  /// Appends what has arrived to `bytes`, at most 64 KiB.
  Got read(std::string& bytes) const {
    std::array<char, 65536> chunk;
    const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got > 0) {
      bytes.append(chunk.data(), static_cast<std::size_t>(got));
      return Got::Bytes;
    }
    if (got == 0) {
      return Got::End;
    }
    return errno == EAGAIN || errno == EINTR ? Got::Nothing : Got::Reset;
  }
  /// Writes what the system takes; returns how much that was. None: the peer takes nothing any
  /// more.
  [[nodiscard]] std::optional<std::size_t> write(std::string_view bytes) const {
    const ssize_t done = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done < 0) {
      return errno == EAGAIN || errno == EINTR ? std::optional<std::size_t>(0) : std::nullopt;
    }
    return static_cast<std::size_t>(done);
  }
  /// Ends our direction of the stream.
  void shut_down() const { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) {
      ::close(std::exchange(fd_, -1));
    }
    ready = 0;
  }
  /// Closes with a reset.
  void reset() {
    const linger none{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close();
  }

  short ready = 0;  // events of poll(2), as the last Poller::wait() has seen

 private:
  static int checked(int result) {
    if (result < 0) {
      throw std::system_error(errno, std::generic_category(), "socket");
    }
    return result;
  }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }
  Socket without_delay() {
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return std::move(*this);
  }

  int fd_ = -1;
};

/// What is waited for in one turn.
class Poller {
 public:
  /// `socket`, which may be closed, stays where it is until wait().
  void watch(Socket& socket, short events) {
    socket.ready = 0;
    sockets_.push_back(&socket);
    polled_.push_back({socket.is_open() ? socket.fd() : -1, events, 0});
  }
  void wake_at(Clock::time_point at) { deadline_ = std::min(deadline_, at); }

  /// Waits for one of the events or for the first deadline, at most 100 ms, and forgets them.
  void wait() {
    const auto left =
        std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(deadline_ - Clock::now()));
    const timespec timeout{0, std::min<long>(left.count(), 99'999'999)};
    if (::ppoll(polled_.data(), polled_.size(), &timeout, nullptr) > 0) {
      for (std::size_t i = 0; i < polled_.size(); ++i) {
        sockets_[i]->ready = polled_[i].revents;
      }
    }
    sockets_.clear();
    polled_.clear();
    deadline_ = Clock::time_point::max();
  }

 private:
  std::vector<Socket*> sockets_;
  std::vector<pollfd> polled_;
  Clock::time_point deadline_ = Clock::time_point::max();
};

}  // namespace tribar::test
