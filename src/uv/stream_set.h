// SPDX-License-Identifier: MIT
//
// What one loop waits for: its streams, and libuv's loop as one more that can be ready. A stream
// costs a place in an epoll set and no handle of libuv's, which would be four times as large, take
// five calls to be set up, and be looked up for each event. Belongs to the loop's thread.
#pragma once

#include <uv.h>

#include <cstddef>
#include <vector>

#include "uv/socket.h"

namespace tribar::uv {

class Stream;

class StreamSet {
 public:
  /// Throws Error.
  explicit StreamSet(uv_loop_t& loop);

  [[nodiscard]] std::size_t size() const { return size_; }

  /// False when there is no memory for it.
  [[nodiscard]] bool add(Stream& stream) noexcept;
  /// `stream` wants to hear of something else.
  void change(Stream& stream) noexcept;
  /// `stream` was let go: closes its socket, and destroys it once no poll will come to it.
  void remove(Stream& stream) noexcept;

  /// Waits until something is ready, for `timeout_ms` at most unless that is negative, sets the
  /// loop's clock, and tells every stream that was ready then. Returns whether libuv's loop was.
  [[nodiscard]] bool poll(int timeout_ms) noexcept;

 private:
  uv_loop_t& loop_;
  Socket epoll_;
  std::size_t size_ = 0;
  bool is_polling_ = false;
  std::vector<Stream*> let_go_;  // while polling
};

}  // namespace tribar::uv
