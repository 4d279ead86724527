// SPDX-License-Identifier: MIT
//
// The servers: their addresses, and how they are spoken to.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tls/tls_client.h"

namespace tribar::stress {

/// A host and a port as text: "host:9000", "[::1]:9000"; either part may be omitted.
struct HostPort {
  std::string host = "127.0.0.1";
  std::uint16_t port = 9000;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// Parses a HostPort; an error says what is wrong with `text`.
[[nodiscard]] Result<HostPort, std::string> parse_host_port(std::string_view text);

[[nodiscard]] std::string to_text(const HostPort& where);

/// The most servers in a list.
inline constexpr std::size_t kMostServers = 16;

/// Parses one HostPort or several with commas between them, of machines that serve the same
/// accounts.
[[nodiscard]] Result<std::vector<HostPort>, std::string> parse_host_ports(std::string_view text);

/// All of `servers` with commas between them.
[[nodiscard]] std::string to_text(const std::vector<HostPort>& servers);

/// A socket address of any family.
struct Address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// One machine.
struct Place {
  Address address;
  std::string host;  // as it was given: with TLS its certificate must be for that
};

struct Server {
  std::vector<Place> places;  // at least one; when one is lost, the next may have taken over
  std::shared_ptr<const TlsClientContext> tls;  // none: no TLS
};

/// Resolves each of `servers`, at least one, to its first address that accepts a connection; they
/// are spoken to over `tls`, if given. The first place is the first that accepts one, and behind it
/// come the others. An error says which host none could be found for, or why none accepts one.
[[nodiscard]] Result<Server, std::string> find_server(
    const std::vector<HostPort>& servers, std::shared_ptr<const TlsClientContext> tls = {});

/// Whether `server` accepts a connection now. Waits up to 5 s.
[[nodiscard]] bool accepts(const Address& server);

/// The local address for the `nth` connection to `server`. One address has about 28,000 ports, and
/// a used port cannot be reused for a while. So over IPv4 loopback each 5,000 connections get an
/// address of their own: 127.0.0.1, 127.0.0.2 and so on, in a circle. Empty: the system chooses.
[[nodiscard]] Address source_for(const Address& server, std::size_t nth);

}  // namespace tribar::stress
