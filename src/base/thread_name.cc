// SPDX-License-Identifier: MIT
//
// See thread_name.h.
#include "base/thread_name.h"

#include <pthread.h>

#include <cstddef>

namespace tribar {

void name_thread([[maybe_unused]] const std::string& name) {
#ifdef __linux__
  constexpr std::size_t kMostBytes = 15;
  // It cannot fail for a name of that length.
  static_cast<void>(pthread_setname_np(pthread_self(), name.substr(0, kMostBytes).c_str()));
#endif
}

}  // namespace tribar
