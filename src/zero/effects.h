// SPDX-License-Identifier: MIT
//
// Effects as bytes of protocol 0. Part of station 7 (write).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"
#include "registry/effect.h"

namespace tribar {

/// Appends the frame of a Push, Echo, LoggedIn, Refuse or Names to `out`. The other effects have no
/// frame, so nothing is appended. A Push that is not portable is written as portable_text() says,
/// with at most `frame_bytes` of data; all others are written whole.
void append_effect(ByteBuffer& out, const EffectBody& body, std::uint64_t frame_bytes);

/// Appends the frame of a refusal; `address`: see FinalWord.
void append_refusal(ByteBuffer& out, const Refusal& refusal, std::string_view address);

/// The bytes that append_effect() would append, if they are in memory already: a message that
/// arrived as a frame is sent on as the same bytes. Empty if the frame must be built.
[[nodiscard]] std::string_view frame_of(const EffectBody& body);

}  // namespace tribar
