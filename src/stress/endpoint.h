// SPDX-License-Identifier: MIT
//
// Where the server is.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tribar::stress {

/// A host and a port in words: "host:9000", "[::1]:9000"; either part may be left out.
struct HostPort {
  std::string host = "127.0.0.1";
  std::uint16_t port = 9000;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// Reads HostPort; an error says what is wrong with `text`.
[[nodiscard]] Result<HostPort, std::string> parse_host_port(std::string_view text);

[[nodiscard]] std::string to_text(const HostPort& where);

/// A socket address of any family.
struct Address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// Looks `where` up: the first address that accepts a connection. An error says who and why.
[[nodiscard]] Result<Address, std::string> find_server(const HostPort& where);

/// Whether `server` takes a connection now. Waits for 5 s at most.
[[nodiscard]] bool accepts(const Address& server);

/// Where the `nth` connection to `server` starts from. One address has some 28,000 ports, and one
/// that was used rests for a while; so over IPv4 loopback each 5,000 connections start from an
/// address of their own: 127.0.0.1, 127.0.0.2 and so on, around. Empty: the system chooses.
[[nodiscard]] Address source_for(const Address& server, std::size_t nth);

}  // namespace tribar::stress
