// SPDX-License-Identifier: MIT
//
// Asks for a secret at the terminal of standard input, where nothing of it is shown.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "client/dialogue.h"

namespace tribar {

/// Prints `question` to standard error and reads a line; blocks until it is typed. What was typed
/// before is thrown away. Without a terminal there is nobody to ask, and the answer is empty. An
/// Ending: there is no answer, or the terminal would show it.
[[nodiscard]] Result<std::string, Ending> ask_secret(std::string_view question);

}  // namespace tribar
