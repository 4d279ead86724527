// SPDX-License-Identifier: MIT
//
// See wide_text.h.
#include "client/wide_text.h"

#include "chat/text.h"

namespace tribar {
namespace {

std::size_t utf8_bytes(wchar_t character) {
  if (character < 0x80) {
    return 1;
  }
  if (character < 0x800) {
    return 2;
  }
  return character < 0x10000 ? 3 : 4;
}

}  // namespace

std::wstring to_wide(std::string_view utf8) {
  std::wstring wide;
  wide.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size();) {
    const std::size_t size = utf8_size(utf8.substr(at));
    if (size == 0) {
      ++at;
      continue;
    }
    const auto first = static_cast<unsigned char>(utf8[at]);
    unsigned character = size == 1 ? first : first & (0xffU >> (size + 1));
    for (const char byte : utf8.substr(at + 1, size - 1)) {
      character = character << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
    }
    wide += static_cast<wchar_t>(character);
    at += size;
  }
  return wide;
}

std::string to_utf8(std::wstring_view text) {
  std::string utf8;
  utf8.reserve(text.size());
  for (const wchar_t each : text) {
    const auto character = static_cast<char32_t>(each);
    const std::size_t size = utf8_bytes(each);
    if (size == 1) {
      utf8 += static_cast<char>(character);
      continue;
    }
    utf8 += static_cast<char>((0xf00U >> size & 0xffU) | character >> (6 * (size - 1)));
    for (std::size_t left = size - 1; left > 0; --left) {
      utf8 += static_cast<char>(0x80U | (character >> (6 * (left - 1)) & 0x3fU));
    }
  }
  return utf8;
}

std::size_t utf8_bytes(std::wstring_view text) {
  std::size_t bytes = 0;
  for (const wchar_t each : text) {
    bytes += utf8_bytes(each);
  }
  return bytes;
}

}  // namespace tribar
