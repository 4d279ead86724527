// SPDX-License-Identifier: MIT
//
// Station 1, accept: accepts connections and gives them to the switchboard as transports. Belongs
// to the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop/switchboard.h"
#include "loop/token_bucket.h"
#include "uv/listener.h"
#include "uv/loop.h"
#include "uv/timer.h"

namespace tribar {

struct AcceptorLimits {
  std::uint64_t new_connections_per_second = 0;  // 0: no limit
  unsigned keepalive_s = 60;                     // see Config::tcp_keepalive_s
};

/// Connections that cannot be accepted yet, because descriptors ran out or this second's limit is
/// reached, wait in the kernel's queue. The listeners are not polled meanwhile.
class Acceptor {
 public:
  /// Where accepted connections go: the switchboard, the receiver of their transports' events, and
  /// an optional filter over each transport.
  struct Destination {
    Switchboard& switchboard;
    TransportEvents& events;
    TransportFilter filter;
  };

  Acceptor(uv::Loop& loop, Destination destination, const AcceptorLimits& limits);

  /// Starts to listen on `address` for peers that speak `protocol`; returns the actual address as
  /// HOST:PORT. Throws uv::Error. `is_shared`: other loops of this process listen there too.
  [[nodiscard]] std::string listen(const uv::Address& address, bool is_shared, Protocol protocol);

  /// Stops accepting.
  void stop();

 private:
  void accept(uv::Listener& listener, Protocol protocol);
  [[nodiscard]] bool admit(int socket, Protocol protocol);
  void pause(std::uint64_t ms);
  void resume();
  void note_shortage(int code);

  uv::Loop& loop_;
  Destination destination_;
  AcceptorLimits limits_;
  TokenBucket pace_;
  std::vector<std::unique_ptr<uv::Listener>> listeners_;
  uv::Timer pause_;                    // runs while accepting is paused
  std::uint64_t next_warning_ms_ = 0;  // when a shortage may next be logged
};

}  // namespace tribar
