// SPDX-License-Identifier: MIT
//
// The addresses of a host, looked up while the caller goes on: the system's own look-up can take
// minutes and cannot be stopped.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"

namespace tribar {

/// An address of any family, for connect(2).
struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

/// The addresses of a host, in the order in which they should be tried; none: `error` says why.
struct Resolved {
  std::vector<SocketAddress> addresses{};
  std::string error{};
};

/// Looks `host`, a name or an address, and `port`, a number, up with getaddrinfo(3). Blocks while
/// that does; any thread.
[[nodiscard]] Resolved resolve(const std::string& host, const std::string& port);

/// The same for an address that needs no look-up, such as 127.0.0.1 or ::1; none if `host` is a
/// name. Never blocks.
[[nodiscard]] std::optional<Resolved> resolve_number(const std::string& host,
                                                     const std::string& port);

/// One look-up on a thread of its own. That thread is never waited for: it ends with its look-up,
/// or with the program. Signals are handled on other threads.
class Lookup {
 public:
  using Function = std::function<Resolved(const std::string& host, const std::string& port)>;

  /// Starts it. `function` is what it calls, such as resolve(); it owns all that it needs.
  Lookup(const Function& function, const std::string& host, const std::string& port);

  /// Becomes readable when take() has a result.
  [[nodiscard]] int fd() const { return done_.get(); }

  /// The result, once; none while there is none yet.
  [[nodiscard]] std::optional<Resolved> take();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  Descriptor done_;
};

}  // namespace tribar
