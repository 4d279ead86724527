// SPDX-License-Identifier: MIT
//
// Bytes that wait: added at the end, taken from the front. What was added is not initialised
// twice, and memory once got is used again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace tribar::stress {

class ByteBuffer {
 public:
  /// Adds `count` bytes for the caller to fill in. Good until the next call.
  char* grow(std::size_t count) {
    if (capacity_ - end_ < count) {
      make_room(count);
    }
    char* at = bytes_.get() + end_;
    end_ += count;
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
    if (begin_ == end_) {
      begin_ = end_ = 0;
    }
  }
  void clear() { begin_ = end_ = 0; }

  [[nodiscard]] bool is_empty() const { return begin_ == end_; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] std::string_view view() const { return {bytes_.get() + begin_, size()}; }

 private:
  void make_room(std::size_t count) {
    const std::size_t kept = size();
    if (capacity_ >= 2 * (kept + count)) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, kept);
    } else {
      const std::size_t capacity = std::max({kept + count, 2 * capacity_, std::size_t{64}});
      auto moved = std::make_unique_for_overwrite<char[]>(capacity);
      if (kept > 0) {
        std::memcpy(moved.get(), bytes_.get() + begin_, kept);
      }
      bytes_ = std::move(moved);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = kept;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace tribar::stress
