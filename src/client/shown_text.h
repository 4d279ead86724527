// SPDX-License-Identifier: MIT
//
// A peer's text as it is safe to print: it is always one line, and can neither imitate another
// message, a prompt or a terminal command, nor hide or reorder what stands beside it.
#pragma once

#include <string>
#include <string_view>

namespace tribar {

/// `text` with control characters, and bytes that are not UTF-8, as \xHH. `is_utf8`: whether the
/// terminal shows UTF-8. Then other characters stay as they are, but for those that are invisible
/// or change the direction of writing, which become \u{202e}; else all beyond ASCII become that.
[[nodiscard]] std::string shown_text(std::string_view text, bool is_utf8);

}  // namespace tribar
