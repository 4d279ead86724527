// SPDX-License-Identifier: MIT
//
// See config_table.h.
#include "config/config_table.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "base/edit_distance.h"

namespace tribar {
namespace {

constexpr std::uint64_t kTwoTo20 = std::uint64_t{1} << 20;
constexpr std::uint64_t kTwoTo30 = std::uint64_t{1} << 30;
constexpr std::uint64_t kTwoTo31 = std::uint64_t{1} << 31;
constexpr std::uint64_t kTwoTo40 = std::uint64_t{1} << 40;

// clang-format off
constexpr std::array kRows{
    ConfigRow{"listen", [](Config& c) -> ConfigMember { return &c.listen; }, {1, 64}, Reload::Live},
    ConfigRow{"workers", [](Config& c) -> ConfigMember { return &c.workers; }, {0, 64}, Reload::Restart},
    ConfigRow{"io_loops", [](Config& c) -> ConfigMember { return &c.io_loops; }, {1, 64}, Reload::Restart},
    ConfigRow{"role", [](Config& c) -> ConfigMember { return &c.role; }, {}, Reload::Restart},
    ConfigRow{"advertise", [](Config& c) -> ConfigMember { return &c.advertise; }, {0, 263}, Reload::Restart},
    ConfigRow{"standby_listeners", [](Config& c) -> ConfigMember { return &c.standby_listeners; }, {}, Reload::Restart},

    ConfigRow{"limits.connections", [](Config& c) -> ConfigMember { return &c.limits.connections; }, {1, 1'000'000}, Reload::Live},
    ConfigRow{"limits.connections_per_address", [](Config& c) -> ConfigMember { return &c.limits.connections_per_address; }, {0, 1'000'000}, Reload::Live},
    ConfigRow{"limits.new_connections_per_second", [](Config& c) -> ConfigMember { return &c.limits.new_connections_per_second; }, {0, 1'000'000}, Reload::Live},
    ConfigRow{"limits.handshakes_per_second", [](Config& c) -> ConfigMember { return &c.limits.handshakes_per_second; }, {0, 1'000'000}, Reload::Live},
    ConfigRow{"limits.commands_per_second", [](Config& c) -> ConfigMember { return &c.limits.commands_per_second; }, {0, 1'000'000}, Reload::Live},
    ConfigRow{"limits.accounts", [](Config& c) -> ConfigMember { return &c.limits.accounts; }, {1, 100'000'000}, Reload::Live},
    ConfigRow{"limits.username_bytes", [](Config& c) -> ConfigMember { return &c.limits.username_bytes; }, {1, 1024}, Reload::Live},
    ConfigRow{"limits.frame_bytes", [](Config& c) -> ConfigMember { return &c.limits.frame_bytes; }, {1024, kTwoTo30}, Reload::Live},
    ConfigRow{"limits.in_flight_commands", [](Config& c) -> ConfigMember { return &c.limits.in_flight_commands; }, {1, 65536}, Reload::Live},
    ConfigRow{"limits.in_flight_bytes", [](Config& c) -> ConfigMember { return &c.limits.in_flight_bytes; }, {1024, kTwoTo30}, Reload::Live},
    ConfigRow{"limits.outbox_bytes", [](Config& c) -> ConfigMember { return &c.limits.outbox_bytes; }, {4096, kTwoTo30}, Reload::Live},
    ConfigRow{"limits.undelivered_messages", [](Config& c) -> ConfigMember { return &c.limits.undelivered_messages; }, {1, kTwoTo40}, Reload::Live},
    ConfigRow{"limits.undelivered_bytes", [](Config& c) -> ConfigMember { return &c.limits.undelivered_bytes; }, {4096, kTwoTo40}, Reload::Live},
    ConfigRow{"limits.queued_bytes", [](Config& c) -> ConfigMember { return &c.limits.queued_bytes; }, {kTwoTo20, kTwoTo40}, Reload::Live},
    ConfigRow{"limits.buffered_bytes", [](Config& c) -> ConfigMember { return &c.limits.buffered_bytes; }, {kTwoTo20, kTwoTo40}, Reload::Live},
    ConfigRow{"limits.list_names", [](Config& c) -> ConfigMember { return &c.limits.list_names; }, {1, 100'000'000}, Reload::Live},

    ConfigRow{"timeouts.login_ms", [](Config& c) -> ConfigMember { return &c.timeouts.login_ms; }, {0, kTwoTo31}, Reload::Live},
    ConfigRow{"timeouts.frame_ms", [](Config& c) -> ConfigMember { return &c.timeouts.frame_ms; }, {0, kTwoTo31}, Reload::Live},
    ConfigRow{"timeouts.stalled_ms", [](Config& c) -> ConfigMember { return &c.timeouts.stalled_ms; }, {0, kTwoTo31}, Reload::Live},
    ConfigRow{"timeouts.idle_ms", [](Config& c) -> ConfigMember { return &c.timeouts.idle_ms; }, {0, kTwoTo31}, Reload::Live},
    ConfigRow{"timeouts.shutdown_ms", [](Config& c) -> ConfigMember { return &c.timeouts.shutdown_ms; }, {0, kTwoTo31}, Reload::Live},
    ConfigRow{"timeouts.takeover_ms", [](Config& c) -> ConfigMember { return &c.timeouts.takeover_ms; }, {500, 60'000}, Reload::Restart},

    ConfigRow{"storage.engine", [](Config& c) -> ConfigMember { return &c.storage.engine; }, {}, Reload::Restart},
    ConfigRow{"storage.path", [](Config& c) -> ConfigMember { return &c.storage.path; }, {0, 4096}, Reload::Restart},
    ConfigRow{"storage.connection", [](Config& c) -> ConfigMember { return &c.storage.connection; }, {0, 4096}, Reload::Restart, true},
    ConfigRow{"storage.sync", [](Config& c) -> ConfigMember { return &c.storage.sync; }, {}, Reload::Restart},

    ConfigRow{"tls.certificate", [](Config& c) -> ConfigMember { return &c.tls.certificate; }, {0, 4096}, Reload::NewConnections},
    ConfigRow{"tls.key", [](Config& c) -> ConfigMember { return &c.tls.key; }, {0, 4096}, Reload::NewConnections},
    ConfigRow{"tls.client_ca", [](Config& c) -> ConfigMember { return &c.tls.client_ca; }, {0, 4096}, Reload::NewConnections},
    ConfigRow{"tls.client_crl", [](Config& c) -> ConfigMember { return &c.tls.client_crl; }, {0, 4096}, Reload::NewConnections},
    ConfigRow{"tls.client_certificates", [](Config& c) -> ConfigMember { return &c.tls.client_certificates; }, {}, Reload::NewConnections},
    ConfigRow{"tls.certificate_names", [](Config& c) -> ConfigMember { return &c.tls.certificate_names; }, {}, Reload::NewConnections},
    ConfigRow{"tls.min_version", [](Config& c) -> ConfigMember { return &c.tls.min_version; }, {}, Reload::NewConnections},

    ConfigRow{"secrets.policy", [](Config& c) -> ConfigMember { return &c.secrets.policy; }, {}, Reload::Live},
    ConfigRow{"secrets.threads", [](Config& c) -> ConfigMember { return &c.secrets.threads; }, {0, 64}, Reload::Live},

    ConfigRow{"allow_clear_secrets", [](Config& c) -> ConfigMember { return &c.allow_clear_secrets; }, {}, Reload::NewConnections},
    ConfigRow{"tcp_keepalive_s", [](Config& c) -> ConfigMember { return &c.tcp_keepalive_s; }, {0, 32767}, Reload::NewConnections},
    ConfigRow{"metrics", [](Config& c) -> ConfigMember { return &c.metrics; }, {}, Reload::Restart},
    ConfigRow{"control.socket", [](Config& c) -> ConfigMember { return &c.control.socket; }, {0, 107}, Reload::Restart},

    ConfigRow{"log.level", [](Config& c) -> ConfigMember { return &c.log.level; }, {}, Reload::Live},
    ConfigRow{"log.format", [](Config& c) -> ConfigMember { return &c.log.format; }, {}, Reload::Live},
    ConfigRow{"log.file", [](Config& c) -> ConfigMember { return &c.log.file; }, {1, 4096}, Reload::Live},
};
// clang-format on

constexpr std::array kLevels{
    NamedValue<log::Level>{"error", log::Level::Error},
    NamedValue<log::Level>{"warn", log::Level::Warn},
    NamedValue<log::Level>{"info", log::Level::Info},
    NamedValue<log::Level>{"debug", log::Level::Debug},
};
constexpr std::array kFormats{
    NamedValue<log::Format>{"text", log::Format::Text},
    NamedValue<log::Format>{"json", log::Format::Json},
};

constexpr std::array kEngines{
    NamedValue<StorageEngine>{"memory", StorageEngine::Memory},
    NamedValue<StorageEngine>{"sqlite", StorageEngine::Sqlite},
    NamedValue<StorageEngine>{"postgresql", StorageEngine::Postgresql},
};
constexpr std::array kSyncs{
    NamedValue<StorageSync>{"full", StorageSync::Full},
    NamedValue<StorageSync>{"normal", StorageSync::Normal},
};

constexpr std::array kRoles{
    NamedValue<ServerRole>{"automatic", ServerRole::Automatic},
    NamedValue<ServerRole>{"alone", ServerRole::Alone},
};
constexpr std::array kStandbyListeners{
    NamedValue<StandbyListeners>{"closed", StandbyListeners::Closed},
    NamedValue<StandbyListeners>{"refuse", StandbyListeners::Refuse},
};

constexpr std::array kClientCertificates{
    NamedValue<ClientCertificates>{"off", ClientCertificates::Off},
    NamedValue<ClientCertificates>{"optional", ClientCertificates::Optional},
    NamedValue<ClientCertificates>{"required", ClientCertificates::Required},
};
constexpr std::array kTlsVersions{
    NamedValue<TlsVersion>{"1.2", TlsVersion::Tls12},
    NamedValue<TlsVersion>{"1.3", TlsVersion::Tls13},
};

constexpr std::array kPolicies{
    NamedValue<SecretsPolicy>{"optional", SecretsPolicy::Optional},
    NamedValue<SecretsPolicy>{"required", SecretsPolicy::Required},
};

constexpr std::array kReloads{
    NamedValue<Reload>{"live", Reload::Live},
    NamedValue<Reload>{"new connections", Reload::NewConnections},
    NamedValue<Reload>{"restart", Reload::Restart},
};

bool has_same(const ConfigRow& row, Config& a, Config& b) {
  return std::visit(
      [&](const auto* member) {
        const ConfigMember other = row.member(b);
        return *member ==
               **std::get_if<std::remove_const_t<std::remove_pointer_t<decltype(member)>>*>(&other);
      },
      row.member(a));
}

}  // namespace

std::span<const ConfigRow> config_rows() { return kRows; }

const ConfigRow* find_config_row(std::string_view section, std::string_view name) {
  for (const ConfigRow& row : kRows) {
    if (row.section() == section && row.name() == name) {
      return &row;
    }
  }
  return nullptr;
}

bool is_config_section(std::string_view name) {
  return !name.empty() && std::any_of(kRows.begin(), kRows.end(),
                                      [&](const ConfigRow& row) { return row.section() == name; });
}

std::vector<const ConfigRow*> changes(const Config& before, const Config& after) {
  Config old = before;  // the table needs mutable ones
  Config now = after;
  std::vector<const ConfigRow*> changed;
  for (const ConfigRow& row : kRows) {
    if (!has_same(row, old, now)) {
      changed.push_back(&row);
    }
  }
  return changed;
}

void take_over(const ConfigRow& row, Config from, Config& to) {
  std::visit(
      [&](auto* member) {
        const ConfigMember source = row.member(from);
        *member = **std::get_if<decltype(member)>(&source);
      },
      row.member(to));
}

const ConfigRow* policy_row_of(std::string_view name) { return find_config_row(name, "policy"); }

std::string_view nearest_config_key(std::string_view unknown) {
  constexpr std::size_t kMostCompared = 64;
  const std::string_view whole = unknown.substr(0, kMostCompared);
  const std::string_view name = whole.substr(whole.rfind('.') + 1);
  std::string_view nearest;
  // Up to one character in three may be wrong.
  std::size_t least = name.size() / 3 + 2;
  for (const ConfigRow& row : kRows) {
    // A correct name in the wrong section counts as closer than its letters suggest.
    const std::size_t distance =
        std::min(edit_distance(whole, row.key), edit_distance(name, row.name()) + 1);
    if (distance < least) {
      least = distance;
      nearest = row.key;
    }
  }
  return nearest;
}

std::span<const NamedValue<log::Level>> names_of(log::Level) { return kLevels; }
std::span<const NamedValue<log::Format>> names_of(log::Format) { return kFormats; }
std::span<const NamedValue<StorageEngine>> names_of(StorageEngine) { return kEngines; }
std::span<const NamedValue<StorageSync>> names_of(StorageSync) { return kSyncs; }
std::span<const NamedValue<ServerRole>> names_of(ServerRole) { return kRoles; }
std::span<const NamedValue<StandbyListeners>> names_of(StandbyListeners) {
  return kStandbyListeners;
}
std::span<const NamedValue<ClientCertificates>> names_of(ClientCertificates) {
  return kClientCertificates;
}
std::span<const NamedValue<TlsVersion>> names_of(TlsVersion) { return kTlsVersions; }
std::span<const NamedValue<SecretsPolicy>> names_of(SecretsPolicy) { return kPolicies; }
std::span<const NamedValue<Reload>> names_of(Reload) { return kReloads; }

}  // namespace tribar
