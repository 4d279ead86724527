// SPDX-License-Identifier: MIT
//
// Owns a socket's descriptor.
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
