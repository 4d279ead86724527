// SPDX-License-Identifier: MIT
//
// A secret's hash, and whether a secret is the one that was hashed: argon2id, by libsodium. The
// hash is a line of ASCII text without a zero byte, with its cost and its salt, as other programs
// write it too ("$argon2id$v=19$m=19456,t=2,p=1$..."). Any thread; each call takes its cost in
// memory and gives it back before it returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tribar {

/// What making a hash costs, and so each guess of somebody who has stolen one.
struct HashCost {
  std::uint64_t passes;      // over that memory; at least 1
  std::size_t memory_bytes;  // at least 8192; whole KiB count

  friend constexpr bool operator==(const HashCost&, const HashCost&) = default;
};

/// What the server uses, and the only place that says it: the first choice of OWASP's for
/// argon2id. When it changes, each account gets a new hash with the next secret that is right.
inline constexpr HashCost kHashCost{2, std::size_t{19456} * 1024};

/// Why there is no answer, for the log. Nothing in it is from a peer.
struct HashError {
  std::string reason;
};

/// Makes the rest of this header ready; again is harmless. Throws std::runtime_error when the
/// system gives no randomness.
void begin_hashing();

/// A new hash of `secret`, with a salt of its own; an error when memory is short.
Result<std::string, HashError> hash_secret(std::string_view secret, HashCost cost);

/// Whether `hash`, of any cost, is of `secret`; takes as much memory as making it did. An error
/// when memory is short, or `hash` is none.
Result<bool, HashError> is_secret_of(const std::string& hash, std::string_view secret);

/// Whether `hash` was not made by argon2id with `cost`.
[[nodiscard]] bool needs_rehash(const std::string& hash, HashCost cost);

}  // namespace tribar
