// SPDX-License-Identifier: MIT
//
// Values as PostgreSQL's binary protocol has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tribar {

/// Appends the low `bytes` bytes of `value`, big endian.
inline void append_number(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned shift = bytes * 8; shift > 0; shift -= 8) {
    out += static_cast<char>(value >> (shift - 8) & 0xff);
  }
}

/// An array of one dimension without nulls.
class Array {
 public:
  enum class Of : std::uint32_t { Bytea = 17, Bigint = 20 };  // as pg_type has them

  explicit Array(Of type) {
    append_number(bytes_, 1, 4);  // dimensions
    append_number(bytes_, 0, 4);  // without nulls
    append_number(bytes_, static_cast<std::uint32_t>(type), 4);
    append_number(bytes_, 0, 4);  // how many: take()
    append_number(bytes_, 1, 4);  // the first one's index
  }
  void add(std::uint64_t number) {
    append_number(bytes_, 8, 4);
    append_number(bytes_, number, 8);
    ++count_;
  }
  void add(std::string_view bytes) {
    append_number(bytes_, bytes.size(), 4);
    bytes_ += bytes;
    ++count_;
  }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  /// The whole value; the array is used up.
  [[nodiscard]] std::string take() {
    std::string count;
    append_number(count, count_, 4);
    bytes_.replace(12, 4, count);
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

/// The parameters of one statement.
class Parameters {
 public:
  Parameters& add(std::uint64_t bigint) {
    append_number(values_.emplace_back(), bigint, 8);
    return *this;
  }
  /// A text or bytes.
  Parameters& add(std::string bytes) {
    values_.push_back(std::move(bytes));
    return *this;
  }
  Parameters& add(Array& array) { return add(array.take()); }
  [[nodiscard]] const std::vector<std::string>& values() const { return values_; }

 private:
  std::vector<std::string> values_;
};

}  // namespace tribar
