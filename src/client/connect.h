// SPDX-License-Identifier: MIT
//
// The way from an address to a socket. Blocks until it is found or not.
#pragma once

#include <string>

#include "base/descriptor.h"
#include "base/result.h"
#include "client/server_address.h"

namespace tribar {

/// Why there is no connection: who, and what each of its addresses said.
struct ConnectError {
  std::string text;
};

/// Tries every address that `address` resolves to until one takes the connection. The socket does
/// not block.
[[nodiscard]] Result<Descriptor, ConnectError> connect_to(const ServerAddress& address);

}  // namespace tribar
