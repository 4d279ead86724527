// SPDX-License-Identifier: MIT
//
// The plays: what a crowd does from its first login to its last goodbye.
#pragma once

#include "stress/endpoint.h"
#include "stress/options.h"
#include "stress/results.h"

namespace tribar::stress {

/// Plays the scenario that `options` ask for against `server`; returns what was measured. Bounded
/// in time; throws std::system_error when the system denies what it needs.
[[nodiscard]] Results play(const Options& options, const Address& server);

}  // namespace tribar::stress
