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

Swarm::Swarm(const Address& server, User users, SwarmEvents& events, std::uint8_t version)
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
  const int family = server_.storage.ss_family;
  const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return errno;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const Address source = source_for(server_, opened_++);
  if (source.bytes > 0) {
#ifdef IP_BIND_ADDRESS_NO_PORT
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
#endif
  }
  if ((source.bytes > 0 && bind(fd, source.get(), source.bytes) != 0) ||
      (connect(fd, server_.get(), server_.bytes) != 0 && errno != EINPROGRESS)) {
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
  watch(user);
  return 0;
}

void Swarm::close(User user) {
  Link& link = links_[user];
  if (link.fd >= 0) {
    poller_.remove(link.fd);
    ::close(link.fd);
    link.fd = -1;
  }
  link.out.clear();
  link.partial.clear();
}

void Swarm::finish(User user) {
  links_[user].is_finishing = true;
  flush(user);
}

char* Swarm::write(User user, std::size_t bytes) {
  Link& link = links_[user];
  if (!link.is_dirty) {
    link.is_dirty = true;
    dirty_.push_back(user);
  }
  return link.out.grow(bytes);
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
    link.out.take(static_cast<std::size_t>(n));
  }
  if (link.out.is_empty() && link.is_finishing) {
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
  const std::size_t front = is_long ? 0 : link.partial.size();
  const ssize_t n = recv(link.fd, buffer_.data() + front, kReadBytes, 0);
  if (n <= 0) {
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    }
    const int error = n < 0 ? errno : link.error;
    lose(user, error == 0 ? "the server closed the connection" : std::strerror(error));
    return;
  }
  refresh_now();
  const auto count = static_cast<std::size_t>(n);
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
