// SPDX-License-Identifier: MIT
//
// A connection to a Unix socket, for protocols that are text; and HTTP over it. Every wait has a
// deadline, after which what came so far counts.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

#include "support/patience.h"

namespace tribar::test {

/// A descriptor that is connected to the socket at `path`; the caller closes it. The test fails if
/// nobody listens there.
[[nodiscard]] inline int connected_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{.tv_sec = kPatienceMs / 1000, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << path;
  return fd;
}

/// What comes at `fd` up to its end.
[[nodiscard]] inline std::string rest_of(int fd) {
  std::string rest;
  std::array<char, 4096> piece{};
  for (ssize_t got = 0; (got = recv(fd, piece.data(), piece.size(), 0)) > 0;) {
    rest.append(piece.data(), static_cast<std::size_t>(got));
  }
  return rest;
}

/// What the HTTP server at the socket `path` answers to `request`, a whole one that asks for the
/// end of the connection; if `ends`, nothing more is sent, either.
[[nodiscard]] inline std::string http_answer(const std::string& path, std::string_view request,
                                             bool ends = false) {
  const int fd = connected_to(path);
  EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  if (ends) {
    shutdown(fd, SHUT_WR);
  }
  std::string answer = rest_of(fd);
  close(fd);
  return answer;
}

/// As http_answer(), for `page` of the server.
[[nodiscard]] inline std::string http_get(const std::string& path, std::string_view page,
                                          std::string_view method = "GET") {
  return http_answer(
      path, fmt::format("{} {} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n", method, page));
}

}  // namespace tribar::test
