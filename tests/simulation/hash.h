// SPDX-License-Identifier: MIT
//
// What stands for a hash of a secret in a simulation: it tells the secret.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace tribar::simulation {

/// `salt` makes two hashes of one secret differ.
[[nodiscard]] inline std::string hash_of(std::string_view secret, std::uint64_t salt) {
  return fmt::format("{}:{}", salt, secret);
}

[[nodiscard]] inline std::string secret_in(std::string_view hash) {
  return std::string(hash.substr(hash.find(':') + 1));
}

}  // namespace tribar::simulation
