// SPDX-License-Identifier: MIT
//
// Where a prompt and the line being typed behind it stand on a terminal: rows of cells. Pure, but
// for the widths of characters, which are the C library's for the locale (wcwidth).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tribar {

struct LineLayout {
  struct Row {
    std::string bytes = {};  // as to write it
    int width = 0;           // of cells, at most the terminal's
    /// Whether a character combines with one in the terminal's last column. Some terminals put it
    /// elsewhere if they do not wrap.
    bool combines_at_edge = false;
    friend bool operator==(const Row&, const Row&) = default;
  };
  std::vector<Row> rows;  // at least one
  int cursor_row = 0;
  int cursor_column = 0;  // less than the terminal's columns
  friend bool operator==(const LineLayout&, const LineLayout&) = default;
};

struct TypedLine {
  std::wstring_view prompt;
  std::string_view style;  // of the prompt: parameters of SGR; empty: plain
  std::wstring_view text;
  std::size_t cursor = 0;  // of text: the character on which it stands, or its size
};

/// `columns`: 2 or more; less is taken as 2. `is_utf8`: whether the terminal shows UTF-8.
///
/// A character that does not fit into a row begins the next one, and the cursor behind a full row
/// stands in the next one. A combining character is in the cell of the one before it. An LF is
/// shown as a mark (U+21B5, or \n where that cannot be shown) and ends the row; an HT goes on to
/// the next multiple of 8. What is not safe to show, has no width that is known, or combines with
/// nothing, is shown as by shown_text(): as \x1b or \u{202e}.
[[nodiscard]] LineLayout lay_out(const TypedLine& line, int columns, bool is_utf8);

}  // namespace tribar
