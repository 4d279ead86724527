// SPDX-License-Identifier: MIT
//
// Standard input, output and error as open descriptors, whatever the parent process left open.
#pragma once

namespace tribar {

/// Opens /dev/null as each of the descriptors 0, 1 and 2 that is closed. Otherwise the next file or
/// socket that the program opens would get that number, and what is printed would go into it. Call
/// this first in main(). Ends the process with a message when /dev/null cannot be opened.
void open_standard_descriptors();

}  // namespace tribar
