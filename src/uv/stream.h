// SPDX-License-Identifier: MIT
//
// A TCP connection. Belongs to its loop's thread.
//
// A poll and the system's own calls, not libuv's stream: half its size, no allocation for a write,
// and what the kernel took of one that failed is known to the byte.
#pragma once

#include <uv.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

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
  /// Closes the connection at once, and frees the stream when the loop is done with it.
  struct Close {
    void operator()(Stream* stream) const noexcept;
  };
  using Ptr = std::unique_ptr<Stream, Close>;

  /// A stream over the connection `socket`, which it takes over. Null when there is no memory for
  /// it; `socket` is closed then.
  [[nodiscard]] static Ptr open(Loop& loop, int socket) noexcept;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void start_reading(StreamEvents* events) noexcept;
  void stop_reading() noexcept;

  /// Bytes of `bytes`, and of `more` behind them, that the kernel took at once, 0 when it takes
  /// none now, or a negative uv code.
  [[nodiscard]] std::ptrdiff_t try_write(std::string_view bytes,
                                         std::string_view more = {}) noexcept;

  /// Writes all of `bytes`, at least one, as soon as the kernel takes them; they stay where they
  /// are until events' on_written(). One at a time.
  void write(std::string_view bytes, StreamEvents* events) noexcept;
  /// Of the write under way: what the kernel has not taken yet. Exact, also in on_written() for a
  /// write that failed.
  [[nodiscard]] std::size_t unwritten_bytes() const noexcept { return unwritten_.size(); }

  /// Takes what has come by now, up to a bound, and drops it.
  void discard_input() noexcept;

  /// Ends our side; nothing is being written.
  void shut_down() noexcept;

  /// No more events from now on; the owner lets go next.
  void detach() noexcept { events_ = nullptr; }

  /// The peer's address; AF_UNSPEC when it is gone.
  [[nodiscard]] sockaddr_storage peer_address() const noexcept;
  /// The peer's address as text, for the log; "?" when it is gone.
  [[nodiscard]] std::string peer() const;

 private:
  explicit Stream(int socket) : socket_(socket) {}
  ~Stream() = default;
  void on_poll(int status, int happened) noexcept;
  void read() noexcept;
  void go_on_writing() noexcept;
  void poll_for(int wanted) noexcept;

  uv_poll_t handle_;
  int socket_;
  int polled_for_ = 0;  // UV_READABLE, UV_WRITABLE
  bool is_reading_ = false;
  StreamEvents* events_ = nullptr;
  std::string_view unwritten_;  // of the write under way
};

}  // namespace tribar::uv
