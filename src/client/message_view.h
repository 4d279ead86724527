// SPDX-License-Identifier: MIT
//
// How the chat's lines look on a terminal. Each line begins with a mark, and nobody else's text can
// make a line with another one, nor a line without:
//
//     18:04 <bob> Salutations.          the first row of a message
//           | It is snowing.            its further rows
//     * 3 messages wait: g shows them.  what the client says; its further rows begin with "*   "
//     ! There is no account bib.        what went wrong; its further rows begin with "!   "
//
// Rows are cut where the terminal would wrap them, since what it wraps has no mark. Texts of others
// are shown as shown_text.h says. A value; one thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace tribar {

class MessageView {
 public:
  struct Settings {
    bool is_utf8 = false;    // the terminal, and the locale's LC_CTYPE, which says how wide it is
    bool has_color = false;  // also bold
  };

  /// The fewest columns for which rows are cut; a narrower terminal wraps them.
  static constexpr std::size_t kLeastColumns = 20;

  explicit MessageView(Settings settings) : settings_(settings) {}

  /// The terminal's width; 0: it is not known, and rows are not cut.
  void set_columns(std::size_t columns) { columns_ = columns; }

  /// What the client says, in whole lines. `text` is safe to show, but for line ends, which begin
  /// further rows.
  [[nodiscard]] std::string notice(std::string_view text) const;
  /// What went wrong.
  [[nodiscard]] std::string warning(std::string_view text) const;

  /// A message. `time`: when it was sent; none: before `now`. The date is shown if it is another
  /// day than that of `now`, both in local time.
  [[nodiscard]] std::string message(std::optional<UnixMs> time, UnixMs now, std::string_view sender,
                                    std::string_view text) const;

  /// The rows of a text without a sender, such as one of the user's that was not sent.
  [[nodiscard]] std::string text(std::string_view text) const;

  /// A text in a notice or a warning.
  [[nodiscard]] std::string quoted(std::string_view text) const;

 private:
  struct Mark {
    std::string shown;        // with its colours
    std::size_t columns = 0;  // without
  };
  enum class Style { Plain, Dim, Notice, Warning };

  [[nodiscard]] Mark mark(std::string_view text, Style style) const;
  [[nodiscard]] std::string painted(std::string_view text, std::string_view sgr) const;
  [[nodiscard]] std::string rows(const Mark& first, const Mark& rest,
                                 const std::vector<std::string>& lines) const;
  [[nodiscard]] std::string said(std::string_view mark, Style style, std::string_view text) const;

  Settings settings_;
  std::size_t columns_ = 0;
};

}  // namespace tribar
