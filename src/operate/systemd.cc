// SPDX-License-Identifier: MIT
//
// See service.h: with libsystemd.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "operate/service.h"

namespace tribar {
namespace {

/// Best effort: a service manager that does not listen must not keep the server from serving.
void tell(const std::string& state) { static_cast<void>(sd_notify(0, state.c_str())); }

/// A status is one line.
std::string line_of(const std::string& text) {
  std::string line = text;
  for (char& c : line) {
    c = c == '\n' ? ' ' : c;
  }
  return line;
}

}  // namespace

namespace service {

void tell_ready(const std::string& status) {
  tell(fmt::format("READY=1\nSTATUS={}", line_of(status)));
}

void tell_reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=Reading the settings again",
                   now.tv_sec * 1'000'000 + now.tv_nsec / 1000));
}

void tell_stopping() { tell("STOPPING=1\nSTATUS=Stopping"); }

void tell_status(const std::string& status) { tell(fmt::format("STATUS={}", line_of(status))); }

void tell_alive() { tell("WATCHDOG=1"); }

}  // namespace service

Result<std::vector<uv::SharedSocket>, std::string> take_passed_sockets() {
  const int count = sd_listen_fds(1);
  if (count < 0) {
    return fmt::format("the sockets that the service manager passes cannot be used: {}",
                       std::strerror(-count));
  }
  std::vector<uv::SharedSocket> sockets;
  for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; ++fd) {
    uv::SharedSocket socket{fd, {}};
    socklen_t size = sizeof socket.address.storage;
    if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
        getsockname(fd, reinterpret_cast<sockaddr*>(&socket.address.storage), &size) != 0) {
      return fmt::format(
          "descriptor {}, which the service manager passes, is no stream socket that listens", fd);
    }
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
      return fmt::format("descriptor {}, which the service manager passes, cannot be used: {}", fd,
                         std::strerror(errno));
    }
    sockets.push_back(socket);
  }
  return sockets;
}

bool has_service_manager() { return true; }

std::optional<std::chrono::microseconds> watchdog_interval() {
  std::uint64_t us = 0;
  if (sd_watchdog_enabled(0, &us) <= 0) {
    return std::nullopt;
  }
  return std::chrono::microseconds(us);
}

}  // namespace tribar
