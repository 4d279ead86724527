// SPDX-License-Identifier: MIT
//
// SipHash-1-3, the keyed hash of Aumasson and Bernstein: without the key nobody can find names that
// collide in a hash table.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tribar {

struct HashKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
};

/// The hash of `bytes` under `key`. Little-endian hosts only, as everything tribar runs on.
[[nodiscard]] inline std::uint64_t siphash(std::string_view bytes, const HashKey& key) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t v0 = key.k0 ^ 0x736f6d6570736575;
  std::uint64_t v1 = key.k1 ^ 0x646f72616e646f6d;
  std::uint64_t v2 = key.k0 ^ 0x6c7967656e657261;
  std::uint64_t v3 = key.k1 ^ 0x7465646279746573;
  const auto round = [&] {
    v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
  };
  const auto absorb = [&](std::uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  };
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    absorb(word);
  }
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56;
  const std::size_t rest = bytes.size() - i;
  if (rest > 0 && bytes.size() >= 8) {
    // The last word: also reads bytes before it that were hashed already, and shifts them out.
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + bytes.size() - 8, 8);
    last |= word >> (64 - 8 * rest);
  } else {
    for (unsigned shift = 0; i < bytes.size(); ++i, shift += 8) {
      last |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << shift;
    }
  }
  absorb(last);
  v2 ^= 0xff;
  round();
  round();
  round();
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace tribar
