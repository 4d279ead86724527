// SPDX-License-Identifier: MIT
//
// What the registry is limited to, and what it expects of secrets: plain values.
#pragma once

#include <cstdint>

namespace tribar {

struct RegistryLimits {
  bool needs_secrets = false;     // accounts by name only are closed
  bool can_hash_secrets = false;  // somebody takes Check effects
  std::uint64_t accounts = 1000000;
  // the most data of a message for protocol 0; a longer text is not portable
  std::uint64_t frame_bytes = 65536;
  // credit: from this many unwritten bytes on, a connection gets nothing more
  std::uint64_t outbox_bytes = 262144;
  std::uint64_t undelivered_messages = 10000;
  std::uint64_t undelivered_bytes = 16777216;
  std::uint64_t queued_bytes = 1073741824;
  std::uint64_t list_names = 100000;
  // of all long, unwritten answers to LIST together; from here on LIST waits
  std::uint64_t listing_bytes = 536870912;
};

}  // namespace tribar
