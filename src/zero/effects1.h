// SPDX-License-Identifier: MIT
//
// What an effect tells a peer, as bytes of protocol 1. Part of station 7.
#pragma once

#include <string_view>

#include "base/byte_buffer.h"
#include "chat/command.h"
#include "registry/effect.h"

namespace tribar {

/// Appends the frame of an effect to `out`; Done, Check and Close have none and append nothing, nor
/// has Echo, which protocol 1 does not get.
void append_effect1(ByteBuffer& out, const EffectBody& body);

/// Appends the frame of a refusal; `address`: see FinalWord.
void append_refusal1(ByteBuffer& out, const Refusal& refusal, std::string_view address);

/// The message in the data of a frame that append_effect1() made of a Push.
[[nodiscard]] Message parse_pushed1(std::string_view data);

}  // namespace tribar
