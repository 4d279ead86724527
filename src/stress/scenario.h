// SPDX-License-Identifier: MIT
//
// Runs a scenario, from the first login to the last logout.
#pragma once

#include "stress/endpoint.h"
#include "stress/options.h"
#include "stress/results.h"

namespace tribar::stress {

/// Runs the scenario chosen by `options` against `server`; returns what was measured. Limited in
/// time; throws std::system_error if the system denies a resource.
[[nodiscard]] Results play(const Options& options, const Server& server);

}  // namespace tribar::stress
