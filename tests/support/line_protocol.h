// SPDX-License-Identifier: MIT
//
// A protocol for tests: each frame is a line of text. Commands: `create NAME`, `login NAME`, `list
// [GLOB]`, `send NAME NAME TEXT`, `deliver`, `delete`; answers: `ok`, `no TOKEN`, `names NAME...`
// and `message NAME NAME TEXT`. It shows what a further protocol needs: an enumerator, and a case
// in three switches, which call these functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/result.h"
#include "chat/command.h"
#include "chat/protocol.h"
#include "chat/refusal.h"
#include "registry/effect.h"

namespace tribar::test {

/// See cut_frame().
[[nodiscard]] FrameCut cut_line(std::string_view bytes, std::uint64_t limit_bytes);

/// See parse_command(); `line` is without its end.
[[nodiscard]] Result<Command, Refusal> parse_line(std::string_view line);

/// The message in a line that append_line() wrote for a Push.
[[nodiscard]] Message parse_pushed_line(std::string_view frame);

/// See append_effect().
void append_line(ByteBuffer& out, const EffectBody& body);

}  // namespace tribar::test
