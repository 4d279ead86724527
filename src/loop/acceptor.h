// SPDX-License-Identifier: MIT
//
// Station 1, accept: waiting connections become transports of the switchboard. Belongs to the
// loop's thread.
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

/// Whoever cannot be accepted yet, for want of a descriptor or because others came first in this
/// second, waits in the kernel and is not polled for meanwhile.
class Acceptor {
 public:
  /// Where connections go, whom their transports report to, and what is put over these, if
  /// anything.
  struct Destination {
    Switchboard& switchboard;
    TransportEvents& events;
    TransportFilter filter;
  };

  Acceptor(uv::Loop& loop, Destination destination, const AcceptorLimits& limits);

  /// Listens on `address` from now on, for peers that speak `protocol`, and returns where, as
  /// HOST:PORT. Throws uv::Error. `is_shared`: others of this process listen there, too.
  [[nodiscard]] std::string listen(const uv::Address& address, bool is_shared, Protocol protocol);

  /// Accepts nothing any more.
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
  uv::Timer pause_;                    // runs while nothing is accepted
  std::uint64_t may_complain_ms_ = 0;  // when a shortage is next logged
};

}  // namespace tribar
