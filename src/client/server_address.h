// SPDX-License-Identifier: MIT
//
// Where the server is, as a person writes it. Pure.
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

/// Why a text is no address, in words.
struct AddressError {
  std::string text;
  friend bool operator==(const AddressError&, const AddressError&) = default;
};

/// Reads HOST or HOST:PORT. An IPv6 address with a port stands in brackets, without one it may.
[[nodiscard]] Result<ServerAddress, AddressError> parse_server_address(std::string_view text);

/// `address` as parse_server_address() reads it.
[[nodiscard]] std::string to_string(const ServerAddress& address);

}  // namespace tribar
