// SPDX-License-Identifier: MIT
//
// Who of the crowd does what: each role is a range of the users.
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
  Range quiet;     // are there, and only get messages
  Range talkers;   // write to the recipients
  Range sleepers;  // talk, and stop reading from time to time
  Range listers;   // ask for lists
  Range churners;  // come, write a little, leave
  Range absent;    // have an account and no session
  /// Those whom messages go to.
  Range recipients;

  /// All but the absent.
  [[nodiscard]] Range present() const { return {0, absent.first}; }
};

/// How the users of `options` are shared out.
[[nodiscard]] Roles share_out(const Options& options);

}  // namespace tribar::stress
