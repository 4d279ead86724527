// SPDX-License-Identifier: MIT
//
// Station 3, what a worker does to a batch: frames become commands, everything becomes inputs.
// Owns no thread. Parsing is one of the three places that ask for a connection's protocol.
#pragma once

#include "registry/batch.h"
#include "zero/command.h"

namespace tribar {

/// Fills `batch.inputs` from `batch.arrivals`, one for one and in order. A frame that is no command
/// becomes Rejected. Views point into `batch.bytes`.
void decode(Batch& batch, const CommandLimits& limits);

}  // namespace tribar
