// SPDX-License-Identifier: MIT
//
// See crowd.h.
#include "hostile/crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "support/over_tls.h"

namespace tribar::test {
namespace {

int checked(int result, const char* call) {
  if (result < 0) {
    throw std::system_error(errno, std::generic_category(), call);
  }
  return result;
}

sockaddr_in loopback(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host);
  return address;
}

/// What `peer` waits for.
epoll_event wishes_of(Crowd::Peer& peer) {
  epoll_event event{};
  event.data.ptr = &peer;
  event.events = EPOLLRDHUP | (peer.reads || peer.is_shaking_hands() ? EPOLLIN : 0U) |
                 (peer.unsent.empty() ? 0U : EPOLLOUT);
  return event;
}

}  // namespace

Crowd::Crowd(std::uint16_t port)
    : port_(port), epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}

Crowd::~Crowd() {
  close_all();
  ::close(epoll_);
}

Crowd::Peer& Crowd::connect(const Options& options) {
  Peer& peer = peers_.emplace_back();
  peer.fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  ++open_;
  const int on = 1;
  setsockopt(peer.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (options.receive_buffer_bytes > 0) {
    setsockopt(peer.fd, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer_bytes,
               sizeof options.receive_buffer_bytes);
  }
  if (options.address > 0) {
    setsockopt(peer.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const sockaddr_in from = loopback(options.address, 0);
    checked(bind(peer.fd, reinterpret_cast<const sockaddr*>(&from), sizeof from), "bind");
  }
  const sockaddr_in to = loopback(1, port_);
  if (::connect(peer.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0 &&
      errno != EINPROGRESS) {
    checked(-1, "connect");
  }
  peer.reads = options.reads;
  if (is_over_tls()) {
    peer.tls.emplace(peers_tls(), "127.0.0.1");
    collect(peer);
  }
  epoll_event event = wishes_of(peer);
  checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, peer.fd, &event), "epoll_ctl");
  return peer;
}

bool Crowd::shake_hands(std::chrono::milliseconds most) {
  return turn_until(most, [this] {
    return std::none_of(peers_.begin(), peers_.end(),
                        [](const Peer& peer) { return peer.is_open() && peer.is_shaking_hands(); });
  });
}

void Crowd::send(Peer& peer, std::string_view bytes) {
  if (!peer.is_open()) {
    return;
  }
  const bool was_empty = peer.unsent.empty();
  if (peer.tls) {
    peer.tls->send(bytes);
    collect(peer);
  } else {
    peer.unsent += bytes;
  }
  if (was_empty) {
    flush(peer);
  }
}

std::size_t Crowd::send_some(Peer& peer, std::string_view bytes) {
  if (!peer.tls) {
    return push(peer, bytes);
  }
  if (!peer.is_open() || peer.is_shaking_hands() || !peer.unsent.empty()) {
    return 0;
  }
  send(peer, bytes);
  return bytes.size();
}

/// Gives the kernel of `bytes` what it takes; returns how much.
std::size_t Crowd::push(Peer& peer, std::string_view bytes) {
  const ssize_t taken =
      peer.is_open() ? ::send(peer.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) : 0;
  // Whether it has ended is found by reading.
  const std::size_t size = taken > 0 ? static_cast<std::size_t>(taken) : 0;
  peer.taken_bytes += size;
  return size;
}

void Crowd::read_some(Peer& peer, std::size_t most) {
  std::array<char, 16> bytes;
  if (peer.is_open()) {
    const ssize_t size = recv(peer.fd, bytes.data(), std::min(most, bytes.size()), 0);
    if (size > 0) {
      hear(peer, {bytes.data(), static_cast<std::size_t>(size)});
    }
  }
}

void Crowd::set_reads(Peer& peer, bool reads) {
  peer.reads = reads;
  update(peer);
}

void Crowd::half_close(Peer& peer) {
  if (peer.tls) {
    peer.tls->close();
    collect(peer);
    flush(peer);
  }
  shutdown(peer.fd, SHUT_WR);
}

void Crowd::close(Peer& peer) {
  if (peer.fd >= 0) {
    open_ -= peer.end == End::None ? 1 : 0;
    ::close(std::exchange(peer.fd, -1));
    peer.unsent = {};
  }
}

void Crowd::reset(Peer& peer) {
  const linger none{1, 0};
  setsockopt(peer.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close(peer);
}

void Crowd::close_all() {
  for (Peer& peer : peers_) {
    close(peer);
  }
  peers_.clear();
}

void Crowd::turn(std::chrono::milliseconds most) {
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                               static_cast<int>(most.count()));
  for (int i = 0; i < count; ++i) {
    Peer& peer = *static_cast<Peer*>(events[static_cast<std::size_t>(i)].data.ptr);
    const std::uint32_t what = events[static_cast<std::size_t>(i)].events;
    if (!peer.is_open()) {
      continue;
    }
    const bool reads = peer.reads || peer.is_shaking_hands();
    if (!reads && (what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
      set_end(peer, (what & (EPOLLHUP | EPOLLERR)) != 0 ? End::Reset : End::Order);
    } else {
      if ((what & EPOLLOUT) != 0) {
        flush(peer);
      }
      if (reads && (what & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
        take_in(peer);
      }
    }
  }
}

bool Crowd::turn_until(std::chrono::milliseconds most, const std::function<bool()>& is_done) {
  constexpr std::chrono::milliseconds kLongestTurn{20};
  const auto deadline = Clock::now() + most;
  while (!is_done()) {
    if (Clock::now() >= deadline) {
      return false;
    }
    turn(std::min(kLongestTurn, most));
    if (on_turn) {
      on_turn();
    }
  }
  return true;
}

void Crowd::turn_for(std::chrono::milliseconds time) {
  static_cast<void>(turn_until(time, [] { return false; }));
}

void Crowd::take_in(Peer& peer) {
  // Some of what there is, so that each has its turn.
  static std::array<char, 262144> bytes;
  const ssize_t size = recv(peer.fd, bytes.data(), bytes.size(), 0);
  if (size > 0) {
    hear(peer, {bytes.data(), static_cast<std::size_t>(size)});
  } else if (size == 0) {
    // Over TLS one in order has ended already.
    set_end(peer, peer.tls ? End::Reset : End::Order);
  } else if (errno != EAGAIN) {
    set_end(peer, End::Reset);
  }
}

/// `peer` has received `bytes`.
void Crowd::hear(Peer& peer, std::string_view bytes) {
  plain_.clear(std::size_t{1} << 20);
  if (peer.tls) {
    const TlsClient::State state = peer.tls->receive(bytes, plain_);
    collect(peer);
    flush(peer);
    if (state == TlsClient::State::Ended || state == TlsClient::State::Failed) {
      set_end(peer, state == TlsClient::State::Ended ? End::Order : End::Reset);
    }
    bytes = plain_.view();
  }
  peer.heard_bytes += bytes.size();
  peer.heard.append(bytes.substr(0, kKeptBytes - peer.heard.size()));
}

/// What TLS wants to say is to be sent.
void Crowd::collect(Peer& peer) {
  peer.unsent += peer.tls->output().view();
  peer.tls->output().clear(0);
}

void Crowd::flush(Peer& peer) {
  peer.unsent.erase(0, push(peer, peer.unsent));
  update(peer);
}

/// The descriptor stays open, and its end is heard of once.
void Crowd::set_end(Peer& peer, End end) {
  peer.end = end;
  peer.ended = Clock::now();
  peer.unsent = {};
  --open_;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, peer.fd, nullptr);
}

void Crowd::update(Peer& peer) const {
  if (!peer.is_open()) {
    return;
  }
  epoll_event event = wishes_of(peer);
  epoll_ctl(epoll_, EPOLL_CTL_MOD, peer.fd, &event);
}

}  // namespace tribar::test
