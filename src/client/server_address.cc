// SPDX-License-Identifier: MIT
//
// See server_address.h.
#include "client/server_address.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>

#include "base/log.h"

namespace tribar {
namespace {

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failure == std::errc() && end == text.data() + text.size() && port != 0;
}

struct Parts {
  std::string_view host;
  std::optional<std::string_view> port;
};

std::optional<Parts> cut(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view host = text.substr(1, bracket - 1);
    const std::string_view rest = text.substr(bracket + 1);
    if (rest.empty()) {
      return Parts{host, std::nullopt};
    }
    return rest[0] == ':' ? std::optional(Parts{host, rest.substr(1)}) : std::nullopt;
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return Parts{text, std::nullopt};
  }
  return Parts{text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

Result<ServerAddress, AddressError> parse_server_address(std::string_view text) {
  const auto parts = cut(text);
  if (!parts || parts->host.empty() || parts->host.find_first_of("[]") != std::string_view::npos) {
    return AddressError{fmt::format("{}: not of the form HOST[:PORT]", log::escaped(text))};
  }
  ServerAddress address;
  address.host = parts->host;
  if (parts->port) {
    if (!is_port(*parts->port)) {
      return AddressError{fmt::format("{}: the port must be 1..65535", log::escaped(text))};
    }
    address.port = *parts->port;
  }
  return address;
}

std::string to_string(const ServerAddress& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? fmt::format("[{}]", address.host) : address.host;
  return fmt::format("{}:{}", host, address.port);
}

}  // namespace tribar
