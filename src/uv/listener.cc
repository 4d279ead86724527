// SPDX-License-Identifier: MIT
//
// See listener.h.
#include "uv/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "uv/error.h"

namespace tribar::uv {

std::vector<Address> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), fmt::format("{}", port).c_str(), &hints, &found);
  if (code != 0) {
    throw std::runtime_error(
        fmt::format("cannot listen on {}:{}: {}", host, port, gai_strerror(code)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    Address address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    addresses.push_back(address);
  }
  return addresses;
}

bool Address::is_loopback() const {
  switch (storage.ss_family) {
    case AF_UNIX:
      return true;
    case AF_INET: {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
      return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    case AF_INET6: {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
      return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    }
    default:
      return false;
  }
}

std::string address_text(const sockaddr* address) {
  if (address->sa_family == AF_UNIX) {
    const auto* file = reinterpret_cast<const sockaddr_un*>(address);
    return "unix:" + std::string(file->sun_path, strnlen(file->sun_path, sizeof file->sun_path));
  }
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    uv_ip6_name(v6, host.data(), host.size());
    return fmt::format("[{}]:{}", host.data(), ntohs(v6->sin6_port));
  }
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
  uv_ip4_name(v4, host.data(), host.size());
  return fmt::format("{}:{}", host.data(), ntohs(v4->sin_port));
}

namespace {

// The option with which the kernel distributes connections among the sockets of one address.
#ifdef SO_REUSEPORT_LB
constexpr int kShared = SO_REUSEPORT_LB;
#else
constexpr int kShared = SO_REUSEPORT;
#endif

// Creates a non-blocking socket that child processes do not inherit. Negative, with errno, on
// failure.
#ifdef SOCK_CLOEXEC
int accept_socket(int listening) {
  return accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
#else
int without_blocking(int fd) {
  if (fd >= 0 && (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)) {
    ::close(fd);
    return -1;
  }
  return fd;
}

int accept_socket(int listening) { return without_blocking(::accept(listening, nullptr, nullptr)); }
#endif

}  // namespace

int open_socket(int family) {
#ifdef SOCK_CLOEXEC
  return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
#else
  return without_blocking(socket(family, SOCK_STREAM, 0));
#endif
}

socklen_t size_of(const Address& address) {
  switch (address.raw()->sa_family) {
    case AF_UNIX:
      return sizeof(sockaddr_un);
    case AF_INET6:
      return sizeof(sockaddr_in6);
    default:
      return sizeof(sockaddr_in);
  }
}

namespace {

void set_options(const Socket& socket, const SocketOptions& options, const std::string& what) {
  const auto set = [&](int level, int name, unsigned value) {
    const int result = setsockopt(socket.fd, level, name, &value, sizeof value);
    check(result < 0 ? uv_translate_sys_error(errno) : 0, what.c_str());
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
#ifdef TCP_NOTSENT_LOWAT
  if (options.unsent_bytes > 0) {
    set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, options.unsent_bytes);
  }
#endif
  if (options.keepalive_s > 0) {
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
    set(IPPROTO_TCP, TCP_KEEPIDLE, options.keepalive_s);
#endif
  }
}

/// Makes `bound` a socket at `address`; 0, or a negative uv code.
int bind_at(Socket& bound, const Address& address, bool is_shared) {
  const int family = address.raw()->sa_family;
  const int on = 1;
  bound.fd = open_socket(family);
  const bool is_bound =
      bound.fd >= 0 && setsockopt(bound.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      (!is_shared || setsockopt(bound.fd, SOL_SOCKET, kShared, &on, sizeof on) == 0) &&
      (family != AF_INET6 ||
       setsockopt(bound.fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
      bind(bound.fd, address.raw(), size_of(address)) == 0;
  return is_bound ? 0 : uv_translate_sys_error(errno);
}

/// Creates the socket `bound`, which listens at `address`, and sets `options` before anybody can
/// connect. `what` starts the error message.
void listen_at(Socket& bound, const Address& address, bool is_shared, int backlog,
               const SocketOptions& options, const std::string& what) {
  check(bind_at(bound, address, is_shared), what.c_str());
  set_options(bound, options, what);
  check(::listen(bound.fd, backlog) < 0 ? uv_translate_sys_error(errno) : 0, what.c_str());
}

Address bound_to(const Socket& bound) {
  Address address;
  socklen_t size = sizeof address.storage;
  getsockname(bound.fd, reinterpret_cast<sockaddr*>(&address.storage), &size);
  return address;
}

}  // namespace

Address probe(const Address& address) {
  Socket bound;
  listen_at(bound, address, false, 1, {}, "cannot listen on " + address_text(address.raw()));
  return bound_to(bound);
}

int try_bind(const Address& address) {
  Socket bound;
  return bind_at(bound, address, false);
}

Listener::Listener(Loop& loop, const Address& address, bool is_shared, int backlog,
                   const SocketOptions& options, std::function<void(Listener&)> on_connection)
    : on_connection_(std::move(on_connection)) {
  const std::string what = "cannot listen on " + address_text(address.raw());
  listen_at(socket_, address, is_shared, backlog, options, what);
  poll_on(loop, what);
}

Listener::Listener(Loop& loop, const SharedSocket& socket, const SocketOptions& options,
                   std::function<void(Listener&)> on_connection)
    : on_connection_(std::move(on_connection)) {
  const std::string what = "cannot listen on " + address_text(socket.address.raw());
  socket_.fd = fcntl(socket.fd, F_DUPFD_CLOEXEC, 0);
  check(socket_.fd < 0 ? uv_translate_sys_error(errno) : 0, what.c_str());
  if (socket.address.raw()->sa_family != AF_UNIX) {
    set_options(socket_, options, what);
  }
  poll_on(loop, what);
}

void Listener::poll_on(Loop& loop, const std::string& what) {
  auto holder = std::make_unique<Holder>();
  check(uv_poll_init(loop.raw(), &holder->handle, socket_.fd), what.c_str());
  holder->handle.data = holder.get();
  holder->owner = this;
  holder_.reset(holder.release());
  resume();
}

Listener::Waiting Listener::accept() noexcept {
  const int fd = accept_socket(socket_.fd);
  if (fd >= 0) {
    return {Waiting::Kind::Socket, fd, 0};
  }
  const int code = uv_translate_sys_error(errno);
  switch (code) {
    case UV_EAGAIN:
      return {Waiting::Kind::None, -1, code};
    case UV_EMFILE:
    case UV_ENFILE:
    case UV_ENOBUFS:
    case UV_ENOMEM:
      return {Waiting::Kind::Shortage, -1, code};
    default:
      return {Waiting::Kind::Gone, -1, code};
  }
}

void Listener::pause() noexcept { uv_poll_stop(&holder_->handle); }

void Listener::resume() noexcept {
  uv_poll_start(&holder_->handle, UV_READABLE, [](uv_poll_t* handle, int, int) noexcept {
    Listener& listener = *static_cast<Holder*>(handle->data)->owner;
    listener.on_connection_(listener);
  });
}

std::string Listener::bound_address() const { return address_text(bound_to(socket_).raw()); }

}  // namespace tribar::uv
