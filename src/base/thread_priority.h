// SPDX-License-Identifier: MIT
//
// For threads whose work nobody waits for: they must not take processors from those that serve.
#pragma once

#include <string_view>

namespace tribar {

/// Has the calling thread, which is not the main thread, give way to those of the usual priority:
/// it gets a fourth of a processor that another one wants, too. If that fails it stays as it is,
/// and the log says so under `subject`. Does nothing where priority is the whole process's.
void lower_thread_priority(std::string_view subject);

}  // namespace tribar
