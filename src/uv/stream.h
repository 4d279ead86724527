// SPDX-License-Identifier: MIT
//
// A TCP connection. Belongs to its loop's thread.
//
// The system's own calls, not libuv's stream: no allocation for a write, and what the kernel took
// of one that failed is known to the byte. For what is polled see StreamSet.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
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
  /// Closes the connection at once, calls no events any more, and frees the stream when the set is
  /// done with it.
  struct Close {
    void operator()(Stream* stream) const noexcept;
  };
  using Ptr = std::unique_ptr<Stream, Close>;

  /// A stream over the connection `socket`, which does not block and which it takes over: the only
  /// descriptor of that connection. Null when there is no memory for it; `socket` is closed then.
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

  /// The peer's address; AF_UNSPEC when it is gone.
  [[nodiscard]] sockaddr_storage peer_address() const noexcept;
  /// The peer's address as text, for the log; "?" when it is gone.
  [[nodiscard]] std::string peer() const;

  // For its set.
  [[nodiscard]] int socket() const noexcept { return socket_; }
  /// POLLIN, POLLOUT.
  [[nodiscard]] int polled_for() const noexcept { return polled_for_; }
  /// What is ready, and POLLERR, POLLHUP.
  void on_poll(int happened) noexcept;

 private:
  friend class StreamSet;  // which destroys it
  Stream(StreamSet& set, int socket);
  ~Stream() = default;
  void read() noexcept;
  void go_on_writing() noexcept;
  void poll_for(int wanted) noexcept;
  [[nodiscard]] bool is_let_go() const noexcept { return socket_ < 0; }

  StreamSet& set_;
  StreamEvents* events_ = nullptr;
  std::string_view unwritten_;  // of the write under way
  int socket_;
  std::int16_t polled_for_;
  bool is_reading_ = false;
};

}  // namespace tribar::uv
