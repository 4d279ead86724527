// SPDX-License-Identifier: MIT
//
// A descriptor and its owner.
#pragma once

#include <unistd.h>

namespace tribar::uv {

struct Socket {
  Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd >= 0) {
      ::close(fd);
    }
  }
  int fd = -1;
};

}  // namespace tribar::uv
