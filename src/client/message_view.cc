// SPDX-License-Identifier: MIT
//
// See message_view.h.
#include "client/message_view.h"

#include <fmt/format.h>
#include <wchar.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>

#include "chat/text.h"
#include "client/shown_text.h"

namespace tribar {
namespace {

constexpr std::string_view kFurtherRow = "      | ";

// Select Graphic Rendition, as every terminal with colours has them.
constexpr std::string_view kDim = "2";
constexpr std::string_view kNoticeColor = "36";
constexpr std::string_view kWarningColor = "1;33";
/// Colours of senders that can be told apart on black and on white.
constexpr std::array<std::string_view, 6> kSenderColors{"1;31", "1;32", "1;34",
                                                        "1;35", "1;36", "1;33"};

/// The same one for the same sender, always.
std::string_view color_of(std::string_view sender) {
  std::uint32_t sum = 0;
  for (const char c : sender) {
    sum = sum * 31 + static_cast<unsigned char>(c);
  }
  return kSenderColors[sum % kSenderColors.size()];
}

/// How many columns the character takes; `bytes` is well-formed UTF-8.
std::size_t columns_of(std::string_view bytes) {
  if (bytes.size() == 1) {
    return 1;
  }
  wchar_t character = 0;
  std::mbstate_t state{};
  if (std::mbrtowc(&character, bytes.data(), bytes.size(), &state) != bytes.size()) {
    return 1;
  }
  return static_cast<std::size_t>(std::max(::wcwidth(character), 0));
}

/// Local time; none if the calendar has no such.
std::optional<std::tm> calendar(UnixMs time) {
  const auto seconds = static_cast<std::time_t>(time.value / 1000);
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr || local.tm_year + 1900 > 9999) {
    return std::nullopt;
  }
  return local;
}

std::string shown_time(std::optional<UnixMs> time, UnixMs now) {
  if (!time) {
    return "earlier";
  }
  const auto then = calendar(*time);
  if (!then) {
    return "--:--";
  }
  const auto today = calendar(now);
  const bool is_today = today && today->tm_year == then->tm_year && today->tm_yday == then->tm_yday;
  const std::string clock = fmt::format("{:02}:{:02}", then->tm_hour, then->tm_min);
  return is_today ? clock
                  : fmt::format("{:04}-{:02}-{:02} {}", then->tm_year + 1900, then->tm_mon + 1,
                                then->tm_mday, clock);
}

/// How much of `line` fits into a row of `columns`, at least one character; where it can, it ends
/// with a word.
std::size_t row_bytes(std::string_view line, std::size_t columns) {
  std::size_t used = 0;
  std::size_t after_blank = 0;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t size = std::max<std::size_t>(utf8_size(line.substr(at)), 1);
    const std::size_t wide = columns_of(line.substr(at, size));
    if (used + wide > columns && at > 0) {
      return after_blank > 0 && line[at] != ' ' ? after_blank : at;
    }
    used += wide;
    at += size;
    if (line[at - 1] == ' ' && used > columns / 2) {
      after_blank = at;
    }
  }
  return line.size();
}

}  // namespace

std::string MessageView::painted(std::string_view text, std::string_view sgr) const {
  return settings_.has_color ? fmt::format("\x1b[{}m{}\x1b[0m", sgr, text) : std::string(text);
}

MessageView::Mark MessageView::mark(std::string_view text, Style style) const {
  switch (style) {
    case Style::Plain:
      break;
    case Style::Dim:
      return {painted(text, kDim), text.size()};
    case Style::Notice:
      return {painted(text, kNoticeColor), text.size()};
    case Style::Warning:
      return {painted(text, kWarningColor), text.size()};
  }
  return {std::string(text), text.size()};
}

std::string MessageView::rows(const Mark& first, const Mark& rest,
                              const std::vector<std::string>& lines) const {
  const bool is_cut = columns_ >= kLeastColumns;
  // A row that ends at the last column makes some terminals begin another one.
  const auto room = [this](const Mark& mark) {
    return columns_ - 1 - std::min(mark.columns, columns_ - 1);
  };
  std::string out;
  const Mark* mark = &first;
  if (is_cut && room(first) < kLeastColumns / 2 && !lines.front().empty()) {
    out += first.shown + '\n';  // the text begins below it
    mark = &rest;
  }
  for (const std::string& whole : lines) {
    std::string_view line = whole;
    do {
      const std::size_t size = is_cut ? row_bytes(line, room(*mark)) : line.size();
      std::string_view row = line.substr(0, size);
      line.remove_prefix(size);
      // The end of the row stands for a blank.
      if (!line.empty() && row.ends_with(' ')) {
        row.remove_suffix(1);
      } else if (line.starts_with(' ')) {
        line.remove_prefix(1);
      }
      out += mark->shown;
      out += row;
      out += '\n';
      mark = &rest;
    } while (!line.empty());
  }
  return out;
}

std::string MessageView::said(std::string_view begin, Style style, std::string_view text) const {
  std::vector<std::string> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      break;
    }
    text.remove_prefix(end + 1);
  }
  return rows(mark(fmt::format("{} ", begin), style), mark(fmt::format("{}   ", begin), style),
              lines);
}

std::string MessageView::notice(std::string_view text) const {
  return said("*", Style::Notice, text);
}

std::string MessageView::warning(std::string_view text) const {
  return said("!", Style::Warning, text);
}

std::string MessageView::message(std::optional<UnixMs> time, UnixMs now, std::string_view sender,
                                 std::string_view text) const {
  const std::string clock = shown_time(time, now);
  const std::string name = fmt::format("<{}>", shown_name(sender));
  const Mark heading{fmt::format("{} {} ", painted(clock, kDim), painted(name, color_of(sender))),
                     clock.size() + name.size() + 2};
  return rows(heading, mark(kFurtherRow, Style::Dim), shown_lines(text, settings_.is_utf8));
}

std::string MessageView::text(std::string_view text) const {
  const Mark further = mark(kFurtherRow, Style::Dim);
  return rows(further, further, shown_lines(text, settings_.is_utf8));
}

std::string MessageView::quoted(std::string_view text) const {
  return shown_text(text, settings_.is_utf8);
}

}  // namespace tribar
