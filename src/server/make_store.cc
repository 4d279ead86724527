// SPDX-License-Identifier: MIT
//
// See make_store.h.
#include "server/make_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "journal/postgres/postgres.h"
#include "journal/sqlite/sqlite.h"

namespace tribar {
namespace {

constexpr std::string_view kOn = " on ";

std::string machine() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

/// Where this process is, for people; `service`: where it listens, or what it does.
std::string address_of(const std::string& service) {
  return fmt::format("{}{}{}, process {}", service, kOn, machine(), getpid());
}

/// Where clients reach this server.
std::string service_of(const Config& config) {
  const ListenerSettings& listener = config.listen.front();
  if (!config.advertise.empty()) {
    return config.advertise;
  }
  if (!listener.socket.empty()) {
    return fmt::format("unix:{}", listener.socket);
  }
  const bool is_every_address = listener.host == "0.0.0.0" || listener.host == "::";
  const std::string host = is_every_address ? machine() : listener.host;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", listener.port);
}

}  // namespace

Result<std::unique_ptr<Store>, StoreOpenError> make_store(
    const Config& config, std::function<void(const std::string&)> warn) {
  const Config::Storage& settings = config.storage;
  StoreOptions options;
  options.sync = settings.sync == StorageSync::Full ? Sync::Full : Sync::Normal;
  options.warn = std::move(warn);
  switch (settings.engine) {
    case StorageEngine::Sqlite:
      return make_sqlite_store(settings.path, std::move(options));
    case StorageEngine::Postgresql:
      options.address = address_of(service_of(config));
      options.takeover = std::chrono::milliseconds(config.timeouts.takeover_ms);
      options.waits_for_holder = config.role == ServerRole::Alone;
      return make_postgres_store(settings.connection, std::move(options));
    case StorageEngine::Memory:
      break;
  }
  return std::unique_ptr<Store>();
}

std::string advertised_in(const std::string& address) {
  return address.substr(0, std::min(address.rfind(kOn), address.size()));
}

Result<std::unique_ptr<Store>, StoreOpenError> make_named_store(const std::string& name) {
  constexpr std::string_view kEngine = "postgresql:";
  StoreOptions options;
  const bool is_uri = name.starts_with("postgres://") || name.starts_with("postgresql://");
  if (is_uri || name.starts_with(kEngine)) {
    options.address = address_of("tribard --move-storage");
    return make_postgres_store(is_uri ? name : name.substr(kEngine.size()), std::move(options));
  }
  return make_sqlite_store(name, std::move(options));
}

}  // namespace tribar
