// SPDX-License-Identifier: MIT
//
// See line_layout.h.
#include "client/line_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cwchar>

#include "client/shown_text.h"
#include "client/wide_text.h"

namespace tribar {
namespace {

constexpr int kTabStop = 8;
constexpr wchar_t kLineBreakMark = L'\u21b5';

class Rows {
 public:
  Rows(int columns, bool is_utf8) : columns_(columns), is_utf8_(is_utf8) {}

  void set_style(std::string_view style) { style_ = style; }

  void add(wchar_t character) {
    if (character == L'\n') {
      add_line_break();
    } else if (character == L'\t') {
      const int width = kTabStop - column() % kTabStop;
      const int left = columns_ - column();
      put(std::string(
          static_cast<std::size_t>(left > 0 ? std::min(width, left) : std::min(kTabStop, columns_)),
          ' '));
    } else if (character >= 0x20 && character < 0x7f) {
      put(std::string(1, static_cast<char>(character)));
    } else {
      add_rare(character);
    }
  }

  /// Where the next character of one cell stands.
  void mark_cursor() {
    close_full_row();
    layout_.cursor_row = static_cast<int>(layout_.rows.size()) - 1;
    layout_.cursor_column = column();
  }

  /// As mark_cursor(), for the next character, which is `next`.
  void mark_cursor(wchar_t next) {
    if (column() + 2 > columns_ && is_wide(next)) {
      next_row();
    }
    if (is_combining(next) && column() > 0) {
      layout_.cursor_row = static_cast<int>(layout_.rows.size()) - 1;
      layout_.cursor_column = std::min(column(), columns_ - 1);
    } else {
      mark_cursor();
    }
  }

  LineLayout take() {
    end_style();
    return std::move(layout_);
  }

 private:
  [[nodiscard]] int column() const { return layout_.rows.back().width; }

  [[nodiscard]] bool is_wide(wchar_t character) const {
    return is_utf8_ && ::wcwidth(character) == 2 && is_shown_as_it_is(character);
  }

  [[nodiscard]] bool is_combining(wchar_t character) const {
    return is_utf8_ && character >= 0x80 && ::wcwidth(character) == 0 &&
           is_shown_as_it_is(character);
  }

  static bool is_shown_as_it_is(wchar_t character) {
    const std::string bytes = to_utf8({&character, 1});
    return shown_text(bytes, true) == bytes;
  }

  void add_rare(wchar_t character) {
    const std::string bytes = to_utf8({&character, 1});
    const std::string shown = shown_text(bytes, is_utf8_);
    const int width = ::wcwidth(character);
    if (shown != bytes) {
      put(shown);
    } else if (width > 0) {
      put_cell(bytes, width);
    } else if (width == 0 && column() > 0) {
      begin_style();
      layout_.rows.back().bytes += bytes;
      layout_.rows.back().combines_at_edge |= column() >= columns_;
    } else {
      put(fmt::format("\\u{{{:x}}}", static_cast<unsigned>(character)));
    }
  }

  void add_line_break() {
    if (is_utf8_ && ::wcwidth(kLineBreakMark) == 1) {
      put_cell(to_utf8({&kLineBreakMark, 1}), 1);
    } else {
      put("\\n");
    }
    next_row();
  }

  /// Characters of one cell each.
  void put(std::string_view cells) {
    for (const char& cell : cells) {
      put_cell({&cell, 1}, 1);
    }
  }

  void put_cell(std::string_view bytes, int width) {
    if (column() + width > columns_) {
      next_row();
    }
    begin_style();
    layout_.rows.back().bytes += bytes;
    layout_.rows.back().width += width;
  }

  void close_full_row() {
    if (column() >= columns_) {
      next_row();
    }
  }

  void next_row() {
    end_style();
    layout_.rows.emplace_back();
  }

  void begin_style() {
    if (is_styled_ == style_.empty()) {
      end_style();
      if (!style_.empty()) {
        layout_.rows.back().bytes += fmt::format("\x1b[{}m", style_);
        is_styled_ = true;
      }
    }
  }

  /// So that each row can be written alone.
  void end_style() {
    if (is_styled_) {
      layout_.rows.back().bytes += "\x1b[0m";
      is_styled_ = false;
    }
  }

  int columns_;
  bool is_utf8_;
  std::string_view style_;
  bool is_styled_ = false;  // in the last row
  LineLayout layout_{.rows = std::vector<LineLayout::Row>(1)};
};

}  // namespace

LineLayout lay_out(const TypedLine& line, int columns, bool is_utf8) {
  Rows rows(std::max(columns, 2), is_utf8);
  rows.set_style(line.style);
  for (const wchar_t character : line.prompt) {
    rows.add(character);
  }
  rows.set_style({});
  for (std::size_t i = 0; i < line.text.size(); ++i) {
    if (i == line.cursor) {
      rows.mark_cursor(line.text[i]);
    }
    rows.add(line.text[i]);
  }
  if (line.cursor >= line.text.size()) {
    rows.mark_cursor();
  }
  return rows.take();
}

}  // namespace tribar
