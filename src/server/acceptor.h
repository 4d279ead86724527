// SPDX-License-Identifier: MIT
//
// Station 1, accept: waiting connections become transports of the switchboard. Belongs to the
// loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/switchboard.h"
#include "uv/listener.h"
#include "uv/loop.h"

namespace tribar {

class Acceptor {
 public:
  /// `keepalive_s`: see Config::tcp_keepalive_s. `after_read` is called when a connection was read
  /// from and the switchboard has what came.
  Acceptor(uv::Loop& loop, Switchboard& switchboard, unsigned keepalive_s,
           std::function<void()> after_read);

  /// Listens on `address` from now on and returns where, as HOST:PORT. Throws uv::Error.
  [[nodiscard]] std::string listen(const uv::Address& address);

  /// Accepts nothing any more.
  void stop() { listeners_.clear(); }

 private:
  void accept(uv::Listener& listener);

  uv::Loop& loop_;
  Switchboard& switchboard_;
  unsigned keepalive_s_;
  std::function<void()> after_read_;
  std::vector<std::unique_ptr<uv::Listener>> listeners_;
};

}  // namespace tribar
