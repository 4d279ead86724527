// SPDX-License-Identifier: MIT
//
// Sockets that listen, at a TCP address or in the file system, and what accepts their connections
// on a loop: the latter belongs to its loop's thread, all else is for any.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "uv/handle.h"
#include "uv/loop.h"

namespace tribar::uv {

/// An address to listen on, as it was resolved: IPv4, IPv6 or a Unix socket's.
struct Address {
  sockaddr_storage storage{};
  [[nodiscard]] const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  /// Whether it is of this machine and for it only; no for an address of no kind.
  [[nodiscard]] bool is_loopback() const;
};

/// Every address that `host` (numeric or a name) resolves to, with `port`. Throws Error. Blocks
/// while the name is resolved: for start-up only.
[[nodiscard]] std::vector<Address> resolve(const std::string& host, std::uint16_t port);

/// Checks that no other process listens at `address`, and returns it; port 0 is replaced by one
/// that the system chose. Throws Error.
[[nodiscard]] Address probe(const Address& address);

/// Checks whether the process could listen at `address`, without doing so: 0, or a negative uv
/// code.
[[nodiscard]] int try_bind(const Address& address);

/// HOST:PORT, an IPv6 host in brackets; unix:PATH.
[[nodiscard]] std::string address_text(const sockaddr* address);

/// How many bytes of `address` the system is to look at.
[[nodiscard]] socklen_t size_of(const Address& address);

/// A stream's socket that does not block, and that no other program inherits. Negative, with errno,
/// when there is none.
[[nodiscard]] int open_socket(int family);

/// Set on a listening socket, from which accepted ones have them without a call each. What the
/// system does not know is left as it is.
struct SocketOptions {
  unsigned keepalive_s = 0;  // idle time before TCP probes the peer; 0: never
  // the most bytes that may wait in the kernel unsent; 0: the kernel's own limit
  unsigned unsent_bytes = 0;
};

/// A socket that listens, of which each of several listeners polls a duplicate.
struct SharedSocket {
  int fd = -1;  // not owned
  Address address;
};

/// A socket that listens at `address`. `is_shared`: other sockets may be bound to the same address
/// in this way; the kernel distributes connections among them. Accepted sockets have TCP_NODELAY
/// and `options`. Throws Error.
[[nodiscard]] Descriptor listen_at(const Address& address, bool is_shared, int backlog,
                                   const SocketOptions& options);

/// A duplicate of `socket`, which need not stay open. Accepted sockets have TCP_NODELAY and
/// `options`, if it is of TCP. Throws Error.
[[nodiscard]] Descriptor duplicate_of(const SharedSocket& socket, const SocketOptions& options);

/// Where `socket` listens, with the port that was really taken.
[[nodiscard]] Address bound_to(const Descriptor& socket);

class Listener {
 public:
  /// The result of accept().
  struct Waiting {
    enum class Kind {
      Socket,
      None,
      Gone,      // a connection was closed before it was accepted; there may be others
      Shortage,  // no descriptor or memory to accept a connection; it stays in the kernel's queue
    };
    Kind kind = Kind::None;
    int socket = -1;  // owned by the caller
    int code = 0;     // a negative uv code
  };

  /// Accepts the connections of `socket`, which listens, perhaps together with others that have
  /// duplicates of it. `on_connection` is called in every turn in which connections wait. Throws
  /// Error.
  Listener(Loop& loop, Descriptor socket, std::function<void(Listener&)> on_connection);

  /// Where it listens, HOST:PORT, with the port that was really taken; or unix:PATH.
  [[nodiscard]] std::string bound_address() const;

  /// Accepts the next waiting connection.
  [[nodiscard]] Waiting accept() noexcept;

  /// Stops calling back until resume(); connections wait in the kernel's queue.
  void pause() noexcept;
  void resume() noexcept;

  /// Sets `options`, for connections that come from now on; nothing at a Unix socket.
  void set_options(const SocketOptions& options) noexcept;

 private:
  // A plain poll, not libuv's own listening: that takes and closes what it has no descriptor for,
  // and does not return while there is none for that.
  struct Holder {
    uv_poll_t handle;
    Listener* owner;
  };
  Descriptor socket_;  // closed after the handle
  Owned<Holder> holder_;
  std::function<void(Listener&)> on_connection_;
};

}  // namespace tribar::uv
