// SPDX-License-Identifier: MIT
//
// What an effect tells a peer, as bytes of the peer's protocol. Part of the write station, and one
// of the three places that ask for a connection's protocol.
#pragma once

#include <string_view>

#include "base/byte_buffer.h"
#include "chat/protocol.h"
#include "registry/effect.h"

namespace tribar {

/// Appends the frame of a Push, Echo, LoggedIn, Refuse or Names to `out`; the other effects have
/// none and append nothing.
void append_effect(ByteBuffer& out, Protocol protocol, const EffectBody& body);

/// What append_effect() would append, where it stands already: a message that came in as a frame of
/// the peer's protocol goes out as the same bytes. Empty when it has to be put together.
[[nodiscard]] std::string_view frame_of(Protocol protocol, const EffectBody& body);

}  // namespace tribar
