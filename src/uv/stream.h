// SPDX-License-Identifier: MIT
//
// A TCP connection. Belongs to its loop's thread.
#pragma once

#include <uv.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "uv/handle.h"
#include "uv/loop.h"

namespace tribar::uv {

/// What happens on a stream. Called on the loop's thread, never after the stream was let go.
class StreamEvents {
 public:
  struct Space {
    char* at = nullptr;
    std::size_t size = 0;
  };

  /// Where the next bytes go; the space must stay until on_read() or on_end(). One without room:
  /// nothing is read before the next poll.
  virtual Space on_space() noexcept = 0;
  /// `size` bytes, at least one, are in the space.
  virtual void on_read(std::size_t size) noexcept = 0;
  /// The peer sends no more (0), or the connection failed (a negative uv code).
  virtual void on_end(int code) noexcept = 0;
  /// The write begun by Stream::write() is over, with 0 or a negative uv code.
  virtual void on_written(int code) noexcept = 0;

 protected:
  ~StreamEvents() = default;
};

class Stream {
 public:
  /// A stream over the connection `socket`, which it takes over. Null when there is no memory for
  /// it; `socket` is closed then.
  [[nodiscard]] static Owned<Stream> open(Loop& loop, int socket) noexcept;

  /// Sets TCP_NODELAY, keep-alive after `keepalive_s` of silence (0: none), and how much may wait
  /// unsent in the kernel.
  void tune(unsigned keepalive_s, unsigned unsent_bytes) noexcept;

  void start_reading(StreamEvents* events) noexcept;
  void stop_reading() noexcept;

  /// Bytes that the kernel took at once, 0 when it takes none now, or a negative uv code.
  [[nodiscard]] std::ptrdiff_t try_write(std::string_view bytes) noexcept;

  /// Writes all of `bytes`, which stay where they are until events' on_written(). One at a time.
  /// 0, or a negative uv code: then there is no on_written().
  [[nodiscard]] int write(std::string_view bytes, StreamEvents* events) noexcept;
  /// Of the write under way: what the kernel has not taken yet. Exact, also in on_written() for a
  /// write that failed.
  [[nodiscard]] std::size_t unwritten_bytes() const noexcept { return unwritten_.size(); }

  /// Takes what has come by now, up to a bound, and drops it.
  void discard_input() noexcept;

  /// Ends our side once nothing is being written.
  void shut_down() noexcept;

  /// No more events from now on; the owner lets go next.
  void detach() noexcept { events_ = nullptr; }
  /// Lets the connection die with a reset instead of a regular end, when it is closed next.
  void reset_on_close() noexcept;

  /// The peer's address; AF_UNSPEC when it is gone.
  [[nodiscard]] sockaddr_storage peer_address() const noexcept;
  /// The peer's address as text, for the log; "?" when it is gone.
  [[nodiscard]] std::string peer() const;

  uv_tcp_t handle;

 private:
  Stream() = default;
  [[nodiscard]] int write_first_byte() noexcept;
  [[nodiscard]] int go_on_writing() noexcept;

  StreamEvents* events_ = nullptr;
  std::string_view unwritten_;  // of the write under way
};

}  // namespace tribar::uv
