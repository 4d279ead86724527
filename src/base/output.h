// SPDX-License-Identifier: MIT
//
// Writes to standard output what a program is asked to print: a text that could not be written is
// reported as an error. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tribar {

/// Writes all of `text` to standard output at once, without stdio's buffer; waits for a slow
/// reader. Returns nothing, or an error for the user: "standard output: No space left on device".
/// The exit status for that is EX_IOERR (74).
[[nodiscard]] std::optional<std::string> write_output(std::string_view text);

}  // namespace tribar
