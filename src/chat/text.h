// SPDX-License-Identifier: MIT
//
// What bytes a name and a message may hold. Shared by the server, which judges, and the client,
// which refuses before it sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "chat/refusal.h"

namespace tribar {

/// Why `name` cannot be a new account's name, if so. Allowed: 1..`limit_bytes` letters, digits,
/// '.', '_' and '-'.
[[nodiscard]] std::optional<Refusal> refuse_username(std::string_view name,
                                                     std::size_t limit_bytes);

/// Whether every byte is printable ASCII (0x20..0x7e): what nearly all data is, tested eight bytes
/// at a time.
[[nodiscard]] bool is_plain(std::string_view bytes);

/// Why `bytes` cannot be data of any command, if so: a byte of 0x80 or more.
[[nodiscard]] std::optional<Refusal> refuse_not_ascii(std::string_view bytes);

/// Why `text` cannot be a message, if so: not ASCII, or a control character other than HT, LF, CR.
[[nodiscard]] std::optional<Refusal> refuse_message(std::string_view text);

}  // namespace tribar
