// SPDX-License-Identifier: MIT
//
// The texts of refusals in protocol 0, as sent in a RESPONSE.
#pragma once

#include <string>

#include "chat/refusal.h"

namespace tribar {

/// The text of `refusal`, in ASCII. Five of the texts are fixed by the protocol: see
/// docs/protocol.md.
[[nodiscard]] std::string text_of(const Refusal& refusal);

}  // namespace tribar
