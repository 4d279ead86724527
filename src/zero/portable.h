// SPDX-License-Identifier: MIT
//
// How a text of protocol 1 is told to a client of protocol 0.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tribar {

/// `text` in at most `most_bytes` bytes that protocol 0 can carry. A character that it cannot carry
/// is written as its code point, `\u{e9}`, in lower-case hexadecimal digits without leading zeros;
/// a byte that is not valid UTF-8 as `\u{fffd}`. The middle one of three `|` is written as
/// `\u{7c}`. All else stays as it is, also what looks like such an escape. A text that would be
/// longer is cut between two characters and ends with `\u{2026}`; it is empty if there is no room
/// for that.
[[nodiscard]] std::string portable_text(std::string_view text, std::size_t most_bytes);

}  // namespace tribar
