// SPDX-License-Identifier: MIT
//
// Cuts rows out of what PostgreSQL sends for COPY ... TO STDOUT (FORMAT binary): a header, then
// each row as the number of its columns and, for each, a length and bytes; a number of -1 ends it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tribar {

class RowCutter {
 public:
  /// Every row must have so many columns.
  explicit RowCutter(std::size_t columns) : columns_(columns) {}

  /// Takes the next piece, after all rows of the one before were taken. A piece ends where a row
  /// does, or the header; its bytes must stay valid while rows of it are used.
  void feed(std::string_view piece);

  /// Replaces `columns` by the next row of this piece; false: there is no further one, or the piece
  /// is malformed.
  [[nodiscard]] bool next(std::vector<std::string_view>& columns);

  /// False: what came is not of this form. Nothing is cut any more.
  [[nodiscard]] bool is_good() const { return is_good_; }

 private:
  [[nodiscard]] bool take(std::size_t size, std::string_view& bytes);
  [[nodiscard]] bool take_number(std::size_t size, std::int64_t& number);
  [[nodiscard]] bool take_header();
  [[nodiscard]] bool take_row(std::vector<std::string_view>& columns);

  std::size_t columns_;
  std::string_view rest_;
  bool has_header_ = false;
  bool is_over_ = false;
  bool is_good_ = true;
};

}  // namespace tribar
