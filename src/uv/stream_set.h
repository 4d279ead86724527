// SPDX-License-Identifier: MIT
//
// The set of everything that one loop waits for: its streams, and libuv's handles. Belongs to the
// loop's thread.
//
// The Meson option `poll` chooses the implementation. With `epoll` (stream_set_epoll.cc) the
// streams are in an epoll set, and libuv's loop is one more member of it. This saves a libuv handle
// per stream, which would take four times the memory, five calls to set up, and a look-up for each
// event. With `libuv` (stream_set_libuv.cc) each stream has such a handle; this works on every
// system that libuv supports.
#pragma once

#include <uv.h>

#include <chrono>
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

  /// False if there is not enough memory.
  [[nodiscard]] bool add(Stream& stream) noexcept;
  /// The events that `stream` requests have changed.
  void change(Stream& stream) noexcept;
  /// `stream` was released: closes its socket, and destroys it once no more events can arrive for
  /// it.
  void remove(Stream& stream) noexcept;

  /// Waits until something is ready, at most `timeout_ms` (negative: no limit), and updates the
  /// loop's clock. Events of streams are passed on here or when libuv's loop runs. Returns whether
  /// libuv's loop has something to do.
  [[nodiscard]] bool poll(int timeout_ms) noexcept;

  /// When the last poll stopped waiting.
  [[nodiscard]] std::chrono::steady_clock::time_point woke_at() const { return woke_at_; }

  /// Any thread: a poll that waits ends, or else the next one does not wait. One end of a poll may
  /// stand for many calls.
  void wake_up() noexcept;

  /// Ends all polling, before libuv's loop is closed. After this streams are only removed.
  void close() noexcept;

 private:
  struct Polls;  // state of the implementation
  uv_loop_t& loop_;
  std::unique_ptr<Polls> polls_;
  std::size_t size_ = 0;
  std::chrono::steady_clock::time_point woke_at_;
};

}  // namespace tribar::uv
