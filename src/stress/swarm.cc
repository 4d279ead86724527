// SPDX-License-Identifier: MIT
//
// See swarm.h.
#include "stress/swarm.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

namespace tribar::stress {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
// A partial frame up to this size is copied in front of the next read; a longer one (a long list)
// is completed in its own buffer.
constexpr std::size_t kFrontBytes = std::size_t{64} * 1024;
// Sleeping and waking takes about this long; polling again costs no more and is not late.
constexpr Nanos kShortestSleep = 30 * kMicrosecond;
constexpr std::uint64_t kMostReplyBytes = std::uint64_t{256} * 1024 * 1024;

}  // namespace

Swarm::Swarm(const Server& server, User users, SwarmEvents& events, std::uint8_t version)
    : server_(server),
      version_(version),
      events_(events),
      links_(users),
      buffer_(kFrontBytes + kReadBytes),
      now_(monotonic_now()) {}

Swarm::~Swarm() {
  for (const Link& link : links_) {
    if (link.fd >= 0) {
      ::close(link.fd);
    }
  }
}

int Swarm::open(User user) {
  Link& link = links_[user];
  const Place& place = server_.places[place_];
  link.place = place_;
  link.has_written = false;
  const int family = place.address.storage.ss_family;
  const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return errno;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const Address source = source_for(place.address, opened_++);
  if (source.bytes > 0) {
#ifdef IP_BIND_ADDRESS_NO_PORT
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
#endif
  }
  if ((source.bytes > 0 && bind(fd, source.get(), source.bytes) != 0) ||
      (connect(fd, place.address.get(), place.address.bytes) != 0 && errno != EINPROGRESS)) {
    const int error = errno;
    ::close(fd);
    return error;
  }
  link.fd = fd;
  ++link.generation;
  link.is_reading = true;
  link.is_finishing = false;
  link.error = 0;
  link.watched = kUnwatched;
  link.out.clear();
  if (server_.tls) {
    link.tls = std::make_unique<Tls>(Tls{TlsClient(server_.tls, place.host), {}});
    seal(link);
  }
  watch(user);
  return 0;
}

void Swarm::leave_place(User user) {
  if (links_[user].place == place_) {
    place_ = (place_ + 1) % server_.places.size();
  }
}

void Swarm::close(User user) {
  Link& link = links_[user];
  if (link.fd >= 0) {
    poller_.remove(link.fd);
    ::close(link.fd);
    link.fd = -1;
  }
  link.tls.reset();
  link.out.clear();
  link.partial.clear();
}

void Swarm::finish(User user) {
  Link& link = links_[user];
  link.is_finishing = true;
  if (link.tls) {
    seal(link);
    link.tls->client.close();
  }
  flush(user);
}

char* Swarm::write(User user, std::size_t bytes) {
  Link& link = links_[user];
  if (!link.is_dirty) {
    link.is_dirty = true;
    dirty_.push_back(user);
  }
  return (link.tls ? link.tls->plain : link.out).grow(bytes);
}

/// Moves what TLS has for the kernel to `out`.
void Swarm::seal(Link& link) {
  TlsClient& client = link.tls->client;
  client.send(link.tls->plain.view());
  link.tls->plain.clear();
  link.out.append(client.output().view());
  client.output().clear(0);
}

void Swarm::flush() {
  for (const User user : dirty_) {
    if (std::exchange(links_[user].is_dirty, false)) {
      flush(user);
    }
  }
  dirty_.clear();
}

void Swarm::flush(User user) {
  Link& link = links_[user];
  if (link.fd < 0) {
    return;
  }
  if (link.tls) {
    seal(link);
  }
  while (!link.out.is_empty()) {
    const std::string_view bytes = link.out.view();
    const ssize_t n = send(link.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) {
        continue;
      }
      if (errno == EAGAIN) {
        break;
      }
      // What the server sent before it closed can still be read, and then the end of the stream.
      link.error = errno;
      link.out.clear();
      break;
    }
    link.has_written = true;
    link.out.take(static_cast<std::size_t>(n));
  }
  const bool is_connecting = link.tls && link.tls->client.state() == TlsClient::State::Connecting;
  if (link.out.is_empty() && link.is_finishing && !is_connecting) {
    shutdown(link.fd, SHUT_WR);
  }
  watch(user);
}

void Swarm::set_reading(User user, bool is_reading) {
  links_[user].is_reading = is_reading;
  if (is_open(user)) {
    watch(user);
  }
}

void Swarm::watch(User user) {
  Link& link = links_[user];
  const int wanted = (link.is_reading ? POLLIN : 0) | (link.out.is_empty() ? 0 : POLLOUT);
  if (wanted == link.watched) {
    return;
  }
  const std::uint64_t tag = std::uint64_t{link.generation} << 32 | user;
  if (link.watched == kUnwatched) {
    poller_.add(link.fd, wanted, tag);
  } else {
    poller_.change(link.fd, wanted, tag);
  }
  link.watched = wanted;
}

void Swarm::turn(Nanos until) {
  flush();
  std::array<Poller::Event, kMostEventsPerTurn> events;
  const Nanos start = refresh_now();
  const Nanos wait = until > start + kShortestSleep ? until - start : 0;
  const std::size_t count = poller_.wait(std::span(events).first(events_per_turn_), wait);
  refresh_now();
  for (const Poller::Event& event : std::span(events).first(count)) {
    const auto user = static_cast<User>(event.tag);
    const auto generation = static_cast<std::uint32_t>(event.tag >> 32);
    const auto is_current = [&] {
      return links_[user].fd >= 0 && links_[user].generation == generation;
    };
    if ((event.happened & POLLOUT) != 0 && is_current()) {
      flush(user);
    }
    const int readable = POLLERR | POLLHUP | (links_[user].is_reading ? POLLIN : 0);
    if ((event.happened & readable) != 0 && is_current()) {
      read(user);
    }
  }
}

void Swarm::read(User user) {
  Link& link = links_[user];
  const bool is_long = link.partial.size() > kFrontBytes;
  const std::size_t front = is_long || link.tls ? 0 : link.partial.size();
  const ssize_t n = recv(link.fd, buffer_.data() + front, kReadBytes, 0);
  if (n <= 0) {
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    }
    const int error = n < 0 ? errno : link.error;
    if (error == 0 && link.tls) {
      static_cast<void>(link.tls->client.receive_end());
      lose(user, std::string(link.tls->client.error()));
      return;
    }
    lose(user, error == 0 ? "the server closed the connection" : std::strerror(error));
    return;
  }
  refresh_now();
  const auto count = static_cast<std::size_t>(n);
  if (link.tls) {
    read_sealed(user, {buffer_.data(), count});
    return;
  }
  if (is_long) {
    link.partial.append({buffer_.data(), count});
    const ByteQueue whole = std::exchange(link.partial, {});
    hand_over(user, whole.view());
    return;
  }
  if (front > 0) {
    const std::string_view partial = link.partial.view();
    std::memcpy(buffer_.data(), partial.data(), front);
    link.partial.clear();
  }
  hand_over(user, {buffer_.data(), front + count});
}

void Swarm::read_sealed(User user, std::string_view ciphertext) {
  Link& link = links_[user];
  TlsClient& client = link.tls->client;
  const std::uint32_t generation = link.generation;
  const bool was_connecting = client.state() == TlsClient::State::Connecting;
  plain_.clear(kReadBytes);
  plain_.append(link.partial.view());
  link.partial.clear();
  const TlsClient::State state = client.receive(ciphertext, plain_);
  if (state != TlsClient::State::Connecting && state != TlsClient::State::Failed &&
      was_connecting) {
    events_.on_secured(user);
  }
  // What is left of the handshake, or why it failed.
  flush(user);
  if (state == TlsClient::State::Failed) {
    lose(user, std::string(client.error()));
    return;
  }
  hand_over(user, plain_.view());
  if (state == TlsClient::State::Ended && link.fd >= 0 && link.generation == generation) {
    lose(user, "the server closed the connection");
  }
}

void Swarm::hand_over(User user, std::string_view bytes) {
  Link& link = links_[user];
  const std::uint32_t generation = link.generation;
  while (true) {
    const FrameCut cut = cut_frame(bytes, kMostReplyBytes, version_);
    if (cut.kind == FrameCut::Kind::Incomplete) {
      break;
    }
    if (cut.kind != FrameCut::Kind::Whole) {
      lose(user, cut.kind == FrameCut::Kind::BadVersion
                     ? "received a frame of an unknown version"
                     : "received a frame with an impossible length");
      return;
    }
    events_.on_frame(user, cut.code, cut.data);
    if (link.fd < 0 || link.generation != generation) {
      return;
    }
    bytes.remove_prefix(cut.frame_bytes);
  }
  link.partial.append(bytes);
  events_.on_read(user);
  if (link.is_dirty) {
    link.is_dirty = false;  // it stays in the list of connections to flush, which is harmless
    flush(user);
  }
}

void Swarm::lose(User user, std::string_view why) {
  close(user);
  events_.on_gone(user, why);
}

}  // namespace tribar::stress
