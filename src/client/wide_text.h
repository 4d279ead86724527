// SPDX-License-Identifier: MIT
//
// Text as one wchar_t a character, which is how libedit holds a line, and as UTF-8. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tribar {

static_assert(sizeof(wchar_t) == 4, "one wchar_t is one character");

/// The characters of UTF-8; bytes that are no character are left out.
[[nodiscard]] std::wstring to_wide(std::string_view utf8);

/// Requires characters: no surrogates, none beyond U+10FFFF.
[[nodiscard]] std::string to_utf8(std::wstring_view text);

/// How many bytes to_utf8() would return.
[[nodiscard]] std::size_t utf8_bytes(std::wstring_view text);

}  // namespace tribar
