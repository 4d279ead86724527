// SPDX-License-Identifier: MIT
//
// See row_cutter.h.
#include "journal/postgres/row_cutter.h"

namespace tribar {
namespace {

constexpr std::string_view kMark{"PGCOPY\n\xff\r\n\0", 11};

}  // namespace

void RowCutter::feed(std::string_view piece) {
  rest_ = piece;
  if (is_good_ && !has_header_) {
    has_header_ = is_good_ = take_header();
  }
}

bool RowCutter::next(std::vector<std::string_view>& columns) {
  if (!is_good_ || rest_.empty()) {
    return false;
  }
  is_good_ = !is_over_ && take_row(columns);
  if (is_good_ && is_over_) {
    is_good_ = rest_.empty();
    return false;
  }
  return is_good_;
}

bool RowCutter::take(std::size_t size, std::string_view& bytes) {
  if (size > rest_.size()) {
    return false;
  }
  bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

/// A signed number of `size` bytes.
bool RowCutter::take_number(std::size_t size, std::int64_t& number) {
  std::string_view bytes;
  if (!take(size, bytes)) {
    return false;
  }
  std::uint64_t value =
      (static_cast<unsigned char>(bytes.front()) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) {
    value = value << 8 | static_cast<unsigned char>(c);
  }
  number = static_cast<std::int64_t>(value);
  return true;
}

bool RowCutter::take_header() {
  std::string_view bytes;
  std::int64_t flags = 0;
  std::int64_t more = 0;
  return take(kMark.size(), bytes) && bytes == kMark && take_number(4, flags) && flags == 0 &&
         take_number(4, more) && more >= 0 && take(static_cast<std::size_t>(more), bytes);
}

/// A row, or the end.
bool RowCutter::take_row(std::vector<std::string_view>& columns) {
  columns.clear();
  std::int64_t count = 0;
  if (!take_number(2, count)) {
    return false;
  }
  is_over_ = count == -1;
  if (!is_over_ && count != static_cast<std::int64_t>(columns_)) {
    return false;
  }
  for (; count > 0; --count) {
    std::int64_t size = 0;
    if (!take_number(4, size) || size < 0 ||
        !take(static_cast<std::size_t>(size), columns.emplace_back())) {
      return false;
    }
  }
  return true;
}

}  // namespace tribar
