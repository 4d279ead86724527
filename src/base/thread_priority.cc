// SPDX-License-Identifier: MIT
//
// See thread_priority.h.
#include "base/thread_priority.h"

#if defined(__linux__)
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/log.h"
#endif

namespace tribar {

void lower_thread_priority([[maybe_unused]] std::string_view subject) {
#if defined(__linux__)
  constexpr int kNicer = 5;
  errno = 0;
  if (nice(kNicer) == -1 && errno != 0) {
    log::warn(subject, "cannot lower the priority of a thread: {}",
              std::generic_category().message(errno));
  }
#endif
}

}  // namespace tribar
