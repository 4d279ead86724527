// SPDX-License-Identifier: MIT
//
// What a terminal may send, and what is drawn of it: keys are the same however they were read and
// bounded, a line of any characters is drawn as it is laid out, and a history file is read or its
// damage counted, whatever stands in it.
#include <algorithm>
#include <clocale>
#include <string>
#include <string_view>
#include <vector>

#include "chat/text.h"
#include "client/history.h"
#include "client/line_layout.h"
#include "client/line_painter.h"
#include "client/typed_keys.h"
#include "client/wide_text.h"
#include "fuzz.h"
#include "fuzz_bytes.h"
#include "support/screen.h"

namespace tribar {
namespace {

using fuzz::check;

void check_key(const Key& key) {
  using Kind = Key::Kind;
  const bool is_typed = key.kind == Kind::Text;
  if (is_typed || key.kind == Kind::PasteText) {
    check(
        !key.bytes.empty() && !refuse_text(key.bytes) && key.bytes.find('\r') == std::string::npos,
        "text is UTF-8 without control characters");
    check(!is_typed || key.bytes.find_first_of("\n\t") == std::string::npos, "a key is no text");
  }
  if (key.kind == Kind::Sequence) {
    check(key.bytes.size() >= 2 && key.bytes.size() <= TypedKeys::kMostSequenceBytes &&
              key.bytes[0] == '\x1b',
          "a sequence is bounded");
  }
  check(key.kind != Kind::Control || key.bytes.size() == 1, "a control character is one byte");
}

/// All keys, as text that does not depend on how they were read.
std::string keys_of(std::string_view bytes, fuzz::Bytes choices, std::wstring* line) {
  TypedKeys keys(true);
  std::string all;
  Key::Kind last = Key::Kind::Invalid;
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(choices.take() % 7 + 1, bytes.size());
    const std::string_view chunk = bytes.substr(0, size);
    bytes.remove_prefix(size);
    keys.feed(chunk);
    while (auto key = keys.take()) {
      check_key(*key);
      const bool is_text = key->kind == Key::Kind::Text || key->kind == Key::Kind::PasteText;
      if (!is_text || key->kind != last) {
        all += "\n" + std::to_string(static_cast<int>(key->kind)) + ' ' +
               std::to_string(key->dropped) + ' ';
      }
      all += key->bytes;
      last = key->kind;
      if (line != nullptr && is_text) {
        *line += to_wide(key->bytes);
      }
    }
  }
  return all;
}

void check_drawing(std::wstring_view text, fuzz::Bytes choices) {
  const int columns = static_cast<int>(choices.take() % 79 + 2);
  const int rows = static_cast<int>(choices.take() % 30 + 1);
  const std::size_t cursor = choices.take() * 7 % (text.size() + 1);
  const bool is_utf8 = choices.take() % 4 != 0;
  test::Screen screen(columns, rows);
  LinePainter painter;
  const auto paint = [&](std::wstring_view of, std::size_t at) {
    const LineLayout layout = lay_out({L"\u65e5> ", "1", of, at}, columns, is_utf8);
    check(layout.cursor_row >= 0 && layout.cursor_row < static_cast<int>(layout.rows.size()) &&
              layout.cursor_column >= 0 && layout.cursor_column < columns,
          "the cursor is on the terminal");
    for (const LineLayout::Row& row : layout.rows) {
      check(row.width <= columns, "a row fits");
    }
    std::string out;
    painter.paint(out, layout, rows);
    screen.feed(out);
    check(screen.cursor_column() == layout.cursor_column, "the cursor is where it should be");
    check(screen.unknown().empty(), "only known sequences are written");
    check(screen.style().empty() && screen.is_wrapping(), "the terminal is left as it was");
  };
  paint(text, cursor);
  paint(text.substr(0, cursor), cursor);
  paint(text, text.size());
  std::string out;
  painter.erase(out);
  screen.feed(out);
  check(screen.text().empty(), "all that was drawn is erased");
}

void check_history(std::string_view content) {
  const ParsedHistory parsed = parse_history(content);
  check(parsed.damaged <= parsed.lines && parsed.history.size() <= parsed.lines - parsed.damaged,
        "each line is read or damaged");
  for (std::size_t age = 1; age <= parsed.history.size(); ++age) {
    const std::string& line = parsed.history.line(age);
    check(History::is_kept(line) && !refuse_text(line), "what was read is a line");
    check(parse_history_entry(history_entry(line)) == line, "what is written is read as the same");
  }
}

}  // namespace
}  // namespace tribar

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool has_locale = std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr;
  const std::string_view input = tribar::fuzz::as_text(data, size);
  const std::string_view choices = input.substr(0, 8);
  const std::string_view bytes = input.substr(choices.size());
  tribar::check_history(bytes);
  if (!has_locale) {
    return 0;
  }
  std::wstring line;
  const std::string keys = tribar::keys_of(bytes, tribar::fuzz::Bytes(choices), &line);
  // An interrupt that comes alone ends a paste.
  if (bytes.find('\x03') == std::string_view::npos) {
    tribar::fuzz::check(keys == tribar::keys_of(bytes, tribar::fuzz::Bytes(bytes), nullptr),
                        "keys do not depend on how they were read");
  }
  tribar::check_drawing(line, tribar::fuzz::Bytes(choices));
  return 0;
}
