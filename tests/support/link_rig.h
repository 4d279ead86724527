// SPDX-License-Identifier: MIT
//
// A listening socket, and what a Link tells next. Every wait has a deadline and throws.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "client/link.h"
#include "client/server_address.h"
#include "support/patience.h"

namespace tribar::test {

/// A listening socket, at any loopback port or at a path.
class Listener {
 public:
  explicit Listener(int backlog = 8) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    start(reinterpret_cast<sockaddr*>(&address), sizeof address, backlog);
    socklen_t size = sizeof address;
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    address_ = {.host = "127.0.0.1", .port = std::to_string(ntohs(address.sin_port))};
  }
  Listener(const std::string& path, int backlog)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    start(reinterpret_cast<sockaddr*>(&address), sizeof address, backlog);
    address_ = {.host = "", .port = "", .kind = ServerAddress::Kind::Unix, .path = path};
  }

  [[nodiscard]] const ServerAddress& address() const { return address_; }
  void close() { socket_ = Descriptor(); }

  [[nodiscard]] Descriptor accept() const {
    pollfd waits{socket_.get(), POLLIN, 0};
    if (::poll(&waits, 1, kPatienceMs) != 1) {
      throw std::runtime_error("no connection");
    }
    return Descriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  void start(const sockaddr* address, socklen_t size, int backlog) {
    if (::bind(socket_.get(), address, size) != 0 || ::listen(socket_.get(), backlog) != 0) {
      throw std::runtime_error(std::strerror(errno));
    }
  }

  Descriptor socket_;
  ServerAddress address_;
};

/// What the link tells next; it must be one event.
inline LinkEvent next(Link& link) {
  const auto deadline = Link::Clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (Link::Clock::now() < deadline) {
    pollfd waits = link.polled();
    const int wait_ms = link.wait_ms();
    if (::poll(&waits, 1, wait_ms < 0 ? kPatienceMs : std::min(wait_ms, kPatienceMs)) < 0) {
      waits.revents = 0;
    }
    std::vector<LinkEvent> events = link.handle(waits.revents);
    if (events.size() > 1) {
      throw std::runtime_error("more than one event at once");
    }
    if (!events.empty()) {
      return events[0];
    }
  }
  throw std::runtime_error("the link tells nothing");
}

inline std::string read_some(const Descriptor& peer) {
  std::array<char, 4096> chunk{};
  pollfd waits{peer.get(), POLLIN, 0};
  if (::poll(&waits, 1, kPatienceMs) != 1) {
    throw std::runtime_error("nothing came");
  }
  const ssize_t got = ::recv(peer.get(), chunk.data(), chunk.size(), 0);
  return got > 0 ? std::string(chunk.data(), static_cast<std::size_t>(got)) : "";
}

inline std::string read_to_end(const Descriptor& peer) {
  std::string all;
  for (std::string some = read_some(peer); !some.empty(); some = read_some(peer)) {
    all += some;
  }
  return all;
}

}  // namespace tribar::test
