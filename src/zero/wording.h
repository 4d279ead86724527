// SPDX-License-Identifier: MIT
//
// How protocol 0 words refusals: what a peer reads in a RESPONSE.
#pragma once

#include <string>

#include "chat/refusal.h"

namespace tribar {

/// The text of `refusal`, in ASCII. Five of them are part of the protocol: see docs/protocol.md.
[[nodiscard]] std::string text_of(const Refusal& refusal);

}  // namespace tribar
