// SPDX-License-Identifier: MIT
//
// Station 1, accept: waiting connections become transports of the switchboard. Belongs to the
// loop's thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/switchboard.h"
#include "uv/listener.h"
#include "uv/loop.h"

namespace tribar {

class Acceptor {
 public:
  /// `keepalive_s`: see Config::tcp_keepalive_s.
  Acceptor(uv::Loop& loop, Switchboard& switchboard, unsigned keepalive_s);

  /// Listens on `address` from now on and returns where, as HOST:PORT. Throws uv::Error.
  [[nodiscard]] std::string listen(const uv::Address& address);

  /// Accepts nothing any more.
  void stop() { listeners_.clear(); }

 private:
  void accept(uv::Listener& listener);

  uv::Loop& loop_;
  Switchboard& switchboard_;
  unsigned keepalive_s_;
  std::vector<std::unique_ptr<uv::Listener>> listeners_;
};

}  // namespace tribar
