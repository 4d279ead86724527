// SPDX-License-Identifier: MIT
//
// What a process has in memory does not get into a file when it crashes.
#pragma once

namespace tribar {

/// From now on this process, and those that it forks, leave no core dump, neither as a file nor to
/// a program that collects them. On Linux a debugger can no longer be attached, nor the memory be
/// read through /proc, except by root. Throws std::system_error when the system refuses. Call this
/// at the start, before there are secrets.
void forbid_core_dumps();

}  // namespace tribar
