// SPDX-License-Identifier: MIT
//
// Station 3: decodes a batch: frames become commands, and all arrivals become inputs. Owns no
// thread. Parsing is one of the three places that depend on a connection's protocol.
#pragma once

#include "registry/batch.h"
#include "zero/command.h"

namespace tribar {

/// Fills `batch.inputs` from `batch.arrivals`, one for one and in order. A frame that is not a
/// valid command becomes Rejected. Views point into `batch.bytes`.
void decode(Batch& batch, const CommandLimits& limits);

}  // namespace tribar
