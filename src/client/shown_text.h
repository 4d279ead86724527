// SPDX-License-Identifier: MIT
//
// A peer's text as it is safe to print: it is always one line, and can neither imitate another
// message, a prompt or a terminal command, nor hide or reorder what stands beside it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tribar {

/// `text` with control characters, and bytes that are not UTF-8, as \xHH. `is_utf8`: whether the
/// terminal shows UTF-8. Then other characters stay as they are, but for those that are invisible
/// or change the direction of writing, which become \u{202e}; else all beyond ASCII become that.
[[nodiscard]] std::string shown_text(std::string_view text, bool is_utf8);

/// The lines of `text`, each as shown_text() has it, at least one: LF and CR LF end a line, HT is
/// four blanks, and empty lines at the end are left out.
[[nodiscard]] std::vector<std::string> shown_lines(std::string_view text, bool is_utf8);

/// `name` as one word: every byte that no account of ours can have in its name is \xHH, so that it
/// cannot imitate what stands beside it.
[[nodiscard]] std::string shown_name(std::string_view name);

}  // namespace tribar
