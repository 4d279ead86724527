// SPDX-License-Identifier: MIT
//
// See stream.h.
#include "uv/stream.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>

#include "uv/listener.h"

namespace tribar::uv {
namespace {

/// As often a stream is read for one event, if its owner finds so much space.
constexpr int kMostReads = 32;

int last_error() { return uv_translate_sys_error(errno); }

}  // namespace

Stream::Ptr Stream::open(Loop& loop, int socket) noexcept {
  auto* stream = new (std::nothrow) Stream(socket);
  if (stream == nullptr || uv_poll_init(loop.raw(), &stream->handle_, socket) != 0) {
    ::close(socket);
    delete stream;
    return nullptr;
  }
  stream->handle_.data = stream;
  return Ptr(stream);
}

void Stream::Close::operator()(Stream* stream) const noexcept {
  uv_close(reinterpret_cast<uv_handle_t*>(&stream->handle_),
           [](uv_handle_t* handle) noexcept { delete static_cast<Stream*>(handle->data); });
  ::close(stream->socket_);
}

void Stream::start_reading(StreamEvents* events) noexcept {
  events_ = events;
  is_reading_ = true;
  poll_for(polled_for_ | UV_READABLE);
}

/// The poll learns of it when something comes: often reading goes on before.
void Stream::stop_reading() noexcept { is_reading_ = false; }

std::ptrdiff_t Stream::try_write(std::string_view bytes, std::string_view more) noexcept {
  constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
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
  poll_for(polled_for_ | UV_WRITABLE);
}

/// An error (`status`) has ended the poll; reading and writing find out what it is.
void Stream::on_poll(int status, int happened) noexcept {
  if (status < 0) {
    polled_for_ = 0;
    happened = UV_READABLE | UV_WRITABLE;
  }
  if (is_reading_ && (happened & UV_READABLE) != 0) {
    read();
  }
  if (events_ != nullptr && !unwritten_.empty() && (happened & UV_WRITABLE) != 0) {
    go_on_writing();
  }
  if (events_ != nullptr) {
    poll_for((is_reading_ ? UV_READABLE : 0) | (unwritten_.empty() ? 0 : UV_WRITABLE));
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
  if (wanted == polled_for_) {
    return;
  }
  polled_for_ = wanted;
  if (wanted == 0) {
    uv_poll_stop(&handle_);
    return;
  }
  uv_poll_start(&handle_, wanted, [](uv_poll_t* handle, int status, int happened) noexcept {
    static_cast<Stream*>(handle->data)->on_poll(status, happened);
  });
}

void Stream::discard_input() noexcept {
  constexpr int kMostDiscards = 64;
  std::array<char, 16384> bytes;
  for (int i = 0; i < kMostDiscards && recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0;
       ++i) {
  }
}

void Stream::shut_down() noexcept {
  // One that fails is broken, which reading finds out.
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
  return address.ss_family == AF_UNSPEC ? "?"
                                        : address_text(reinterpret_cast<const sockaddr*>(&address));
}

}  // namespace tribar::uv
