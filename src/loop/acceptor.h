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

/// How many connections may wait to be accepted at one listening socket.
inline constexpr int kListenBacklog = 4096;

struct AcceptorLimits {
  std::uint64_t new_connections_per_second = 0;  // 0: no limit, as for the next
  std::uint64_t handshakes_per_second = 0;       // of filters that have such
  unsigned keepalive_s = 60;                     // see Config::tcp_keepalive_s
};

/// Connections that cannot be accepted yet, because descriptors ran out or this second's limit is
/// reached, wait in the kernel's queue. The listeners are not polled meanwhile.
class Acceptor {
 public:
  /// Where connections go, whom their transports report to, and what is put over every socket, if
  /// anything.
  struct Destination {
    Switchboard& switchboard;
    TransportEvents& events;
    TransportFilter filter;
  };

  Acceptor(uv::Loop& loop, Destination destination, const AcceptorLimits& limits);

  /// What a listener decides for its connections.
  struct ListenerOptions {
    Protocol protocol = Protocol::Zero;
    TransportFilter filter = {};  // over the socket and what is over every one; empty: none
  };

  /// Listens on `address` from now on and returns where, as HOST:PORT. Throws uv::Error.
  /// `is_shared`: others of this process listen there, too.
  [[nodiscard]] std::string listen(const uv::Address& address, bool is_shared,
                                   ListenerOptions options);
  /// The same at a socket together with whoever else listens there; it need not stay open.
  [[nodiscard]] std::string listen(const uv::SharedSocket& socket, ListenerOptions options);

  /// Stops accepting.
  void stop();

 private:
  void accept(uv::Listener& listener, const ListenerOptions& options);
  [[nodiscard]] bool admit(int socket, const ListenerOptions& options);
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
