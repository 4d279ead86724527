// SPDX-License-Identifier: MIT
//
// The addresses of a server, as a user writes them. No side effects.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tribar {

struct ServerAddress {
  enum class Kind { Tcp, Tls, Unix };

  std::string host = "127.0.0.1";  // a name or an address, without brackets
  std::string port = "9000";       // 1..65535
  Kind kind = Kind::Tcp;
  std::string path{};  // of a Unix socket, which has neither host nor port
  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

/// Why a text is not an address, as text.
struct AddressError {
  std::string text;
  friend bool operator==(const AddressError&, const AddressError&) = default;
};

/// Parses HOST[:PORT], tribar://HOST[:PORT], tribars://HOST[:PORT] for TLS, unix:/PATH or
/// tribar+unix:///PATH. An IPv6 address needs brackets if a port follows, or its last part
/// looks like one, otherwise they are optional.
[[nodiscard]] Result<ServerAddress, AddressError> parse_server_address(std::string_view text);

/// The most addresses in a list.
inline constexpr std::size_t kMostServers = 16;

/// Parses one address or several with commas between them, of machines that serve the same
/// accounts. The first must be tried first. Behind one with tribars:// those without a scheme mean
/// TLS, too; TLS for some and none for others is refused. A path with a comma is two addresses.
[[nodiscard]] Result<std::vector<ServerAddress>, AddressError> parse_server_addresses(
    std::string_view text);

/// `address` in a form that parse_server_address() reads; the shortest.
[[nodiscard]] std::string to_string(const ServerAddress& address);

}  // namespace tribar
