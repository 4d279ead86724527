// SPDX-License-Identifier: MIT
//
// The scenarios: what happens on the stage between its start and end.
#pragma once

#include "stress/roles.h"
#include "stress/stage.h"

namespace tribar::stress {

/// All roles run together for the requested time: exchange, rate, fan-in, churn, slow, list and
/// mixed differ only in their roles.
void play_together(Stage& stage, const Roles& roles);

/// Raises the rate step by step until the server cannot keep up.
void play_ramp(Stage& stage, const Roles& roles);

/// All users log in and send nothing.
void play_idle(Stage& stage, const Roles& roles);

/// Sends messages to users who are not logged in; then these log in and request them.
void play_offline(Stage& stage, const Roles& roles);

/// Users of `range` create their accounts and leave. False if one could not.
[[nodiscard]] bool open_accounts(Stage& stage, const Range& range);

}  // namespace tribar::stress
