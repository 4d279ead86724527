// SPDX-License-Identifier: MIT
//
// The server's address, as a user writes it. No side effects.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tribar {

struct ServerAddress {
  std::string host = "127.0.0.1";  // a name or an address, without brackets
  std::string port = "9000";       // 1..65535
  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

/// Why a text is not an address, as text.
struct AddressError {
  std::string text;
  friend bool operator==(const AddressError&, const AddressError&) = default;
};

/// Parses HOST or HOST:PORT. An IPv6 address needs brackets if a port follows, otherwise they are
/// optional.
[[nodiscard]] Result<ServerAddress, AddressError> parse_server_address(std::string_view text);

/// `address` in the form that parse_server_address() reads.
[[nodiscard]] std::string to_string(const ServerAddress& address);

}  // namespace tribar
