// SPDX-License-Identifier: MIT
//
// What part a server has in its store, as values that any thread may read at any time, such as one
// that answers for metrics. The members are named as metrics are.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace tribar {

enum class Role {
  Alone,    // its store is its own, or it has none
  Standby,  // another server has the store
  Leader,   // it has a store that others can take over
};

[[nodiscard]] constexpr std::string_view name_of(Role role) {
  switch (role) {
    case Role::Alone:
      return "alone";
    case Role::Standby:
      return "standby";
    case Role::Leader:
      break;
  }
  return "leader";
}

/// Written by the thread that has the store.
struct RoleStatus {
  std::atomic<Role> role{Role::Alone};
  std::atomic<std::uint64_t> epoch{0};    // of the leader, whoever that is; 0: not known, or none
  std::atomic<std::uint64_t> commits{0};  // of this leader: since the store was made
  /// Of this leader: synchronous standbys that are connected to its database; negative: not known.
  std::atomic<std::int64_t> replication{-1};
};

}  // namespace tribar
