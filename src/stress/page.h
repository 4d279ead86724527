// SPDX-License-Identifier: MIT
//
// What every page that we write has: its head, its style for light and dark, narrow and wide.
#pragma once

#include <string>
#include <string_view>

namespace tribar::stress {

/// A whole page around `body`, which is HTML; `title` is text. Asks for nothing from elsewhere.
[[nodiscard]] std::string page_around(std::string_view title, std::string_view body);

}  // namespace tribar::stress
