// SPDX-License-Identifier: MIT
//
// Makes sure that standard input, output and error are open, even if the parent process closed
// them.
#pragma once

namespace tribar {

/// Opens /dev/null for each of the descriptors 0, 1 and 2 that is closed. Otherwise the next file
/// or socket that the program opens would get that number, and printed text would go into it. Call
/// this first in main(). Ends the process with a message if /dev/null cannot be opened.
void open_standard_descriptors();

}  // namespace tribar
