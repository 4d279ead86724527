// SPDX-License-Identifier: MIT
//
// An input as a series of choices.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tribar::fuzz {

/// Gives the bytes of the input one after the other, and zero behind them.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool is_empty() const { return rest_.empty(); }

  std::uint32_t take() {
    const std::string_view byte = take(1);
    return byte.empty() ? 0U : static_cast<unsigned char>(byte[0]);
  }

  /// The next `size` bytes, or as many as there are.
  std::string_view take(std::size_t size) {
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

 private:
  std::string_view rest_;
};

}  // namespace tribar::fuzz
