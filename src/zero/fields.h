// SPDX-License-Identifier: MIT
//
// The fields in a frame's data as protocol 1 cuts and writes them: joined by the delimiter, and the
// last one is all that is left, delimiters included.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "zero/command.h"
#include "zero/frame.h"

namespace tribar {

/// Cuts `data` into as many fields as `fields` has room for; returns how many there are, at least
/// one. Those that are missing are left as they are.
[[nodiscard]] inline std::size_t split_fields(std::string_view data,
                                              std::span<std::string_view> fields) {
  std::size_t found = 0;
  while (found + 1 < fields.size()) {
    const std::size_t at = find_delimiter(data, 0);
    if (at == std::string_view::npos) {
      break;
    }
    fields[found++] = data.substr(0, at);
    data.remove_prefix(at + kDelimiter.size());
  }
  fields[found++] = data;
  return found;
}

/// A number of protocol 1: 1 to 20 decimal digits, below 2^64.
[[nodiscard]] inline std::optional<std::uint64_t> parse_number(std::string_view digits) {
  constexpr std::size_t kMostDigits = 20;
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (digits.size() > kMostDigits || error != std::errc{} || stop != end) {
    return std::nullopt;
  }
  return number;
}

/// Appends a frame of protocol 1 to `out`. The fields are written as they are.
inline void append_fields(std::string& out, FrameCode code,
                          std::initializer_list<std::string_view> fields) {
  const std::size_t start = out.size();
  out.resize(start + kHeaderBytes);
  bool is_first = true;
  for (const std::string_view field : fields) {
    if (!std::exchange(is_first, false)) {
      out += kDelimiter;
    }
    out += field;
  }
  put_header(out.data() + start, static_cast<std::uint8_t>(code), out.size() - start - kHeaderBytes,
             kVersion1);
}

}  // namespace tribar
