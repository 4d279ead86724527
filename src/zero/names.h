// SPDX-License-Identifier: MIT
//
// The answer to LIST, as bytes of either protocol. Part of station 7.
#pragma once

#include <cstdint>

#include "base/byte_buffer.h"
#include "registry/effect.h"

namespace tribar {

/// Appends the LISTRESPONSE of `names` to `out`.
void append_names(ByteBuffer& out, const Names& names, std::uint8_t version);

}  // namespace tribar
