// SPDX-License-Identifier: MIT
//
// See server_address.h.
#include "client/server_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

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

bool has_two_colons(std::string_view text) { return text.find(':') != text.rfind(':'); }

/// What of an address a mistake shows: enough for most names, and short when it is all escaped.
std::string shown(std::string_view text) {
  constexpr std::size_t kMostShownBytes = 64;
  return log::escaped(text, kMostShownBytes);
}

/// Whether `text` can be a network interface's name, as in fe80::1%eth0.
bool is_zone(std::string_view text) {
  return !text.empty() && text.size() < IF_NAMESIZE &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != '/'; });
}

/// Whether `text` is an IPv6 address, which may have a zone.
bool is_ipv6(std::string_view text) {
  in6_addr address{};
  const std::string number(text.substr(0, text.find('%')));
  return ::inet_pton(AF_INET6, number.c_str(), &address) == 1 &&
         (number.size() == text.size() || is_zone(text.substr(number.size() + 1)));
}

/// Why a host with more than one colon and no brackets is none, if so: "::1:9000" is an address,
/// but hardly the one that is meant.
std::optional<std::string> why_not_ipv6(std::string_view host) {
  const std::string_view first = host.substr(0, host.rfind(':'));
  const std::string_view last = host.substr(first.size() + 1);
  if (is_port(last) && is_ipv6(first)) {
    return fmt::format("write [{}]:{} for port {}, or [{}] if that is the whole address", first,
                       last, last, host);
  }
  return is_ipv6(host) ? std::nullopt
                       : std::optional<std::string>(
                             "with more than one colon it must be an IPv6 address, as in ::1 or "
                             "[::1]:9000");
}

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
  if (colon == std::string_view::npos || has_two_colons(text)) {
    return Parts{text, std::nullopt};
  }
  return Parts{text.substr(0, colon), text.substr(colon + 1)};
}

AddressError refusal_of(std::string_view text, std::string_view why) {
  return AddressError{fmt::format("{}: {}", shown(text), why)};
}

/// Cuts `scheme` off the front of `text`, if it is there.
bool take(std::string_view& text, std::string_view scheme) {
  const bool is_there = text.starts_with(scheme);
  text.remove_prefix(is_there ? scheme.size() : 0);
  return is_there;
}

constexpr std::string_view kTcp = "tribar://";
constexpr std::string_view kTls = "tribars://";
constexpr std::string_view kUnix = "tribar+unix://";
constexpr std::string_view kShortUnix = "unix:";

}  // namespace

Result<ServerAddress, AddressError> parse_server_address(std::string_view text) {
  const auto refused = [text](std::string_view why) { return refusal_of(text, why); };
  ServerAddress address;
  std::string_view rest = text;
  if (take(rest, kUnix) || (text.starts_with("unix:/") && take(rest, kShortUnix))) {
    if (!rest.starts_with('/')) {
      return refused("a socket's path must begin with /, as in unix:/run/tribar.sock");
    }
    return ServerAddress{
        .host = "", .port = "", .kind = ServerAddress::Kind::Unix, .path = std::string(rest)};
  }
  if (take(rest, kTls)) {
    address.kind = ServerAddress::Kind::Tls;
  }
  const bool has_scheme = rest.size() < text.size() || take(rest, kTcp);
  if (!has_scheme && rest.find("://") != std::string_view::npos) {
    const std::string_view server = rest.substr(rest.find("://") + 3);
    return refused(
        fmt::format("it must begin with tribars://, tribar://, tribar+unix:// or nothing of that; "
                    "for TLS, say, "
                    "tribars://{}",
                    shown(server.substr(0, server.find('/')))));
  }
  if (has_scheme && rest.ends_with('/')) {
    rest.remove_suffix(1);
  }
  const auto parts = cut(rest);
  if (!parts || parts->host.empty() || parts->host.find_first_of("[]/") != std::string_view::npos) {
    return refused("not of the form HOST[:PORT]");
  }
  if (!parts->port && has_two_colons(parts->host)) {
    const bool has_brackets = rest.starts_with('[');
    if (auto why = has_brackets ? std::nullopt : why_not_ipv6(parts->host)) {
      return refused(*why);
    }
  }
  address.host = parts->host;
  if (parts->port) {
    if (!is_port(*parts->port)) {
      return refused("the port must be 1..65535");
    }
    address.port = *parts->port;
  }
  return address;
}

Result<std::vector<ServerAddress>, AddressError> parse_server_addresses(std::string_view text) {
  using Kind = ServerAddress::Kind;
  const auto refused = [text](std::string_view why) { return refusal_of(text, why); };
  if (std::count(text.begin(), text.end(), ',') >= static_cast<std::ptrdiff_t>(kMostServers)) {
    return refused(fmt::format("at most {} addresses are allowed", kMostServers));
  }
  std::vector<ServerAddress> all;
  for (std::string_view rest = text;;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view one = rest.substr(0, comma);
    if (one.empty() && one.size() < text.size()) {
      return refused("an address is missing beside a comma");
    }
    auto address = parse_server_address(one);
    if (!address) {
      return address.error();
    }
    all.push_back(std::move(address.value()));
    const bool has_scheme = one.find("://") != std::string_view::npos;
    if (all.front().kind == Kind::Tls && all.back().kind == Kind::Tcp && !has_scheme) {
      all.back().kind = Kind::Tls;
    }
    if ((all.back().kind == Kind::Tls) != (all.front().kind == Kind::Tls)) {
      return refused("either all addresses must be for TLS, tribars://, or none");
    }
    if (comma == rest.size()) {
      return all;
    }
    rest.remove_prefix(comma + 1);
  }
}

std::string to_string(const ServerAddress& address) {
  if (address.kind == ServerAddress::Kind::Unix) {
    return fmt::format("{}{}", kShortUnix, address.path);
  }
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? fmt::format("[{}]", address.host) : address.host;
  return fmt::format("{}{}:{}", address.kind == ServerAddress::Kind::Tls ? kTls : "", host,
                     address.port);
}

}  // namespace tribar
