// SPDX-License-Identifier: MIT
//
// Keeps the rows of a LineLayout on a terminal that takes ECMA-48 sequences (VT100 and later):
// knows what is drawn and where the cursor is, and writes what has to change. Pure: it appends to a
// string what is to be written. The rows begin where the cursor was when the first one was drawn.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "client/line_layout.h"

namespace tribar {

class LinePainter {
 public:
  /// Draws `layout`, or a window of at most `most_rows` of its rows, with the cursor's in it.
  void paint(std::string& out, const LineLayout& layout, int most_rows);

  /// Erases what is drawn. The cursor is where its first cell was.
  void erase(std::string& out);

  /// Leaves what is drawn, and puts the cursor at the beginning of the row behind it; stays where
  /// it is if nothing is drawn.
  void leave(std::string& out);

  /// Forgets what is drawn: the cursor is at the beginning of a row.
  void forget();

  /// The terminal has `columns` now. `reflows`: whether it has broken rows that are too long now
  /// into several, as most terminals do, or cut them, as xterm does.
  void resized(std::string& out, int columns, bool reflows);

 private:
  void move_to_row(std::string& out, int row);
  void choose_window(const LineLayout& layout, int most_rows);

  std::vector<LineLayout::Row> drawn_;
  int row_ = 0;        // the cursor's, of drawn_
  int column_ = 0;     // the cursor's
  int first_row_ = 0;  // of the layout: the first one in the window
};

}  // namespace tribar
