// SPDX-License-Identifier: MIT
//
// Listens on a TCP address and accepts connections. Belongs to its loop's thread.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "uv/handle.h"
#include "uv/loop.h"
#include "uv/socket.h"

namespace tribar::uv {

/// A resolved address to listen on.
struct Address {
  sockaddr_storage storage{};
  [[nodiscard]] const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  /// Whether only this machine can connect to it.
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

/// The address as HOST:PORT, with brackets around an IPv6 host.
[[nodiscard]] std::string address_text(const sockaddr* address);

/// Options that are set on a listening socket; accepted sockets inherit them, which saves a call
/// each. Options that the system does not support are ignored.
struct SocketOptions {
  unsigned keepalive_s = 0;  // idle time before TCP probes the peer; 0: never
  // the most bytes that may wait in the kernel unsent; 0: the kernel's own limit
  unsigned unsent_bytes = 0;
};

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

  /// Binds and listens. `is_shared`: other sockets may be bound to the same address in this way;
  /// the kernel distributes connections among them. Accepted sockets have TCP_NODELAY and
  /// `options`. `on_connection` is called in every turn in which connections wait. Throws Error.
  Listener(Loop& loop, const Address& address, bool is_shared, int backlog,
           const SocketOptions& options, std::function<void(Listener&)> on_connection);

  /// Where it listens, as HOST:PORT, with the actual port.
  [[nodiscard]] std::string bound_address() const;

  /// Accepts the next waiting connection.
  [[nodiscard]] Waiting accept() noexcept;

  /// Stops calling back until resume(); connections wait in the kernel's queue.
  void pause() noexcept;
  void resume() noexcept;

 private:
  // Uses a poll handle instead of uv_listen: when descriptors run out, libuv's own listener accepts
  // and closes waiting connections, and does not return while that fails too.
  struct Holder {
    uv_poll_t handle;
    Listener* owner;
  };
  Socket socket_;  // closed after the handle
  Owned<Holder> holder_;
  std::function<void(Listener&)> on_connection_;
};

}  // namespace tribar::uv
