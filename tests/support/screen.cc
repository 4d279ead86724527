// SPDX-License-Identifier: MIT
//
// See screen.h.
#include "support/screen.h"

#include <algorithm>
#include <cstdlib>
#include <cwchar>
#include <utility>

namespace tribar::test {
namespace {

/// The bytes of the character that begins with `first`.
std::size_t character_size(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

int width_of(std::string_view character) {
  wchar_t wide = 0;
  std::mbstate_t state{};
  const std::size_t size = std::mbrtowc(&wide, character.data(), character.size(), &state);
  return size == character.size() ? ::wcwidth(wide) : -1;
}

}  // namespace

Screen::Screen(int columns, int rows)
    : columns_(columns), rows_(rows), grid_(static_cast<std::size_t>(rows)) {}

void Screen::feed(std::string_view bytes) {
  held_ += bytes;
  std::string_view rest = held_;
  while (!rest.empty()) {
    if (rest[0] == '\x1b') {
      if (rest.size() < 2) {
        break;
      }
      if (rest[1] != '[') {
        unknown_ += rest.substr(0, 2);
        rest.remove_prefix(2);
        continue;
      }
      std::size_t end = 2;
      while (end < rest.size() && rest[end] >= 0x20 && rest[end] < 0x40) {
        ++end;
      }
      if (end == rest.size()) {
        break;
      }
      sequence(rest.substr(2, end - 2), rest[end]);
      rest.remove_prefix(end + 1);
    } else if (static_cast<unsigned char>(rest[0]) < 0x20 || rest[0] == 0x7f) {
      control(rest[0]);
      rest.remove_prefix(1);
    } else {
      const std::size_t size = character_size(rest[0]);
      if (rest.size() < size) {
        break;
      }
      print(rest.substr(0, size));
      rest.remove_prefix(size);
    }
  }
  held_ = std::string(rest);
}

void Screen::control(char c) {
  switch (c) {
    case '\r':
      column_ = 0;
      is_wrap_pending_ = false;
      break;
    case '\n':
      is_wrap_pending_ = false;
      line_feed();
      break;
    case '\b':
      column_ = std::max(column_ - 1, 0);
      is_wrap_pending_ = false;
      break;
    case '\a':
      ++bells_;
      break;
    default:
      unknown_ += c;
  }
}

void Screen::sequence(std::string_view parameters, char final) {
  if (parameters == "?7" && (final == 'h' || final == 'l')) {
    is_wrapping_ = final == 'h';
    return;
  }
  if (parameters == "?2004" && (final == 'h' || final == 'l')) {
    is_paste_bracketed_ = final == 'h';
    return;
  }
  if (final == 'm') {
    style_ = parameters == "0" ? "" : parameters;
    return;
  }
  const int number = parameters.empty() ? 0 : std::atoi(std::string(parameters).c_str());
  const int count = std::max(number, 1);
  is_wrap_pending_ = false;
  switch (final) {
    case 'A':
      row_ = std::max(row_ - count, 0);
      return;
    case 'B':
      row_ = std::min(row_ + count, rows_ - 1);
      return;
    case 'C':
      column_ = std::min(column_ + count, columns_ - 1);
      return;
    case 'D':
      column_ = std::max(column_ - count, 0);
      return;
    case 'H':
      if (parameters.empty()) {
        row_ = 0;
        column_ = 0;
        return;
      }
      break;
    case 'J':
      if (number == 0 || number == 2) {
        erase_row_from(number == 0 ? row_ : 0, number == 0 ? column_ : 0);
        for (int i = number == 0 ? row_ + 1 : 0; i < rows_; ++i) {
          grid_[static_cast<std::size_t>(i)] = {};
        }
        return;
      }
      break;
    case 'K':
      if (number == 0) {
        erase_row_from(row_, column_);
        return;
      }
      break;
    default:
      break;
  }
  unknown_ += "ESC[" + std::string(parameters) + final;
}

void Screen::print(std::string_view character) {
  const int width = width_of(character);
  if (width < 0) {
    unknown_ += character;
    return;
  }
  if (width == 0) {
    auto& cells = row().cells;
    int at = is_wrap_pending_ ? column_ : column_ - 1;
    if (at > 0 && static_cast<std::size_t>(at) < cells.size() &&
        cells[static_cast<std::size_t>(at)].text.empty()) {
      --at;
    }
    if (at < 0 || static_cast<std::size_t>(at) >= cells.size()) {
      unknown_ += character;  // terminals differ in what they do with it
    } else {
      cells[static_cast<std::size_t>(at)].text += character;
    }
    return;
  }
  if ((is_wrap_pending_ || column_ + width > columns_) && is_wrapping_) {
    row().is_wrapped = true;
    column_ = 0;
    is_wrap_pending_ = false;
    line_feed();
  }
  column_ = std::min(column_, columns_ - width);
  auto& cells = row().cells;
  const auto at = static_cast<std::size_t>(column_);
  cells.resize(std::max(cells.size(), at + static_cast<std::size_t>(width)));
  cells[at].text = character;
  if (width == 2) {
    cells[at + 1].text.clear();
  }
  column_ += width;
  if (column_ >= columns_) {
    column_ = columns_ - 1;
    is_wrap_pending_ = is_wrapping_;
  }
}

void Screen::line_feed() {
  if (row_ + 1 < rows_) {
    ++row_;
    return;
  }
  scrolled_.push_back(std::move(grid_.front()));
  grid_.erase(grid_.begin());
  grid_.emplace_back();
}

void Screen::erase_row_from(int at, int column) {
  Row& erased = grid_[static_cast<std::size_t>(at)];
  erased.cells.resize(std::min(erased.cells.size(), static_cast<std::size_t>(column)));
  erased.is_wrapped = false;
}

void Screen::resize(int columns, int rows, bool reflows) {
  std::vector<Row> grid;
  const int cursor_at = column_ + (is_wrap_pending_ ? 1 : 0);
  int new_row = 0;
  int new_column = std::min(column_, columns - 1);
  bool goes_on = false;  // the last row
  for (int i = 0; i < rows_; ++i) {
    Row& old = grid_[static_cast<std::size_t>(i)];
    if (!reflows) {
      new_row = i == row_ ? static_cast<int>(grid.size()) : new_row;
      old.cells.resize(std::min(old.cells.size(), static_cast<std::size_t>(columns)));
      grid.push_back(std::move(old));
      continue;
    }
    if (!goes_on) {
      grid.emplace_back();
    }
    for (int at = 0;; ++at) {
      const bool is_full = grid.back().cells.size() >= static_cast<std::size_t>(columns);
      const bool is_over = at >= static_cast<int>(old.cells.size());
      if (is_full && !is_over) {
        grid.back().is_wrapped = true;
        grid.emplace_back();
      }
      if (i == row_ && at == cursor_at) {
        new_row = static_cast<int>(grid.size()) - 1;
        new_column = std::min(static_cast<int>(grid.back().cells.size()), columns - 1);
      }
      if (is_over) {
        break;
      }
      const bool is_wide = at + 1 < static_cast<int>(old.cells.size()) &&
                           old.cells[static_cast<std::size_t>(at) + 1].text.empty();
      if (is_wide && grid.back().cells.size() + 2 > static_cast<std::size_t>(columns)) {
        grid.back().is_wrapped = true;
        grid.emplace_back();
      }
      grid.back().cells.push_back(old.cells[static_cast<std::size_t>(at)]);
    }
    if (i == row_ && cursor_at > static_cast<int>(old.cells.size())) {
      new_row = static_cast<int>(grid.size()) - 1;
      new_column = std::min(cursor_at, columns - 1);
    }
    goes_on = old.is_wrapped;
  }
  const int surplus = std::max(new_row - rows + 1, 0);
  for (int i = 0; i < surplus; ++i) {
    scrolled_.push_back(std::move(grid[static_cast<std::size_t>(i)]));
  }
  grid.erase(grid.begin(), grid.begin() + surplus);
  grid.resize(static_cast<std::size_t>(rows));
  grid_ = std::move(grid);
  row_ = new_row - surplus;
  column_ = new_column;
  is_wrap_pending_ = false;
  columns_ = columns;
  rows_ = rows;
}

std::string Screen::text_of(const Row& row, int cursor_column) {
  std::string text;
  const int size = std::max(static_cast<int>(row.cells.size()), cursor_column + 1);
  for (int i = 0; i < size; ++i) {
    const std::string cell =
        i < static_cast<int>(row.cells.size()) ? row.cells[static_cast<std::size_t>(i)].text : " ";
    text += i == cursor_column ? "[" + cell + "]" : cell;
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::string Screen::text() const {
  std::string text;
  for (const Row& each : grid_) {
    text += text_of(each, -1) + '\n';
  }
  text.erase(std::min(text.find_last_not_of('\n') + 2, text.size()));
  return text == "\n" ? "" : text;
}

std::string Screen::all_text() const {
  std::string all;
  for (const Row& each : scrolled_) {
    all += text_of(each, -1) + '\n';
  }
  return all + text();
}

std::string Screen::text_with_cursor() const {
  std::string text;
  for (int i = 0; i < rows_; ++i) {
    text += text_of(grid_[static_cast<std::size_t>(i)], i == row_ ? column_ : -1) + '\n';
  }
  text.erase(std::min(text.find_last_not_of('\n') + 2, text.size()));
  return text;
}

}  // namespace tribar::test
