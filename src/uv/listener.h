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

namespace tribar::uv {

/// An address to listen on, as it was resolved.
struct Address {
  sockaddr_storage storage{};
  [[nodiscard]] const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// Every address that `host` (a number or a name) resolves to, with `port`. Throws Error. Asks the
/// resolver and waits for it: for start-up.
[[nodiscard]] std::vector<Address> resolve(const std::string& host, std::uint16_t port);

/// HOST:PORT, an IPv6 host in brackets.
[[nodiscard]] std::string address_text(const sockaddr* address);

class Listener {
 public:
  /// Binds and listens; `on_connection` is called for each waiting connection, which it must take
  /// with Stream::accept(raw()): until then no other is announced. Throws Error.
  Listener(Loop& loop, const Address& address, int backlog,
           std::function<void(Listener&)> on_connection);

  /// Where it listens, HOST:PORT, with the port that was really taken.
  [[nodiscard]] std::string bound_address() const;

  [[nodiscard]] uv_stream_t* raw() { return reinterpret_cast<uv_stream_t*>(&holder_->handle); }

 private:
  struct Holder {
    uv_tcp_t handle;
    Listener* owner;
  };
  Owned<Holder> holder_;
  std::function<void(Listener&)> on_connection_;
};

}  // namespace tribar::uv
