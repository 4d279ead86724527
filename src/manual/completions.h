// SPDX-License-Identifier: MIT
//
// Completions for shells: from a program's command line, the text of the file that its shell reads.
// They offer verbs, the options of the verb that was typed, and what may stand behind an option.
// Pure.
#pragma once

#include <string>

#include "base/command_line.h"

namespace tribar {

/// For bash 4 and later; needs nothing of the package bash-completion.
[[nodiscard]] std::string bash_completions(const CommandLine& program);

/// For zsh's new completion system: the file _NAME of a folder in $fpath.
[[nodiscard]] std::string zsh_completions(const CommandLine& program);

/// For fish 3 and later.
[[nodiscard]] std::string fish_completions(const CommandLine& program);

}  // namespace tribar
