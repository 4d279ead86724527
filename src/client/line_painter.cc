// SPDX-License-Identifier: MIT
//
// See line_painter.h.
#include "client/line_painter.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace tribar {
namespace {

/// Characters that are wider on the terminal than the C library says must not wrap, or all rows
/// below would be one lower than we know.
constexpr const char* kWrapOff = "\x1b[?7l";
constexpr const char* kWrapOn = "\x1b[?7h";

void move(std::string& out, int count, char direction) {
  if (count > 0) {
    fmt::format_to(std::back_inserter(out), "\x1b[{}{}", count, direction);
  }
}

int size(const std::vector<LineLayout::Row>& rows) { return static_cast<int>(rows.size()); }

}  // namespace

void LinePainter::paint(std::string& out, const LineLayout& layout, int most_rows) {
  choose_window(layout, std::max(most_rows, 1));
  const int count = std::min(size(layout.rows) - first_row_, std::max(most_rows, 1));
  bool is_changing = false;
  const auto begin_change = [&] {
    if (!is_changing) {
      out += kWrapOff;
      is_changing = true;
    }
  };
  for (int i = 0; i < count; ++i) {
    const LineLayout::Row& row =
        layout.rows[static_cast<std::size_t>(first_row_) + static_cast<std::size_t>(i)];
    if (i < size(drawn_) && drawn_[static_cast<std::size_t>(i)] == row) {
      continue;
    }
    begin_change();
    if (i < size(drawn_)) {
      move_to_row(out, i);
      out += '\r';
    } else if (i > 0) {
      move_to_row(out, i - 1);
      out += "\r\n";
      row_ = i;
    }
    out += row.combines_at_edge ? kWrapOn : "";
    out += row.bytes;
    out += row.combines_at_edge ? kWrapOff : "";
    const int drawn_width = i < size(drawn_) ? drawn_[static_cast<std::size_t>(i)].width : 0;
    if (row.width < drawn_width) {
      out += "\x1b[K";
    }
    if (i < size(drawn_)) {
      drawn_[static_cast<std::size_t>(i)] = row;
    } else {
      drawn_.push_back(row);
    }
    column_ = -1;
  }
  if (size(drawn_) > count) {
    begin_change();
    move_to_row(out, count);
    out += "\r\x1b[J";
    column_ = 0;
    drawn_.resize(static_cast<std::size_t>(count));
  }
  if (is_changing) {
    out += kWrapOn;
  }
  const int row = layout.cursor_row - first_row_;
  if (row != row_ || layout.cursor_column != column_) {
    move_to_row(out, row);
    out += '\r';
    move(out, layout.cursor_column, 'C');
    column_ = layout.cursor_column;
  }
}

void LinePainter::erase(std::string& out) {
  // Row by row: some terminals take a screen that is cleared from its top for one that scrolls off.
  for (int i = size(drawn_) - 1; i >= 0; --i) {
    move_to_row(out, i);
    out += "\r\x1b[K";
  }
  forget();
}

void LinePainter::leave(std::string& out) {
  if (!drawn_.empty()) {
    move_to_row(out, size(drawn_) - 1);
    out += "\r\n";
  }
  forget();
}

void LinePainter::forget() {
  drawn_.clear();
  row_ = 0;
  column_ = 0;
  first_row_ = 0;
}

void LinePainter::resized(std::string& out, int columns, bool reflows) {
  if (reflows) {
    const int width = std::max(columns, 1);
    int row = 0;
    for (int i = 0; i < row_; ++i) {
      row += std::max((drawn_[static_cast<std::size_t>(i)].width + width - 1) / width, 1);
    }
    // At the very end of a row the cursor may wait there: one row too few is erased, not too many.
    const bool is_at_end =
        row_ < size(drawn_) && column_ == drawn_[static_cast<std::size_t>(row_)].width;
    row_ = row + (is_at_end ? std::max(column_ - 1, 0) : column_) / width;
  }
  if (!drawn_.empty()) {
    move_to_row(out, 0);
    out += "\r\x1b[J";  // it may be more rows now
  }
  forget();
}

void LinePainter::move_to_row(std::string& out, int row) {
  move(out, row_ - row, 'A');
  move(out, row - row_, 'B');
  row_ = row;
}

void LinePainter::choose_window(const LineLayout& layout, int most_rows) {
  const int last = std::max(size(layout.rows) - most_rows, 0);
  first_row_ = std::clamp(first_row_, layout.cursor_row - most_rows + 1, layout.cursor_row);
  first_row_ = std::clamp(first_row_, 0, last);
}

}  // namespace tribar
