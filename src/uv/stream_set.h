// SPDX-License-Identifier: MIT
//
// What one loop waits for: its streams, and libuv's handles. Belongs to the loop's thread.
//
// The Meson option `poll` chooses how. With `epoll` (stream_set_epoll.cc) a stream costs a place in
// an epoll set, in which libuv's loop is one more that can be ready, and no handle of libuv's: that
// would be four times as large, take five calls to be set up, and be looked up for each event. With
// `libuv` (stream_set_libuv.cc) it has such a handle, on every system on which libuv runs.
#pragma once

#include <uv.h>

#include <cstddef>
#include <memory>

namespace tribar::uv {

class Stream;

class StreamSet {
 public:
  /// Throws Error.
  explicit StreamSet(uv_loop_t& loop);
  ~StreamSet();
  StreamSet(const StreamSet&) = delete;
  StreamSet& operator=(const StreamSet&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }

  /// False when there is no memory for it.
  [[nodiscard]] bool add(Stream& stream) noexcept;
  /// `stream` wants to hear of something else.
  void change(Stream& stream) noexcept;
  /// `stream` was let go: closes its socket, and destroys it once no poll will come to it.
  void remove(Stream& stream) noexcept;

  /// Waits until something is ready, for `timeout_ms` at most unless that is negative, and sets the
  /// loop's clock. Every stream that was ready then is told, here or when libuv's loop runs.
  /// Returns whether libuv's loop has something to do.
  [[nodiscard]] bool poll(int timeout_ms) noexcept;

  /// Ends all polling, before libuv's loop is closed. After this streams are only removed.
  void close() noexcept;

 private:
  struct Polls;  // what is polled, and with what
  uv_loop_t& loop_;
  std::unique_ptr<Polls> polls_;
  std::size_t size_ = 0;
};

}  // namespace tribar::uv
