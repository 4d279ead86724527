// SPDX-License-Identifier: MIT
//
// Names of threads, for whoever looks at the process with ps, top or a debugger.
#pragma once

#include <string>

namespace tribar {

/// Names the calling thread; of `name` the first 15 bytes count. Not for the main thread, whose
/// name is the program's. Does nothing where the system has no such names.
void name_thread(const std::string& name);

}  // namespace tribar
