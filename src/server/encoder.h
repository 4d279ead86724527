// SPDX-License-Identifier: MIT
//
// What an effect tells a peer, as bytes of the wire. Part of station 7.
#pragma once

#include <string_view>

#include "base/byte_buffer.h"
#include "registry/effect.h"

namespace tribar {

/// Appends the frame of a Push, Echo, LoggedIn, Refuse or Names to `out`; the other effects have
/// none and append nothing.
void append_effect(ByteBuffer& out, const EffectBody& body);

}  // namespace tribar
