// SPDX-License-Identifier: MIT
//
// A small terminal: what a person would see of the bytes that a program writes. It knows what
// ECMA-48 terminals have in common, as far as our programs use it, and notes all else as unknown.
// Widths are the C library's: call setlocale() first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tribar::test {

class Screen {
 public:
  Screen(int columns, int rows);

  /// Takes what the program wrote; sequences and characters may be cut anywhere.
  void feed(std::string_view bytes);

  /// `reflows`: what no longer fits into a row is wrapped, and what was wrapped is joined, as most
  /// terminals do; else it is cut, as by xterm.
  void resize(int columns, int rows, bool reflows);

  /// The rows without blanks at their ends, each with an LF, without the empty ones at the end.
  [[nodiscard]] std::string text() const;
  /// As text(), with what has scrolled off the top before it.
  [[nodiscard]] std::string all_text() const;
  /// As text(), but with the cursor: "[x]" is x with the cursor on it.
  [[nodiscard]] std::string text_with_cursor() const;

  [[nodiscard]] int columns() const { return columns_; }
  [[nodiscard]] int cursor_row() const { return row_; }
  [[nodiscard]] int cursor_column() const { return column_; }
  [[nodiscard]] bool is_paste_bracketed() const { return is_paste_bracketed_; }
  [[nodiscard]] bool is_wrapping() const { return is_wrapping_; }
  [[nodiscard]] int bells() const { return bells_; }
  /// The attributes (SGR) of what is written next; "" if plain.
  [[nodiscard]] const std::string& style() const { return style_; }
  /// Sequences and control characters that are unknown here.
  [[nodiscard]] const std::string& unknown() const { return unknown_; }

 private:
  struct Cell {
    std::string text = " ";  // empty: the right half of a wide character
  };
  struct Row {
    std::vector<Cell> cells;  // as many as were written
    bool is_wrapped = false;  // goes on in the next row
  };

  void control(char c);
  void sequence(std::string_view parameters, char final);
  void print(std::string_view character);
  void line_feed();
  void erase_row_from(int row, int column);
  [[nodiscard]] Row& row() { return grid_[static_cast<std::size_t>(row_)]; }
  [[nodiscard]] static std::string text_of(const Row& row, int cursor_column);

  int columns_;
  int rows_;
  std::vector<Row> grid_;
  std::vector<Row> scrolled_;
  int row_ = 0;
  int column_ = 0;
  bool is_wrap_pending_ = false;
  bool is_wrapping_ = true;
  bool is_paste_bracketed_ = false;
  int bells_ = 0;
  std::string style_;
  std::string unknown_;
  std::string held_;  // an incomplete sequence or character
};

}  // namespace tribar::test
