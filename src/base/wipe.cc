// SPDX-License-Identifier: MIT
//
// See wipe.h.
#if defined(__APPLE__)
#define __STDC_WANT_LIB_EXT1__ 1  // for memset_s
#endif
#include "base/wipe.h"

#include <string.h>

#include <algorithm>

namespace tribar {

void wipe(void* at, std::size_t size) {
  if (size == 0) {
    return;  // There may be no memory at all.
  }
#if defined(__APPLE__)
  memset_s(at, size, 0, size);
#else
  explicit_bzero(at, size);
#endif
}

void wipe(std::string& text) {
  wipe(text.data(), text.size());
  text.clear();
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    release();
    memory_ = other.memory_;
    at_ = std::exchange(other.at_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

void SecretBytes::append(std::string_view more) {
  if (more.empty()) {
    return;
  }
  const std::size_t size = size_ + more.size();
  if (size > capacity_) {
    const std::size_t capacity = std::max(size, 2 * capacity_);
    auto* const larger = static_cast<char*>(memory_->allocate(capacity, 1));
    std::copy_n(at_, size_, larger);
    // `more` may be of the old place.
    std::copy_n(more.data(), more.size(), larger + size_);
    release();
    at_ = larger;
    capacity_ = capacity;
  } else {
    std::copy_n(more.data(), more.size(), at_ + size_);
  }
  size_ = size;
}

void SecretBytes::release() noexcept {
  if (at_ != nullptr) {
    wipe(at_, capacity_);
    memory_->deallocate(at_, capacity_, 1);
  }
  at_ = nullptr;
  size_ = 0;
  capacity_ = 0;
}

}  // namespace tribar
