// SPDX-License-Identifier: MIT
//
// What vault.h and hashing.h promise to others, in a build without libsodium.
#include <stdexcept>
#include <system_error>
#include <utility>

#include "secrets/vault.h"

namespace tribar {

bool can_hash_secrets() { return false; }

Result<std::string, HashError> hash_secret(std::string_view /*secret*/, HashCost /*cost*/) {
  return HashError{"this build cannot hash secrets; build with libsodium"};
}

Vault::Vault(const VaultOptions& options, std::function<void(SecretResult)> on_result)
    : cost_(options.cost),
      most_waiting_(options.most_waiting),
      most_of_network_(options.most_of_network),
      on_result_(std::move(on_result)) {
  throw std::runtime_error("this build cannot hash secrets; build with libsodium");
}

Vault::~Vault() = default;

bool Vault::submit(SecretTask /*task*/) {  // NOLINT(performance-unnecessary-value-param): as there
  return false;
}

void Vault::forget(ConnectionId /*connection*/, std::uint64_t /*network*/) {}

std::size_t Vault::waiting() { return 0; }

std::error_code Vault::set_threads(std::size_t /*threads*/) { return {}; }

void Vault::drop_waiting() {}

void Vault::stop() {}

}  // namespace tribar
