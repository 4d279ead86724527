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
#include <utility>

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

/// 0, or a negative uv code.
int set_options(int socket, const SocketOptions& options) {
  int code = 0;
  const auto set = [&](int level, int name, unsigned value) {
    if (setsockopt(socket, level, name, &value, sizeof value) < 0 && code == 0) {
      code = uv_translate_sys_error(errno);
    }
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
#ifdef TCP_NOTSENT_LOWAT
  if (options.unsent_bytes > 0) {
    set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, options.unsent_bytes);
  }
#endif
  set(SOL_SOCKET, SO_KEEPALIVE, options.keepalive_s > 0 ? 1 : 0);
#ifdef TCP_KEEPIDLE
  if (options.keepalive_s > 0) {
    set(IPPROTO_TCP, TCP_KEEPIDLE, options.keepalive_s);
  }
#endif
  return code;
}

/// Makes `bound` a socket at `address`; 0, or a negative uv code.
int bind_at(Descriptor& bound, const Address& address, bool is_shared) {
  const int family = address.raw()->sa_family;
  const int on = 1;
  bound = Descriptor(open_socket(family));
  const bool is_bound =
      bound.get() >= 0 && setsockopt(bound.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      (!is_shared || setsockopt(bound.get(), SOL_SOCKET, kShared, &on, sizeof on) == 0) &&
      (family != AF_INET6 ||
       setsockopt(bound.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
      bind(bound.get(), address.raw(), size_of(address)) == 0;
  return is_bound ? 0 : uv_translate_sys_error(errno);
}

}  // namespace

/// The options are set before anybody can connect.
Descriptor listen_at(const Address& address, bool is_shared, int backlog,
                     const SocketOptions& options) {
  const std::string what = "cannot listen on " + address_text(address.raw());
  Descriptor bound;
  check(bind_at(bound, address, is_shared), what.c_str());
  check(set_options(bound.get(), options), what.c_str());
  check(::listen(bound.get(), backlog) < 0 ? uv_translate_sys_error(errno) : 0, what.c_str());
  return bound;
}

Address bound_to(const Descriptor& socket) {
  Address address;
  socklen_t size = sizeof address.storage;
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address.storage), &size);
  return address;
}

Address probe(const Address& address) { return bound_to(listen_at(address, false, 1, {})); }

int try_bind(const Address& address) {
  Descriptor bound;
  return bind_at(bound, address, false);
}

Descriptor duplicate_of(const SharedSocket& socket, const SocketOptions& options) {
  const std::string what = "cannot listen on " + address_text(socket.address.raw());
  Descriptor duplicate(fcntl(socket.fd, F_DUPFD_CLOEXEC, 0));
  check(duplicate.get() < 0 ? uv_translate_sys_error(errno) : 0, what.c_str());
  if (socket.address.raw()->sa_family != AF_UNIX) {
    check(set_options(duplicate.get(), options), what.c_str());
  }
  return duplicate;
}

Listener::Listener(Loop& loop, Descriptor socket, std::function<void(Listener&)> on_connection)
    : socket_(std::move(socket)), on_connection_(std::move(on_connection)) {
  auto holder = std::make_unique<Holder>();
  const int code = uv_poll_init(loop.raw(), &holder->handle, socket_.get());
  check(code, ("cannot listen on " + bound_address()).c_str());
  holder->handle.data = holder.get();
  holder->owner = this;
  holder_.reset(holder.release());
  resume();
}

Listener::Waiting Listener::accept() noexcept {
  const int fd = accept_socket(socket_.get());
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

void Listener::set_options(const SocketOptions& options) noexcept {
  if (bound_to(socket_).raw()->sa_family != AF_UNIX) {
    static_cast<void>(uv::set_options(socket_.get(), options));
  }
}

std::string Listener::bound_address() const { return address_text(bound_to(socket_).raw()); }

}  // namespace tribar::uv
