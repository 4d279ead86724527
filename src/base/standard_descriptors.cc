// SPDX-License-Identifier: MIT
//
// See standard_descriptors.h.
#include "base/standard_descriptors.h"

#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace tribar {

void open_standard_descriptors() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) {
      continue;
    }
    // open() returns the lowest free number, which is this one. Not close-on-exec, since it takes
    // the place of a standard stream.
    if (open("/dev/null", O_RDWR) != descriptor) {
      std::perror("/dev/null");
      std::exit(EX_OSERR);
    }
  }
}

}  // namespace tribar
