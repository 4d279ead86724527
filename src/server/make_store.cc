// SPDX-License-Identifier: MIT
//
// See make_store.h.
#include "server/make_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>

#include "journal/postgres/postgres.h"
#include "journal/sqlite/sqlite.h"

namespace tribar {
namespace {

/// Where this process is, for people; `service`: where it listens, or what it does.
std::string address_of(const std::string& service) {
  std::array<char, 256> machine{};
  if (gethostname(machine.data(), machine.size() - 1) != 0) {
    machine[0] = '?';
  }
  return fmt::format("{} on {}, process {}", service, machine.data(), getpid());
}

std::string service_of(const ListenerSettings& listener) {
  return listener.socket.empty() ? fmt::format("{}:{}", listener.host, listener.port)
                                 : fmt::format("unix:{}", listener.socket);
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
      options.address = address_of(service_of(config.listen.front()));
      return make_postgres_store(settings.connection, std::move(options));
    case StorageEngine::Memory:
      break;
  }
  return std::unique_ptr<Store>();
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
