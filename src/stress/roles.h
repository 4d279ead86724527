// SPDX-License-Identifier: MIT
//
// Which user does what: each role is a range of the users.
#pragma once

#include "stress/options.h"
#include "stress/types.h"

namespace tribar::stress {

struct Range {
  User first = 0;
  User count = 0;
  [[nodiscard]] User end() const { return first + count; }
};

struct Roles {
  Range quiet;     // logged in, only receive
  Range talkers;   // write to the recipients
  Range sleepers;  // write too, but stop reading from time to time
  Range listers;   // request lists
  Range churners;  // log in, write a little, leave
  Range absent;    // have an account, but are not logged in
  /// The recipients of messages.
  Range recipients;

  /// All users who are logged in.
  [[nodiscard]] Range present() const { return {0, absent.first}; }
};

/// Divides the users of `options` into roles.
[[nodiscard]] Roles share_out(const Options& options);

}  // namespace tribar::stress
