// SPDX-License-Identifier: MIT
//
// See endpoint.h.
#include "stress/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "base/log.h"

namespace tribar::stress {
namespace {

constexpr std::size_t kPerSource = 5'000;
constexpr std::size_t kSources = 100;
constexpr timeval kConnectTimeout{.tv_sec = 5, .tv_usec = 0};

/// Tries to connect; returns 0 or an errno.
int try_connect(const Address& address) {
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return errno;
  }
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kConnectTimeout, sizeof kConnectTimeout);
  int error = connect(fd, address.get(), address.bytes) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    error = ETIMEDOUT;  // the error of a blocking connect that times out
  }
  ::close(fd);
  return error;
}

}  // namespace

Result<HostPort, std::string> parse_host_port(std::string_view text) {
  HostPort where;
  std::string_view port;
  const bool is_bracketed = text.starts_with('[');
  const std::size_t bracket = is_bracketed ? text.find(']') : std::string_view::npos;
  if (is_bracketed && bracket == std::string_view::npos) {
    return fmt::format("'{}': the '[' is not closed", log::escaped(text));
  }
  const std::size_t colon = text.find(':', is_bracketed ? bracket : 0);
  std::string_view host = text.substr(0, colon);
  if (is_bracketed) {
    if (host.back() != ']') {
      return fmt::format("'{}': only a ':' may follow the ']'", log::escaped(text));
    }
    host = host.substr(1, host.size() - 2);
  } else if (colon != text.rfind(':')) {
    return fmt::format("'{}': write an IPv6 address as [address]:port", log::escaped(text));
  }
  if (host.find_first_of("[]") != std::string_view::npos) {
    return fmt::format("'{}': a host has no brackets", log::escaped(text));
  }
  if (!host.empty()) {
    where.host = host;
  }
  if (colon != std::string_view::npos) {
    port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), where.port);
    if (error != std::errc{} || end != port.data() + port.size() || where.port == 0) {
      return fmt::format("'{}': a port is 1..65535", log::escaped(text));
    }
  }
  return where;
}

std::string to_text(const HostPort& where) {
  const bool is_v6 = where.host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", where.host, where.port)
               : fmt::format("{}:{}", where.host, where.port);
}

Result<std::vector<HostPort>, std::string> parse_host_ports(std::string_view text) {
  std::vector<HostPort> servers;
  for (std::string_view rest = text;;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view one = rest.substr(0, comma);
    if (one.empty() && one.size() < text.size()) {
      return fmt::format("'{}': an address is missing beside a comma", log::escaped(text));
    }
    auto where = parse_host_port(one);
    if (!where) {
      return where.error();
    }
    if (servers.size() == kMostServers) {
      return fmt::format("'{}': at most {} addresses are allowed", log::escaped(text),
                         kMostServers);
    }
    servers.push_back(std::move(where.value()));
    if (comma == rest.size()) {
      return servers;
    }
    rest.remove_prefix(comma + 1);
  }
}

std::string to_text(const std::vector<HostPort>& servers) {
  std::string text;
  for (const HostPort& where : servers) {
    text += (text.empty() ? "" : ",") + to_text(where);
  }
  return text;
}

namespace {

struct Found {
  Place place;
  int error = 0;  // why it accepts no connection; 0: it does
};

Result<Found, std::string> find_place(const HostPort& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = fmt::format("{}", where.port);
  const int status = getaddrinfo(where.host.c_str(), port.c_str(), &hints, &found);
  if (status != 0) {
    return fmt::format("{}: {}", to_text(where), gai_strerror(status));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  Found result{{{}, where.host}, EHOSTUNREACH};
  for (const addrinfo* at = found; at != nullptr && result.error != 0; at = at->ai_next) {
    std::memcpy(&result.place.address.storage, at->ai_addr, at->ai_addrlen);
    result.place.address.bytes = at->ai_addrlen;
    result.error = try_connect(result.place.address);
  }
  return result;
}

}  // namespace

Result<Server, std::string> find_server(const std::vector<HostPort>& servers,
                                        std::shared_ptr<const TlsClientContext> tls) {
  Server server{{}, std::move(tls)};
  std::string reasons;
  std::optional<std::size_t> first;
  for (const HostPort& where : servers) {
    auto found = find_place(where);
    if (!found) {
      return found.error();
    }
    if (found.value().error == 0 && !first) {
      first = server.places.size();
    }
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", to_text(where),
                           std::strerror(found.value().error));
    server.places.push_back(std::move(found.value().place));
  }
  if (!first) {
    return reasons;
  }
  std::rotate(server.places.begin(), server.places.begin() + static_cast<std::ptrdiff_t>(*first),
              server.places.end());
  return server;
}

bool accepts(const Address& server) { return try_connect(server) == 0; }

Address source_for(const Address& server, std::size_t nth) {
  Address source;
  const std::size_t place = nth / kPerSource % kSources;
  if (server.storage.ss_family != AF_INET || place == 0) {
    return source;
  }
  sockaddr_in to{};
  std::memcpy(&to, &server.storage, sizeof to);
  if (ntohl(to.sin_addr.s_addr) >> 24 != 127) {
    return source;
  }
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(place));
  std::memcpy(&source.storage, &from, sizeof from);
  source.bytes = sizeof from;
  return source;
}

}  // namespace tribar::stress
