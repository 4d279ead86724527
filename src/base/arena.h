// SPDX-License-Identifier: MIT
//
// An arena: memory that is freed all at once. Allocations stay where they are until reset(). One
// thread at a time.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tribar {

class Arena {
 public:
  /// A copy of `bytes`.
  [[nodiscard]] std::string_view copy(std::string_view bytes) {
    if (bytes.empty()) {
      return {};
    }
    char* at = allocate(bytes.size(), 1);
    std::memcpy(at, bytes.data(), bytes.size());
    return {at, bytes.size()};
  }

  /// A copy of `value`, of a type that needs no destructor.
  template <typename T>
  [[nodiscard]] const T* make(T value) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate(sizeof(T), alignof(T))) T(std::move(value));
  }

  /// Frees everything. Keeps one block of the usual size for reuse.
  void reset() {
    if (blocks_.size() > 1) {
      blocks_.resize(1);
    }
    if (!blocks_.empty() && blocks_.front().size > kBlockBytes) {
      blocks_.clear();
    }
    used_ = 0;
  }

  /// Bytes allocated by the arena, used or not.
  [[nodiscard]] std::size_t held_bytes() const {
    std::size_t sum = 0;
    for (const Block& block : blocks_) {
      sum += block.size;
    }
    return sum;
  }

 private:
  static constexpr std::size_t kBlockBytes = 16384;
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };

  char* allocate(std::size_t size, std::size_t alignment) {
    std::size_t start = (used_ + alignment - 1) / alignment * alignment;
    if (blocks_.empty() || start + size > blocks_.back().size) {
      const std::size_t block_bytes = size > kBlockBytes ? size : kBlockBytes;
      blocks_.push_back({std::unique_ptr<char[]>(new char[block_bytes]), block_bytes});
      start = 0;
    }
    used_ = start + size;
    return blocks_.back().bytes.get() + start;
  }

  std::vector<Block> blocks_;
  std::size_t used_ = 0;  // bytes used of the last block
};

}  // namespace tribar
