// SPDX-License-Identifier: MIT
//
// See session_log.h.
#include "loop/session_log.h"

#include <fmt/format.h>

#include <string>

#include "base/log.h"

namespace tribar {
namespace {

constexpr std::string_view kSubject = "sessions";
constexpr std::size_t kCame = 0;
constexpr std::size_t kLeft = 1;

}  // namespace

void SessionLog::came(std::string_view name, PeerNetwork network, const Transport& transport,
                      Protocol protocol) {
  if (!log::is_on(log::Level::Info) || !limit_.take(network, kCame)) {
    return;
  }
  const std::string address = transport.peer();
  const std::uint64_t number = protocol == Protocol::One ? 1 : 0;
  log::write(log::Level::Info, kSubject,
             fmt::format("{} logged in from {}, protocol {}{}", name, address, number,
                         transport.is_encrypted() ? ", TLS" : ""),
             {{"event", "login"},
              {"name", name},
              {"address", address},
              {"protocol", number},
              {"tls", transport.is_encrypted()}});
}

void SessionLog::left(std::string_view name, PeerNetwork network, std::string_view reason) {
  if (log::is_on(log::Level::Info) && limit_.take(network, kLeft)) {
    log::write(log::Level::Info, kSubject, fmt::format("{} left: {}", name, reason),
               {{"event", "left"}, {"name", name}, {"reason", reason}});
  }
}

void SessionLog::report(const LineLimit::Omitted& omitted) {
  if (!log::is_on(log::Level::Info)) {
    return;
  }
  const auto [came, left] = omitted.of_kind;
  const std::string address = omitted.network ? text_of(*omitted.network) : "other addresses";
  log::write(log::Level::Info, kSubject,
             fmt::format("{} more logged in and {} more left, from {} {}", came, left, address,
                         omitted.when()),
             {{"event", "omitted"},
              {"address", address},
              {"logins", came},
              {"left", left},
              {"ms", omitted.elapsed_ms}});
}

}  // namespace tribar
