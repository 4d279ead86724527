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
    // The lowest number that is free: this one. Not closed by exec: it stands for a standard
    // stream.
    if (open("/dev/null", O_RDWR) != descriptor) {
      std::perror("/dev/null");
      std::exit(EX_OSERR);
    }
  }
}

}  // namespace tribar
