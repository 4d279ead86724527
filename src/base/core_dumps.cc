// SPDX-License-Identifier: MIT
//
// See core_dumps.h.
#include "base/core_dumps.h"

#include <sys/resource.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include <cerrno>
#include <system_error>

namespace tribar {

void forbid_core_dumps() {
  constexpr rlimit kNone{0, 0};
  if (setrlimit(RLIMIT_CORE, &kNone) != 0) {
    throw std::system_error(errno, std::generic_category(), "RLIMIT_CORE");
  }
#if defined(__linux__)
  // The limit says nothing where core_pattern names a program: that gets every dump.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    throw std::system_error(errno, std::generic_category(), "PR_SET_DUMPABLE");
  }
#endif
}

}  // namespace tribar
