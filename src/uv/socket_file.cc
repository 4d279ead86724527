// SPDX-License-Identifier: MIT
//
// See socket_file.h.
#include "uv/socket_file.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "uv/error.h"

namespace tribar::uv {
namespace {

std::string last_error() { return text_of(uv_translate_sys_error(errno)); }

/// Who listens at the socket that `socket` is connected to, or waits to be.
std::string listener_of([[maybe_unused]] const Socket& socket) {
#if defined(SO_PEERCRED) && defined(__linux__)
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket.fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 &&
      credentials.pid > 0) {
    return fmt::format("process {} listens there", credentials.pid);
  }
#endif
  return "another program listens there";
}

/// What is at a path.
struct Place {
  std::optional<SocketObstacle> obstacle;
  std::optional<struct stat> stale;  // a socket at which nobody listens
};

Place look_at(const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    return errno == ENOENT ? Place{} : Place{SocketObstacle{false, last_error()}, {}};
  }
  if (!S_ISSOCK(found.st_mode)) {
    return {SocketObstacle{false, "what is there is not a socket, and is left alone"}, {}};
  }
  Socket socket;
  socket.fd = open_socket(AF_UNIX);
  const Address address = socket_address(path);
  if (socket.fd < 0) {
    return {SocketObstacle{false, last_error()}, {}};
  }
  if (connect(socket.fd, address.raw(), size_of(address)) == 0) {
    return {SocketObstacle{true, listener_of(socket)}, {}};
  }
  switch (errno) {
    case ECONNREFUSED:
      return {{}, found};
    case ENOENT:  // gone meanwhile
      return {};
    case EAGAIN:  // more wait there than may
    case EINPROGRESS:
      return {SocketObstacle{true, "another program listens there"}, {}};
    case EPROTOTYPE:
      return {SocketObstacle{false, "a socket of another kind is there, and is left alone"}, {}};
    default:
      return {
          SocketObstacle{false, "whether somebody listens there cannot be told: " + last_error()},
          {}};
  }
}

bool is_same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_ctime == b.st_ctime;
}

}  // namespace

Address socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  Address result;
  std::memcpy(&result.storage, &address, sizeof address);
  return result;
}

std::optional<SocketObstacle> find_obstacle(const std::string& path) {
  Place place = look_at(path);
  if (place.obstacle) {
    return place.obstacle;
  }
  const std::string folder = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return SocketObstacle{false, fmt::format("folder {}: {}", folder, last_error())};
  }
  return std::nullopt;
}

SocketFile::SocketFile(const std::string& path, int backlog, mode_t mode)
    : address_(socket_address(path)) {
  const auto refuse = [&](std::string_view why) {
    throw std::runtime_error(
        fmt::format("cannot listen on {}: {}", address_text(address_.raw()), why));
  };
  const Place place = look_at(path);
  if (place.obstacle) {
    refuse(place.obstacle->text);
  }
  struct stat now {};
  if (place.stale && lstat(path.c_str(), &now) == 0 && is_same_file(now, *place.stale) &&
      unlink(path.c_str()) != 0) {
    refuse(fmt::format("nobody listens there, and the socket cannot be removed: {}", last_error()));
  }
  socket_.fd = open_socket(AF_UNIX);
  if (socket_.fd < 0 || bind(socket_.fd, address_.raw(), size_of(address_)) != 0 ||
      lstat(path.c_str(), &now) != 0) {
    refuse(last_error());
  }
  file_.path = path;
  file_.device = now.st_dev;
  file_.inode = now.st_ino;
  // Nobody can connect before it listens, whatever the mode was until then.
  if (chmod(path.c_str(), mode) != 0 || ::listen(socket_.fd, backlog) != 0) {
    refuse(last_error());
  }
}

SocketFile::File::~File() {
  struct stat now {};
  if (!path.empty() && lstat(path.c_str(), &now) == 0 && now.st_dev == device &&
      now.st_ino == inode) {
    // One that stays is replaced at the next start.
    static_cast<void>(unlink(path.c_str()));
  }
}

}  // namespace tribar::uv
