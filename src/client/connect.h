// SPDX-License-Identifier: MIT
//
// Connects to an address. Blocks until it succeeds or fails.
#pragma once

#include <string>

#include "base/descriptor.h"
#include "base/result.h"
#include "client/server_address.h"

namespace tribar {

/// Why there is no connection: the server, and the error for each of its addresses.
struct ConnectError {
  std::string text;
};

/// Whether nobody outside this machine can read what goes over `socket`, which is connected: a Unix
/// socket, or the loopback interface.
[[nodiscard]] bool reaches_this_machine_only(const Descriptor& socket);

/// Tries every address that `address` resolves to until one accepts the connection. The socket is
/// non-blocking.
[[nodiscard]] Result<Descriptor, ConnectError> connect_to(const ServerAddress& address);

}  // namespace tribar
