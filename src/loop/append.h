// SPDX-License-Identifier: MIT
//
// Effects as bytes of the peer's protocol. Part of the write station, and one of the three places
// that depend on a connection's protocol.
#pragma once

#include <string_view>

#include "base/byte_buffer.h"
#include "chat/protocol.h"
#include "registry/effect.h"

namespace tribar {

/// Appends the frame of a Push, Echo, LoggedIn, Refuse or Names to `out`. The other effects have no
/// frame, so nothing is appended.
void append_effect(ByteBuffer& out, Protocol protocol, const EffectBody& body);

/// The bytes that append_effect() would append, if they are in memory already: a message that
/// arrived as a frame of the peer's protocol is sent on as the same bytes. Empty if the frame must
/// be built.
[[nodiscard]] std::string_view frame_of(Protocol protocol, const EffectBody& body);

}  // namespace tribar
