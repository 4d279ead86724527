// SPDX-License-Identifier: MIT
//
// A queue of bytes: added at the end, taken from the front. Its memory is reused.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/byte_buffer.h"

namespace tribar::stress {

class ByteQueue {
 public:
  /// Adds `count` bytes for the caller to fill in. The pointer is valid until the next call.
  char* grow(std::size_t count) {
    if (bytes_.size() + count > bytes_.capacity()) {
      make_room(count);
    }
    char* at = bytes_.reserve_tail(count);
    bytes_.set_size(bytes_.size() + count);
    return at;
  }
  void append(std::string_view bytes) {
    if (!bytes.empty()) {
      std::memcpy(grow(bytes.size()), bytes.data(), bytes.size());
    }
  }
  /// Drops the first `count` bytes, at most size().
  void take(std::size_t count) {
    begin_ += count;
    if (begin_ == bytes_.size()) {
      clear();
    }
  }
  void clear() {
    bytes_.set_size(0);
    begin_ = 0;
  }

  [[nodiscard]] bool is_empty() const { return size() == 0; }
  [[nodiscard]] std::size_t size() const { return bytes_.size() - begin_; }
  [[nodiscard]] std::string_view view() const { return bytes_.view(begin_, size()); }

 private:
  /// Makes room for `count` bytes: moves the content to the front of the memory if half of it is
  /// then free, otherwise to more memory.
  void make_room(std::size_t count) {
    const std::size_t kept = size();
    if (bytes_.capacity() >= 2 * (kept + count)) {
      std::memmove(bytes_.data(), bytes_.data() + begin_, kept);
      bytes_.set_size(kept);
    } else {
      ByteBuffer larger;
      larger.reserve_tail(2 * (kept + count));
      larger.append(view());
      bytes_ = std::move(larger);
    }
    begin_ = 0;
  }

  ByteBuffer bytes_;
  std::size_t begin_ = 0;
};

}  // namespace tribar::stress
