// SPDX-License-Identifier: MIT
//
// The programs that have a manual page and completions. Pure.
#pragma once

#include <vector>

#include "base/command_line.h"

namespace tribar {

/// The command lines of all programs.
[[nodiscard]] std::vector<CommandLine> all_programs();

}  // namespace tribar
