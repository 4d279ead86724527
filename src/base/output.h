// SPDX-License-Identifier: MIT
//
// Standard output for what a program is asked to print: a text that could not be written is an
// error, not a success. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tribar {

/// Writes all of `text` to standard output at once, past stdio's buffer; waits for a reader that
/// is slow. Returns nothing, or what went wrong, for a person to read: "standard output: No space
/// left on device". The exit status for that is EX_IOERR (74).
[[nodiscard]] std::optional<std::string> write_output(std::string_view text);

}  // namespace tribar
