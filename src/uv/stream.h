// SPDX-License-Identifier: MIT
//
// A connection over TCP or a Unix socket. Belongs to its loop's thread.
//
// Uses system calls and not libuv's streams: a write needs no allocation, and it is known exactly
// how many bytes of a failed write the kernel accepted. For polling see StreamSet.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "uv/loop.h"

namespace tribar::uv {

/// The events of a stream. Called on the loop's thread, never after the stream was released.
class StreamEvents {
 public:
  struct Space {
    char* at = nullptr;
    std::size_t size = 0;
  };

  /// Memory for the next read; must stay valid until on_read() or on_end(). Without room nothing is
  /// read before the next poll.
  virtual Space on_space() noexcept = 0;
  /// `size` bytes, at least one, were read into the space.
  virtual void on_read(std::size_t size) noexcept = 0;
  /// The peer will send nothing more (0), or the connection failed (a negative uv code).
  virtual void on_end(int code) noexcept = 0;
  /// The write started by Stream::write() is finished, with 0 or a negative uv code.
  virtual void on_written(int code) noexcept = 0;

 protected:
  ~StreamEvents() = default;
};

class Stream {
 public:
  /// Closes the connection at once; no more events are called. The stream is freed when the set no
  /// longer uses it.
  struct Close {
    void operator()(Stream* stream) const noexcept;
  };
  using Ptr = std::unique_ptr<Stream, Close>;

  /// Makes a stream of the connection `socket`, which must be non-blocking and have no other
  /// descriptor; takes ownership. Null if there is not enough memory; then `socket` is closed.
  [[nodiscard]] static Ptr open(Loop& loop, int socket) noexcept;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void start_reading(StreamEvents* events) noexcept;
  void stop_reading() noexcept;

  /// Writes what the kernel accepts at once of `bytes` and then `more`. Returns the number of
  /// bytes, 0 if it accepts none now, or a negative uv code.
  [[nodiscard]] std::ptrdiff_t try_write(std::string_view bytes,
                                         std::string_view more = {}) noexcept;

  /// Writes all of `bytes`, at least one, as the kernel accepts them. They must stay valid until
  /// on_written() of `events`. One write at a time.
  void write(std::string_view bytes, StreamEvents* events) noexcept;
  /// Bytes of the current write that the kernel has not accepted yet. Exact, even in on_written()
  /// after a failed write.
  [[nodiscard]] std::size_t unwritten_bytes() const noexcept { return unwritten_.size(); }

  /// Reads and drops the input that has arrived, up to a limit.
  void discard_input() noexcept;

  /// Shuts down our side. No write may be in progress.
  void shut_down() noexcept;

  /// The peer's address; AF_UNSPEC if it has disconnected.
  [[nodiscard]] sockaddr_storage peer_address() const noexcept;
  /// The peer's address as text, for the log; "?" when it is gone. Over a Unix socket, where peers
  /// have none, the socket's, and whose process the peer is where the system says it.
  [[nodiscard]] std::string peer() const;

  // For StreamSet.
  [[nodiscard]] int socket() const noexcept { return socket_; }
  /// The requested events: POLLIN, POLLOUT.
  [[nodiscard]] int polled_for() const noexcept { return polled_for_; }
  /// Handles the events that are ready, including POLLERR and POLLHUP.
  void on_poll(int happened) noexcept;

 private:
  friend class StreamSet;  // which destroys it
  Stream(StreamSet& set, int socket);
  ~Stream() = default;
  void read() noexcept;
  void go_on_writing() noexcept;
  void poll_for(int wanted) noexcept;
  [[nodiscard]] bool is_released() const noexcept { return socket_ < 0; }

  StreamSet& set_;
  StreamEvents* events_ = nullptr;
  std::string_view unwritten_;  // of the current write
  int socket_;
  std::int16_t polled_for_;
  bool is_reading_ = false;
};

}  // namespace tribar::uv
