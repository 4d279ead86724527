// SPDX-License-Identifier: MIT
//
// The plots: what happens on the stage between its opening and the last goodbye.
#pragma once

#include "stress/roles.h"
#include "stress/stage.h"

namespace tribar::stress {

/// Every role at its work for the time that was asked for: exchange, rate, fan-in, churn, slow,
/// list and mixed differ only in their roles.
void play_together(Stage& stage, const Roles& roles);

/// The rate rises step by step until the server does not hold it.
void play_ramp(Stage& stage, const Roles& roles);

/// All log in and are silent.
void play_idle(Stage& stage, const Roles& roles);

/// Messages to users who are away, who then come and ask for them.
void play_offline(Stage& stage, const Roles& roles);

/// Users of `range` create their accounts and go away again. False when one could not.
[[nodiscard]] bool open_accounts(Stage& stage, const Range& range);

}  // namespace tribar::stress
