// SPDX-License-Identifier: MIT
//
// See stream.h.
#include "uv/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <new>

#include "uv/listener.h"

namespace tribar::uv {
namespace {

uv_stream_t* as_stream(uv_tcp_t* tcp) { return reinterpret_cast<uv_stream_t*>(tcp); }

}  // namespace

Owned<Stream> Stream::open(Loop& loop, int socket) noexcept {
  auto* stream = new (std::nothrow) Stream;
  if (stream == nullptr) {
    ::close(socket);
    return nullptr;
  }
  // Only fails for a flag that is not given.
  uv_tcp_init(loop.raw(), &stream->handle);
  stream->handle.data = stream;
  Owned<Stream> owned(stream);
  if (uv_tcp_open(&stream->handle, socket) != 0) {
    ::close(socket);
    return nullptr;
  }
  return owned;
}

void Stream::tune(unsigned keepalive_s, unsigned unsent_bytes) noexcept {
  uv_tcp_nodelay(&handle, 1);
  if (keepalive_s > 0) {
    uv_tcp_keepalive(&handle, 1, keepalive_s);
  }
  uv_os_fd_t fd = -1;
  if (uv_fileno(reinterpret_cast<uv_handle_t*>(&handle), &fd) == 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof unsent_bytes);
  }
}

void Stream::start_reading(StreamEvents* events) noexcept {
  events_ = events;
  uv_read_start(
      as_stream(&handle),
      [](uv_handle_t* raw, std::size_t, uv_buf_t* buffer) noexcept {
        auto* stream = static_cast<Stream*>(raw->data);
        const StreamEvents::Space space = stream->events_->on_space();
        *buffer = uv_buf_init(space.at, static_cast<unsigned>(space.size));
      },
      [](uv_stream_t* raw, ssize_t size, const uv_buf_t*) noexcept {
        auto* stream = static_cast<Stream*>(raw->data);
        if (size > 0) {
          stream->events_->on_read(static_cast<std::size_t>(size));
        } else if (size < 0 && size != UV_ENOBUFS) {  // which says that there was no space
          uv_read_stop(raw);
          stream->events_->on_end(size == UV_EOF ? 0 : static_cast<int>(size));
        }
      });
}

void Stream::stop_reading() noexcept { uv_read_stop(as_stream(&handle)); }

std::ptrdiff_t Stream::try_write(std::string_view bytes) noexcept {
  uv_buf_t buffer =
      uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
  const int taken = uv_try_write(as_stream(&handle), &buffer, 1);
  return taken == UV_EAGAIN ? 0 : taken;
}

int Stream::write(std::string_view bytes, StreamEvents* events) noexcept {
  events_ = events;
  unwritten_ = bytes;
  return write_first_byte();
}

/// Leaves one byte to libuv, which says when there is room again. It would take them all, and say
/// of a write that fails in the middle only that it failed.
int Stream::write_first_byte() noexcept {
  auto* write = new (std::nothrow) uv_write_t;
  if (write == nullptr) {
    return UV_ENOMEM;
  }
  uv_buf_t buffer = uv_buf_init(const_cast<char*>(unwritten_.data()), 1);
  const auto done = [](uv_write_t* request, int code) noexcept {
    auto* stream = static_cast<Stream*>(request->handle->data);
    delete request;
    if (stream->events_ == nullptr) {
      return;
    }
    if (code == 0) {
      stream->unwritten_.remove_prefix(1);
      code = stream->go_on_writing();
    }
    if (code != 0 || stream->unwritten_.empty()) {
      stream->events_->on_written(code);
    }
  };
  const int code = uv_write(write, as_stream(&handle), &buffer, 1, done);
  if (code < 0) {
    delete write;
  }
  return code;
}

int Stream::go_on_writing() noexcept {
  if (unwritten_.empty()) {
    return 0;
  }
  const std::ptrdiff_t taken = try_write(unwritten_);
  if (taken < 0) {
    return static_cast<int>(taken);
  }
  unwritten_.remove_prefix(static_cast<std::size_t>(taken));
  return unwritten_.empty() ? 0 : write_first_byte();
}

void Stream::discard_input() noexcept {
  constexpr int kMostReads = 64;
  uv_os_fd_t fd = -1;
  if (uv_fileno(reinterpret_cast<uv_handle_t*>(&handle), &fd) != 0) {
    return;
  }
  std::array<char, 16384> bytes;
  for (int i = 0; i < kMostReads && recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0; ++i) {
  }
}

void Stream::shut_down() noexcept {
  auto* request = new (std::nothrow) uv_shutdown_t;
  if (request == nullptr) {
    return;  // the peer sees the end when the connection is closed
  }
  const auto done = [](uv_shutdown_t* over, int) noexcept { delete over; };
  if (uv_shutdown(request, as_stream(&handle), done) < 0) {
    delete request;
  }
}

void Stream::reset_on_close() noexcept {
  uv_os_fd_t fd = -1;
  if (uv_fileno(reinterpret_cast<uv_handle_t*>(&handle), &fd) == 0) {
    const linger none{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  }
}

sockaddr_storage Stream::peer_address() const noexcept {
  sockaddr_storage address{};
  int size = sizeof address;
  if (uv_tcp_getpeername(&handle, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
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
