// SPDX-License-Identifier: MIT
//
// See shown_text.h.
#include "client/shown_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "base/log.h"
#include "chat/text.h"

namespace tribar {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

/// What is not seen, or changes how the rest is seen: Unicode's format characters (Cf) but for
/// those with a shape of their own, line and paragraph separators, fillers, and tags. Ascending.
constexpr std::array kUnseen{
    Range{0x80, 0x9f},        // controls
    Range{0xad, 0xad},        // soft hyphen
    Range{0x34f, 0x34f},      // grapheme joiner
    Range{0x61c, 0x61c},      // Arabic letter mark
    Range{0x115f, 0x1160},    // Hangul fillers
    Range{0x17b4, 0x17b5},    // Khmer inherent vowels
    Range{0x180b, 0x180f},    // Mongolian selectors and vowel separator
    Range{0x200b, 0x200f},    // zero width, directional marks
    Range{0x2028, 0x202e},    // separators, directional embeddings and overrides
    Range{0x2060, 0x206f},    // joiner, invisible operators, isolates
    Range{0x3164, 0x3164},    // Hangul filler
    Range{0xfeff, 0xfeff},    // byte order mark
    Range{0xffa0, 0xffa0},    // Hangul filler
    Range{0xfff0, 0xfffb},    // annotations
    Range{0x1bca0, 0x1bca3},  // shorthand
    Range{0x1d173, 0x1d17a},  // music
    Range{0xe0000, 0xe0fff},  // tags, variation selectors
};

bool is_unseen(char32_t character) {
  const auto* range =
      std::lower_bound(kUnseen.begin(), kUnseen.end(), character,
                       [](const Range& each, char32_t of) { return each.last < of; });
  return range != kUnseen.end() && range->first <= character;
}

}  // namespace

std::string shown_text(std::string_view text, bool is_utf8) {
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_size(text.substr(at));
    const std::string_view bytes = text.substr(at, std::max<std::size_t>(size, 1));
    at += bytes.size();
    if (size <= 1) {
      shown += log::escaped(bytes);
      continue;
    }
    const char32_t character = decoded_utf8(bytes);
    if (is_utf8 && !is_unseen(character)) {
      shown += bytes;
    } else {
      fmt::format_to(std::back_inserter(shown), "\\u{{{:x}}}", static_cast<unsigned>(character));
    }
  }
  return shown;
}

std::vector<std::string> shown_lines(std::string_view text, bool is_utf8) {
  while (text.ends_with('\n') || text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  std::vector<std::string> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (end != std::string_view::npos && line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    std::string& shown = lines.emplace_back();
    for (std::size_t tab = 0; (tab = line.find('\t')) != std::string_view::npos;) {
      shown += shown_text(line.substr(0, tab), is_utf8) + "    ";
      line.remove_prefix(tab + 1);
    }
    shown += shown_text(line, is_utf8);
    if (end == std::string_view::npos) {
      return lines;
    }
    text.remove_prefix(end + 1);
  }
}

std::string shown_name(std::string_view name) {
  std::string shown;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const std::string_view byte = name.substr(at, 1);
    if (refuse_username(byte, 1)) {
      fmt::format_to(std::back_inserter(shown), "\\x{:02x}", static_cast<unsigned char>(byte[0]));
    } else {
      shown += byte;
    }
  }
  return shown;
}

}  // namespace tribar
