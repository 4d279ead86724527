// SPDX-License-Identifier: MIT
//
// Memory that held a secret is overwritten before it is given back, so that a later mistake in
// memory, or a dump of it, does not show the secret.
#pragma once

#include <cstddef>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>

namespace tribar {

/// Overwrites `size` bytes at `at` with zeros, also where nobody reads them afterwards. Any thread.
void wipe(void* at, std::size_t size);

/// Overwrites the characters of `text` with zeros, and empties it. What it has outgrown before
/// stays where it was. Any thread.
void wipe(std::string& text);

/// Owns the bytes of a secret: they are in one place, and wiped when it gives up its memory. So it
/// can be moved and not copied; what was moved from is empty. A value; any thread.
class SecretBytes {
 public:
  SecretBytes() = default;
  /// Copies `bytes`; their owner wipes the original. `memory` is where the copy lives, and must
  /// live longer; so that a test can look at it.
  explicit SecretBytes(std::string_view bytes,
                       std::pmr::memory_resource* memory = std::pmr::new_delete_resource())
      : memory_(memory) {
    append(bytes);
  }
  SecretBytes(SecretBytes&& other) noexcept
      : memory_(other.memory_),
        at_(std::exchange(other.at_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes() { release(); }

  /// Adds a copy of `more`. When what was there has to move, its old place is wiped.
  void append(std::string_view more);

  /// The bytes; until the next change.
  [[nodiscard]] std::string_view view() const { return {at_, size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  void release() noexcept;

  std::pmr::memory_resource* memory_ = std::pmr::new_delete_resource();
  char* at_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tribar
