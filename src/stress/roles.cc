// SPDX-License-Identifier: MIT
//
// See roles.h.
#include "stress/roles.h"

#include <algorithm>
#include <cstdint>

namespace tribar::stress {
namespace {

/// The number of users with a special role, at least one.
User share_of(const Options& options) {
  const auto share = std::uint64_t{options.users} * options.share_percent / 100;
  return std::max(static_cast<User>(share), User{1});
}

/// Sets how many users each role has in `scenario`.
void count_roles(const Options& options, Roles& roles) {
  const User users = options.users;
  const User share = share_of(options);
  switch (options.scenario) {
    case Scenario::Exchange:
    case Scenario::Rate:
    case Scenario::Ramp:
      roles.talkers.count = users;
      return;
    case Scenario::Idle:
      roles.quiet.count = users;
      return;
    case Scenario::Offline:
      roles.talkers.count = users / 2;
      roles.absent.count = users - users / 2;
      return;
    case Scenario::FanIn:
      roles.quiet.count = 1;
      roles.talkers.count = users - 1;
      return;
    case Scenario::Churn:
      roles.churners.count = std::min(share, users - 1);
      roles.quiet.count = users - roles.churners.count;
      return;
    case Scenario::Slow:
      roles.sleepers.count = share;
      roles.talkers.count = users - share;
      return;
    case Scenario::List:
      roles.listers.count = share;
      roles.talkers.count = users - share;
      roles.absent.count = std::max(options.accounts, users) - users;
      return;
    case Scenario::Mixed:
      roles.sleepers.count = roles.listers.count = roles.churners.count = share;
      roles.talkers.count = users - 3 * share;
      return;
  }
}

}  // namespace

Roles share_out(const Options& options) {
  Roles roles;
  count_roles(options, roles);
  User next = 0;
  for (Range* range : {&roles.quiet, &roles.talkers, &roles.sleepers, &roles.listers,
                       &roles.churners, &roles.absent}) {
    range->first = next;
    next += range->count;
  }
  if (options.scenario == Scenario::Offline) {
    roles.recipients = roles.absent;
  } else if (options.scenario == Scenario::FanIn) {
    roles.recipients = roles.quiet;
  } else {
    // What comes to a user whose connection is broken off is lost, but for protocol 1.
    const bool is_kept = options.scenario == Scenario::Churn && options.protocol == 1;
    roles.recipients = {0, is_kept ? roles.churners.end() : roles.sleepers.end()};
  }
  return roles;
}

}  // namespace tribar::stress
