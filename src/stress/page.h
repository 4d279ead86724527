// SPDX-License-Identifier: MIT
//
// The frame of every HTML page that we write: its head, and its style for light and dark, narrow
// and wide.
#pragma once

#include <string>
#include <string_view>

namespace tribar::stress {

/// A complete page around `body`, which is HTML; `title` is plain text. The page loads nothing
/// else.
[[nodiscard]] std::string page_around(std::string_view title, std::string_view body);

}  // namespace tribar::stress
