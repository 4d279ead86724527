// SPDX-License-Identifier: MIT
//
// Which bytes a name and a message may contain. Used by the server, to check what it gets, and by
// the client, to refuse bad input before sending it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "chat/refusal.h"

namespace tribar {

/// The reason why `name` is not allowed for a new account, none if it is. Allowed: 1..`limit_bytes`
/// letters, digits, '.', '_' and '-'.
[[nodiscard]] std::optional<Refusal> refuse_username(std::string_view name,
                                                     std::size_t limit_bytes);

/// Whether every byte is printable ASCII (0x20..0x7e), as in nearly all data. Tests eight or more
/// bytes at a time.
[[nodiscard]] bool is_plain(std::string_view bytes);

/// The reason why `bytes` is not allowed as data of a command, none if it is: a byte of 0x80 or
/// more.
[[nodiscard]] std::optional<Refusal> refuse_not_ascii(std::string_view bytes);

/// The reason why `text` is not allowed as a message, none if it is: not ASCII, or a control
/// character other than HT, LF, CR.
[[nodiscard]] std::optional<Refusal> refuse_message(std::string_view text);

/// How many bytes the character has that begins `bytes`, by Unicode's table 3-7 of well-formed byte
/// sequences; 0: it is none.
[[nodiscard]] std::size_t utf8_size(std::string_view bytes);

/// The character that `bytes` are. Requires that they are one of ASCII, or well-formed UTF-8 of
/// one.
[[nodiscard]] char32_t decoded_utf8(std::string_view bytes);

/// Why `text` cannot be in a command of protocol 1, if so: not UTF-8, or a control character other
/// than HT, LF, CR.
[[nodiscard]] std::optional<Refusal> refuse_text(std::string_view text);

/// Whether every protocol can carry `text`: ASCII, and no delimiter of protocol 0 in it.
[[nodiscard]] bool is_portable(std::string_view text);

/// Why `secret` cannot be an account's, if so. It is valid as a text.
[[nodiscard]] std::optional<Refusal> refuse_secret(std::string_view secret);

}  // namespace tribar
