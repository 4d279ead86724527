// SPDX-License-Identifier: MIT
//
// A TCP address that connections are accepted on. Belongs to its loop's thread.
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

/// An address to listen on, as it was resolved.
struct Address {
  sockaddr_storage storage{};
  [[nodiscard]] const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  /// Whether only this machine can connect to it.
  [[nodiscard]] bool is_loopback() const;
};

/// Every address that `host` (a number or a name) resolves to, with `port`. Throws Error. Asks the
/// resolver and waits for it: for start-up.
[[nodiscard]] std::vector<Address> resolve(const std::string& host, std::uint16_t port);

/// `address`, with the port that the system chose if it had none, when nobody listens there. Throws
/// Error.
[[nodiscard]] Address probe(const Address& address);

/// Whether one could listen at `address`, without listening: 0, or a negative uv code.
[[nodiscard]] int try_bind(const Address& address);

/// HOST:PORT, an IPv6 host in brackets.
[[nodiscard]] std::string address_text(const sockaddr* address);

/// Set on a listening socket, from which accepted ones have them without a call each. What the
/// system does not know is left as it is.
struct SocketOptions {
  unsigned keepalive_s = 0;   // silence before TCP asks whether the peer is there; 0: never
  unsigned unsent_bytes = 0;  // what may wait in the kernel unsent; 0: whatever it likes
};

class Listener {
 public:
  /// What accept() found.
  struct Waiting {
    enum class Kind {
      Socket,
      None,
      Gone,      // one that is gone again; there may be others
      Shortage,  // one that stays where it is: there is no descriptor or memory for it
    };
    Kind kind = Kind::None;
    int socket = -1;  // the caller's
    int code = 0;     // a negative uv code
  };

  /// Binds and listens; with `is_shared` beside other sockets that were bound so, to which the
  /// kernel deals connections out. Connections have TCP_NODELAY and `options`. `on_connection` is
  /// called in every turn in which connections wait. Throws Error.
  Listener(Loop& loop, const Address& address, bool is_shared, int backlog,
           const SocketOptions& options, std::function<void(Listener&)> on_connection);

  /// Where it listens, HOST:PORT, with the port that was really taken.
  [[nodiscard]] std::string bound_address() const;

  /// Takes the next connection that waits.
  [[nodiscard]] Waiting accept() noexcept;

  /// Calls back no more until resume(); who comes waits in the kernel.
  void pause() noexcept;
  void resume() noexcept;

 private:
  // A plain poll, not libuv's own listening: that takes and closes what it has no descriptor for,
  // and does not return while there is none for that.
  struct Holder {
    uv_poll_t handle;
    Listener* owner;
  };
  Socket socket_;  // closed after the handle
  Owned<Holder> holder_;
  std::function<void(Listener&)> on_connection_;
};

}  // namespace tribar::uv
