// SPDX-License-Identifier: MIT
//
// See stream.h.
#include "uv/stream.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>

#include "uv/listener.h"

namespace tribar::uv {
namespace {

/// The most reads for one event, if the owner provides the space.
constexpr int kMostReads = 32;

constexpr int kReadable = POLLIN;
constexpr int kWritable = POLLOUT;
constexpr int kFailed = POLLERR | POLLHUP;

// A write to a closed connection must not raise SIGPIPE and end the process. On systems without
// this flag the program must ignore the signal, as tribard does.
#ifdef MSG_NOSIGNAL
constexpr int kNoSignal = MSG_NOSIGNAL;
#else
constexpr int kNoSignal = 0;
#endif

/// The peer of `socket`, which is a Unix socket's.
std::string peer_text_of_unix(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  static_cast<void>(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size));
  std::string text = address_text(reinterpret_cast<const sockaddr*>(&address));
#if defined(SO_PEERCRED) && defined(__linux__)
  ucred credentials{};
  size = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    text += fmt::format(" (uid {})", credentials.uid);
  }
#endif
  return text;
}

int last_error() { return uv_translate_sys_error(errno); }

}  // namespace

Stream::Stream(StreamSet& set, int socket) : set_(set), socket_(socket), polled_for_(kReadable) {}

Stream::Ptr Stream::open(Loop& loop, int socket) noexcept {
  auto* stream = new (std::nothrow) Stream(loop.streams(), socket);
  if (stream == nullptr || !loop.streams().add(*stream)) {
    ::close(socket);
    delete stream;
    return nullptr;
  }
  return Ptr(stream);
}

void Stream::Close::operator()(Stream* stream) const noexcept {
  stream->events_ = nullptr;
  stream->set_.remove(*stream);
}

void Stream::start_reading(StreamEvents* events) noexcept {
  events_ = events;
  is_reading_ = true;
  poll_for(polled_for_ | kReadable);
}

/// The poll is changed only when the next event arrives, since reading often starts again before
/// that.
void Stream::stop_reading() noexcept { is_reading_ = false; }

std::ptrdiff_t Stream::try_write(std::string_view bytes, std::string_view more) noexcept {
  constexpr int kFlags = kNoSignal | MSG_DONTWAIT;
  std::array<iovec, 2> parts = {iovec{const_cast<char*>(bytes.data()), bytes.size()},
                                iovec{const_cast<char*>(more.data()), more.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  ssize_t taken = 0;
  do {
    taken = more.empty() ? send(socket_, bytes.data(), bytes.size(), kFlags)
                         : sendmsg(socket_, &message, kFlags);
  } while (taken < 0 && errno == EINTR);
  if (taken >= 0) {
    return taken;
  }
  const int code = last_error();
  return code == UV_EAGAIN ? 0 : code;
}

void Stream::write(std::string_view bytes, StreamEvents* events) noexcept {
  events_ = events;
  unwritten_ = bytes;
  poll_for(polled_for_ | kWritable);
}

/// Errors need no handling here: the next read or write reports them.
void Stream::on_poll(int happened) noexcept {
  if (events_ != nullptr && is_reading_ && (happened & (kReadable | kFailed)) != 0) {
    read();
  }
  if (events_ != nullptr && !unwritten_.empty() && (happened & (kWritable | kFailed)) != 0) {
    go_on_writing();
  }
  // Done even if nothing is requested yet: a poll that stays active without being handled would
  // return again at once.
  if (!is_released()) {
    poll_for((is_reading_ ? kReadable : 0) | (unwritten_.empty() ? 0 : kWritable));
  }
}

void Stream::read() noexcept {
  for (int i = 0; i < kMostReads && events_ != nullptr && is_reading_; ++i) {
    const StreamEvents::Space space = events_->on_space();
    if (space.size == 0) {
      return;
    }
    const ssize_t size = recv(socket_, space.at, space.size, MSG_DONTWAIT);
    if (size > 0) {
      events_->on_read(static_cast<std::size_t>(size));
      if (static_cast<std::size_t>(size) < space.size) {
        return;
      }
    } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
      is_reading_ = false;
      events_->on_end(size == 0 ? 0 : last_error());
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

void Stream::go_on_writing() noexcept {
  const std::ptrdiff_t taken = try_write(unwritten_);
  if (taken < 0) {
    events_->on_written(static_cast<int>(taken));
    unwritten_ = {};
    return;
  }
  unwritten_.remove_prefix(static_cast<std::size_t>(taken));
  if (unwritten_.empty()) {
    events_->on_written(0);
  }
}

void Stream::poll_for(int wanted) noexcept {
  if (wanted != polled_for_) {
    polled_for_ = static_cast<std::int16_t>(wanted);
    set_.change(*this);
  }
}

void Stream::discard_input() noexcept {
  constexpr int kMostDiscards = 64;
  std::array<char, 16384> bytes;
  for (int i = 0; i < kMostDiscards && recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0;
       ++i) {
  }
}

void Stream::shut_down() noexcept {
  // If this fails the connection is broken, which the next read reports.
  static_cast<void>(shutdown(socket_, SHUT_WR));
}

sockaddr_storage Stream::peer_address() const noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getpeername(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    address.ss_family = AF_UNSPEC;
  }
  return address;
}

std::string Stream::peer() const {
  const sockaddr_storage address = peer_address();
  switch (address.ss_family) {
    case AF_UNSPEC:
      return "?";
    case AF_UNIX:
      return peer_text_of_unix(socket_);
    default:
      return address_text(reinterpret_cast<const sockaddr*>(&address));
  }
}

}  // namespace tribar::uv
