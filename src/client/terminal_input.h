// SPDX-License-Identifier: MIT
//
// What the kernel does with what is typed at a terminal before the program reads it, where it hands
// over whole lines. Standard input.
#pragma once

#include <cstddef>

namespace tribar {

/// From how many bytes on a line may have been cut off, silently: the kernel has room for no more.
/// If standard input is not such a terminal, a number that no line has.
[[nodiscard]] std::size_t cut_line_bytes();

/// Throws away what was typed and not read, also a line that is not finished. Does nothing unless
/// standard input is a terminal that belongs to this program now.
void forget_typed_ahead();

}  // namespace tribar
