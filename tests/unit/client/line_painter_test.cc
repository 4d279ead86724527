// SPDX-License-Identifier: MIT
//
// LinePainter: what it writes makes a terminal show what it was told to.
#include "client/line_painter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <clocale>
#include <random>
#include <string>
#include <vector>

#include "support/screen.h"

namespace tribar {
namespace {

using test::Screen;

LineLayout of(std::vector<std::string> rows, int cursor_row, int cursor_column) {
  LineLayout layout{.rows = {}, .cursor_row = cursor_row, .cursor_column = cursor_column};
  for (std::string& row : rows) {
    const auto width = static_cast<int>(row.size());
    layout.rows.push_back({std::move(row), width});
  }
  return layout;
}

class Terminal {
 public:
  Terminal(int columns, int rows) : screen_(columns, rows) {}

  /// Calls what draws, and shows it; returns how many bytes that took.
  template <typename Draw>
  std::size_t draw(Draw draw_it) {
    std::string out;
    draw_it(painter_, out);
    screen_.feed(out);
    return out.size();
  }

  Screen& screen() { return screen_; }

 private:
  LinePainter painter_;
  Screen screen_;
};

TEST(LinePainter, WritesOnlyWhatChanges) {
  Terminal terminal(20, 5);
  const auto paint = [&terminal](const LineLayout& layout) {
    return terminal.draw(
        [&](LinePainter& painter, std::string& out) { painter.paint(out, layout, 5); });
  };
  const LineLayout layout = of({"> first", "second"}, 1, 3);
  EXPECT_GT(paint(layout), 0U);
  EXPECT_EQ(terminal.screen().text_with_cursor(), "> first\nsec[o]nd\n");
  EXPECT_EQ(paint(layout), 0U);
  EXPECT_LT(paint(of({"> first", "second"}, 0, 0)), 10U);
  EXPECT_EQ(terminal.screen().text_with_cursor(), "[>] first\nsecond\n");
  paint(of({"> f"}, 0, 3));
  EXPECT_EQ(terminal.screen().text_with_cursor(), "> f[ ]\n");
}

TEST(LinePainter, ErasesAndLeaves) {
  Terminal terminal(20, 5);
  terminal.screen().feed("above\r\n");
  const LineLayout layout = of({"one", "two", "three"}, 1, 1);
  terminal.draw([&](LinePainter& painter, std::string& out) {
    painter.paint(out, layout, 5);
    painter.erase(out);
  });
  EXPECT_EQ(terminal.screen().text_with_cursor(), "above\n[ ]\n");
  terminal.draw([&](LinePainter& painter, std::string& out) {
    painter.paint(out, layout, 5);
    painter.leave(out);
    painter.leave(out);
    painter.erase(out);
  });
  EXPECT_EQ(terminal.screen().text_with_cursor(), "above\none\ntwo\nthree\n[ ]\n");
}

TEST(LinePainter, ShowsAWindowWithTheCursor) {
  Terminal terminal(20, 5);
  const std::vector<std::string> rows{"a", "b", "c", "d", "e"};
  const struct {
    int cursor_row;
    std::string shown;
  } cases[] = {
      {0, "[a]\nb\n"}, {1, "a\n[b]\n"}, {2, "b\n[c]\n"}, {4, "d\n[e]\n"},
      {3, "[d]\ne\n"}, {2, "[c]\nd\n"}, {3, "c\n[d]\n"}, {0, "[a]\nb\n"},
  };
  for (const auto& [cursor_row, shown] : cases) {
    terminal.draw([&, row = cursor_row](LinePainter& painter, std::string& out) {
      painter.paint(out, of(rows, row, 0), 2);
    });
    EXPECT_EQ(terminal.screen().text_with_cursor(), shown);
  }
}

/// A line of any characters, in any order of drawing, erasing and resizing: the terminal shows it,
/// and nothing that stood above is gone.
TEST(LinePainter, ShowsWhatItIsTold) {
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) {
    GTEST_SKIP() << "there is no locale C.UTF-8";
  }
  constexpr std::wstring_view kCharacters = L"ab \u65e5\u0301\u202e\n\tc\U0001f600";
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto choose = [&random](std::size_t below) { return random() % below; };
    int columns = 2 + static_cast<int>(choose(40));
    const int rows = 4 + static_cast<int>(choose(20));
    Terminal terminal(columns, rows);
    std::string above;
    for (int step = 0; step < 30; ++step) {
      std::wstring text;
      for (std::size_t left = choose(static_cast<std::size_t>(columns) * 3); left > 0; --left) {
        text += kCharacters[choose(kCharacters.size())];
      }
      const LineLayout layout =
          lay_out({L"\u65e5> ", "", text, choose(text.size() + 1)}, columns, true);
      const int most_rows = rows / 2;
      terminal.draw([&](LinePainter& painter, std::string& out) {
        if (choose(4) == 0) {
          const std::string line(1, static_cast<char>('A' + choose(26)));
          painter.erase(out);
          out += line + "\r\n";
          above += line + '\n';
        }
        painter.paint(out, layout, most_rows);
      });
      const Screen& screen = terminal.screen();
      std::string all = screen.all_text();
      ASSERT_TRUE(all.starts_with(above)) << all;
      // Only the line is below, and it is all there, or its window.
      std::vector<std::string> shown;
      for (std::size_t at = above.size(); at < all.size();) {
        const std::size_t end = std::min(all.find('\n', at), all.size());
        shown.push_back(all.substr(at, end - at));
        at = end + 1;
      }
      const auto drawn = std::min(static_cast<int>(layout.rows.size()), most_rows);
      shown.resize(static_cast<std::size_t>(drawn));
      bool is_found = false;
      for (int first = 0; first + drawn <= static_cast<int>(layout.rows.size()); ++first) {
        bool is_same = layout.cursor_row >= first && layout.cursor_row < first + drawn;
        for (int i = 0; i < drawn; ++i) {
          std::string row = layout.rows[static_cast<std::size_t>(first + i)].bytes;
          row.erase(row.find_last_not_of(' ') + 1);
          is_same = is_same && row == shown[static_cast<std::size_t>(i)];
        }
        is_found = is_found || is_same;
      }
      ASSERT_TRUE(is_found) << screen.text_with_cursor();
      ASSERT_EQ(screen.cursor_column(), layout.cursor_column) << screen.text_with_cursor();
      ASSERT_EQ(screen.unknown(), "");
      ASSERT_TRUE(screen.is_wrapping());
      if (choose(10) == 0) {
        // Becoming wider is the same on all terminals.
        columns += static_cast<int>(choose(10));
        terminal.screen().resize(columns, rows, choose(2) == 0);
        terminal.draw([&](LinePainter& painter, std::string& out) {
          painter.resized(out, columns, choose(2) == 0);
        });
      }
    }
  }
}

}  // namespace
}  // namespace tribar
