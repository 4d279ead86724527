// SPDX-License-Identifier: MIT
//
// See postgres_proxy.h.
#include "support/postgres_proxy.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

namespace tribar::test {
namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    throw std::runtime_error("the path of a socket is too long: " + path);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

std::size_t length_at(const std::string& bytes, std::size_t at) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    length = length << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return length;
}

}  // namespace

PostgresProxy::PostgresProxy(std::string server)
    : server_(std::move(server)),
      listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  const sockaddr_un address = address_of(folder_.file(".s.PGSQL.5432"));
  if (bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_.get(), 16) != 0) {
    throw std::runtime_error("the proxy cannot listen");
  }
  thread_ = std::thread([this] { run(); });
}

PostgresProxy::~PostgresProxy() {
  is_stopping_.store(true);
  thread_.join();
}

void PostgresProxy::arm(int messages, bool holds) {
  const std::lock_guard lock(mutex_);
  holds_.store(holds);
  has_happened_.store(false);
  left_.store(messages);
}

void PostgresProxy::let_go() {
  const std::lock_guard lock(mutex_);
  for (Link& link : links_) {
    link.is_held = false;
  }
}

void PostgresProxy::run() {
  while (!is_stopping_.load()) {
    std::vector<pollfd> sockets{{listener_.get(), POLLIN, 0}};
    {
      const std::lock_guard lock(mutex_);
      for (const Link& link : links_) {
        const auto wanted = [](const Flow& in, const Flow& out) {
          return static_cast<short>((in.has_ended ? 0 : POLLIN) |
                                    (out.ready.empty() ? 0 : POLLOUT));
        };
        sockets.push_back({link.client.get(), wanted(link.up, link.down), 0});
        sockets.push_back({link.server.get(), wanted(link.down, link.up), 0});
      }
    }
    // A short while, since it is also told to stop, and to let go.
    poll(sockets.data(), sockets.size(), 5);
    const std::lock_guard lock(mutex_);
    std::size_t next = 1;
    for (Link& link : links_) {
      serve(link, sockets[next].revents, sockets[next + 1].revents);
      next += 2;
    }
    if (left_.load() < 0) {
      left_.store(kNever);
      has_happened_.store(true);
      if (holds_.load()) {
        for (Link& link : links_) {
          link.is_held = true;
        }
      } else {
        links_.clear();
      }
    }
    links_.remove_if([](const Link& link) { return link.is_over; });
    if ((sockets[0].revents & POLLIN) != 0) {
      accept_one();
    }
  }
}

void PostgresProxy::accept_one() {
  Link link;
  link.client =
      Descriptor(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  link.server = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = address_of(server_);
  if (link.client.get() >= 0 &&
      connect(link.server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
          0) {
    links_.push_back(std::move(link));
  }
}

void PostgresProxy::serve(Link& link, short client_events, short server_events) {
  if ((client_events & ~POLLOUT) != 0) {
    take(link, link.up, link.client.get());
  }
  if ((server_events & ~POLLOUT) != 0) {
    take(link, link.down, link.server.get());
  }
  pass(link, link.down, false);
  if (!link.is_held) {
    pass(link, link.up, true);
  }
  write(link, link.up, link.server.get());
  write(link, link.down, link.client.get());
  const bool is_up_done = link.up.has_ended && !link.is_held && link.up.ready.empty();
  link.is_over = link.is_over || is_up_done || (link.down.has_ended && link.down.ready.empty());
}

void PostgresProxy::take(Link& link, Flow& flow, int from) {
  std::array<char, 65536> bytes{};
  const ssize_t got = recv(from, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got > 0) {
    flow.partial.append(bytes.data(), static_cast<std::size_t>(got));
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    flow.has_ended = true;
    // Nobody reads it any more.
    (&flow == &link.up ? link.down : link.up).ready.clear();
  }
}

/// Passes whole messages on, and counts them.
void PostgresProxy::pass(Link& link, Flow& flow, bool is_up) {
  while (true) {
    // The first message of a client has no type.
    const std::size_t type = is_up && !link.has_started ? 0 : 1;
    if (flow.partial.size() < type + 4) {
      return;
    }
    const std::size_t size = type + length_at(flow.partial, type);
    if (flow.partial.size() < size) {
      return;
    }
    if (left_.load() != kNever && left_.fetch_sub(1) <= 0) {
      return;  // this one does not pass: see run()
    }
    if (is_up) {
      link.has_started = true;
    } else if (flow.partial[0] == 'K' && changes_keys_.load()) {
      flow.partial[8] = static_cast<char>(flow.partial[8] ^ 1);
    }
    flow.ready += flow.partial.substr(0, size);
    flow.partial.erase(0, size);
  }
}

void PostgresProxy::write(Link& link, Flow& flow, int to) const {
  if (flow.ready.empty()) {
    return;
  }
  const ssize_t put = send(to, flow.ready.data(), flow.ready.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (put > 0) {
    flow.ready.erase(0, static_cast<std::size_t>(put));
  } else if (put < 0 && errno != EAGAIN && errno != EINTR) {
    flow.ready.clear();
    link.is_over = link.is_over || &flow == &link.up;
  }
}

}  // namespace tribar::test
