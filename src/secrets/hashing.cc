// SPDX-License-Identifier: MIT
//
// See hashing.h.
#include "secrets/hashing.h"

#include <sodium.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace tribar {

namespace {

/// libsodium wants a place also of no bytes.
const char* begin_of(std::string_view secret) { return secret.empty() ? "" : secret.data(); }

HashError error_of(int code) { return {std::generic_category().message(code)}; }

}  // namespace

void begin_hashing() {
  if (sodium_init() < 0) {
    throw std::runtime_error("libsodium: the system gives no randomness");
  }
}

Result<std::string, HashError> hash_secret(std::string_view secret, HashCost cost) {
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  errno = 0;
  if (crypto_pwhash_str_alg(hash.data(), begin_of(secret), secret.size(), cost.passes,
                            cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return error_of(errno != 0 ? errno : ENOMEM);
  }
  return std::string(hash.data());
}

Result<bool, HashError> is_secret_of(const std::string& hash, std::string_view secret) {
  // The check itself would not tell such a hash from a wrong secret.
  if (crypto_pwhash_str_needs_rehash(hash.c_str(), kHashCost.passes, kHashCost.memory_bytes) < 0) {
    return HashError{"the stored hash is not one of argon2"};
  }
  errno = 0;
  if (crypto_pwhash_str_verify(hash.c_str(), begin_of(secret), secret.size()) == 0) {
    return true;
  }
  if (errno != EINVAL) {
    return error_of(errno != 0 ? errno : ENOMEM);
  }
  return false;
}

bool needs_rehash(const std::string& hash, HashCost cost) {
  // It would take one of another argon2 for up to date.
  return !hash.starts_with(crypto_pwhash_argon2id_STRPREFIX) ||
         crypto_pwhash_str_needs_rehash(hash.c_str(), cost.passes, cost.memory_bytes) != 0;
}

}  // namespace tribar
