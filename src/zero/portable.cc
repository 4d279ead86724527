// SPDX-License-Identifier: MIT
//
// See portable.h.
#include "zero/portable.h"

#include <array>
#include <cstdint>

#include "chat/text.h"
#include "zero/frame.h"

namespace tribar {
namespace {

/// Stands where a text was cut: an ellipsis.
constexpr std::string_view kCut = "\\u{2026}";
constexpr std::string_view kInvalid = "\\u{fffd}";
constexpr std::string_view kBar = "|\\u{7c}";

/// An escape for the character that `bytes` are.
std::string escape(std::string_view bytes) {
  // The first byte has as many leading ones as there are bytes, except that of ASCII.
  constexpr std::array<unsigned, 5> kFirstBits{0, 0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t point = static_cast<unsigned char>(bytes[0]) & kFirstBits[bytes.size()];
  for (const char c : bytes.substr(1)) {
    point = point << 6 | (static_cast<unsigned char>(c) & 0x3f);
  }
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[point % 16]);
    point /= 16;
  } while (point > 0);
  return "\\u{" + digits + '}';
}

}  // namespace

std::string portable_text(std::string_view text, std::size_t most_bytes) {
  std::string out;
  // Where the text can be cut last.
  std::size_t cut_at = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with(kDelimiter)) {
      // The third one may begin the next delimiter.
      out += kBar;
      at += kDelimiter.size() - 1;
    } else if (const std::size_t size = utf8_size(rest); size == 0) {
      out += kInvalid;
      at += 1;
    } else {
      const std::string_view character = rest.substr(0, size);
      out += refuse_message(character) ? escape(character) : std::string(character);
      at += size;
    }
    if (out.size() > most_bytes) {
      out.resize(cut_at);
      if (kCut.size() <= most_bytes) {
        out += kCut;
      }
      break;
    }
    if (out.size() + kCut.size() <= most_bytes) {
      cut_at = out.size();
    }
  }
  return out;
}

}  // namespace tribar
