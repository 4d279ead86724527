// SPDX-License-Identifier: MIT
//
// A Unix socket in the file system that listens, for the listeners of any loop. One thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "uv/listener.h"
#include "uv/socket.h"

namespace tribar::uv {

/// The address of the Unix socket at `path`, which has 1 to 107 bytes, none of them zero.
[[nodiscard]] Address socket_address(const std::string& path);

/// Why there can be no socket of ours at a path.
struct SocketObstacle {
  bool is_in_use = false;  // somebody listens there
  std::string text;        // for a person, behind a colon
};

/// What keeps a server from listening at `path`, if anything: somebody who listens there, a file
/// that is no socket, or the folder. A socket at which nobody listens is in nobody's way. Changes
/// nothing; whoever listens there sees a connection that ends at once.
[[nodiscard]] std::optional<SocketObstacle> find_obstacle(const std::string& path);

class SocketFile {
 public:
  /// Made for its user and group only.
  static constexpr mode_t kMode = 0660;

  /// Makes the socket, with `mode`, and listens. It takes the place of a socket at which nobody
  /// listens, and of nothing else. Throws std::runtime_error.
  SocketFile(const std::string& path, int backlog, mode_t mode = kMode);
  /// Listens no more, unless a Listener still does, and removes the file, unless another one is
  /// there by now.
  ~SocketFile() = default;
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  [[nodiscard]] int fd() const noexcept { return socket_.fd; }
  /// For listeners, as long as this exists.
  [[nodiscard]] SharedSocket shared() const noexcept { return {socket_.fd, address_}; }
  [[nodiscard]] const Address& address() const noexcept { return address_; }

 private:
  /// The file, from the moment at which it was made.
  struct File {
    File() = default;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File();
    std::string path;  // empty: not made
    dev_t device = 0;
    ino_t inode = 0;
  };

  Address address_;
  Socket socket_;
  File file_;  // gone before the socket, which keeps others from having its inode
};

}  // namespace tribar::uv
