// SPDX-License-Identifier: MIT
//
// A growing byte buffer that does not initialise its memory: suitable to read into.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/wipe.h"

namespace tribar {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  /// `other` is empty afterwards, and has no memory.
  ByteBuffer(ByteBuffer&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  ~ByteBuffer() = default;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool is_empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] char* data() { return bytes_.get(); }
  [[nodiscard]] const char* data() const { return bytes_.get(); }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
  [[nodiscard]] std::string_view view(std::size_t offset, std::size_t size) const {
    return {bytes_.get() + offset, size};
  }

  /// Makes room for `more` bytes after the end, and returns a pointer to them. May move the bytes;
  /// `has_secrets`: then their old place is wiped.
  char* reserve_tail(std::size_t more, bool has_secrets = false) {
    if (size_ + more > capacity_) {
      const std::size_t wanted = std::max(size_ + more, capacity_ * 2);
      std::unique_ptr<char[]> grown(new char[wanted]);
      if (size_ > 0) {
        std::memcpy(grown.get(), bytes_.get(), size_);
        if (has_secrets) {
          wipe(bytes_.get(), size_);
        }
      }
      bytes_ = std::move(grown);
      capacity_ = wanted;
    }
    return bytes_.get() + size_;
  }

  /// Sets the size; use it after writing into a reserved tail.
  void set_size(std::size_t size) { size_ = size; }

  /// `has_secrets`: see reserve_tail().
  void append(std::string_view bytes, bool has_secrets = false) {
    if (!bytes.empty()) {
      std::memcpy(reserve_tail(bytes.size(), has_secrets), bytes.data(), bytes.size());
      size_ += bytes.size();
    }
  }

  /// Empties it, and frees memory above `keep` bytes.
  void clear(std::size_t keep) {
    size_ = 0;
    if (capacity_ > keep) {
      bytes_.reset();
      capacity_ = 0;
    }
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tribar
