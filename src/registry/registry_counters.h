// SPDX-License-Identifier: MIT
//
// What the registry counts for metrics. Nothing that it decides depends on them.
#pragma once

#include <array>
#include <variant>

#include "base/counter.h"
#include "registry/input.h"

namespace tribar {

struct RegistryCounters {
  std::array<Counter, std::variant_size_v<InputBody>> inputs;  // by InputBody::index()
  Counter accepted;                                            // messages
  Counter delivered;      // messages that were written, or acknowledged in protocol 1
  Counter waiting;        // messages that were accepted, and are not delivered or deleted yet
  Counter waiting_bytes;  // what they count against RegistryLimits::queued_bytes
  Counter accounts;
  Counter logged_in;  // sessions
  Counter logins;
};

}  // namespace tribar
