// SPDX-License-Identifier: MIT
//
// Effects as bytes of the peer's protocol. Part of the write station, and one of the three places
// that depend on a connection's protocol.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"
#include "chat/protocol.h"
#include "registry/effect.h"

namespace tribar {

/// Appends the frame of an effect to `out`. Effects that have no frame in this protocol append
/// nothing. `frame_bytes`: see zero/effects.h.
void append_effect(ByteBuffer& out, Protocol protocol, const EffectBody& body,
                   std::uint64_t frame_bytes);

/// Appends the frame of a final word.
void append_final_word(ByteBuffer& out, Protocol protocol, const FinalWord& word);

/// The bytes that append_effect() would append, if they are in memory already: a message that
/// arrived as a frame of the peer's protocol is sent on as the same bytes. Empty if the frame must
/// be built.
[[nodiscard]] std::string_view frame_of(Protocol protocol, const EffectBody& body);

}  // namespace tribar
