// SPDX-License-Identifier: MIT
//
// Why what was typed cannot be sent, for the person who typed it: which character, where, and what
// is allowed. The server judges again; here it saves the way, and the text. Pure.
//
// Places are counted in characters, from 1. `is_utf8`: whether the terminal shows UTF-8, so that
// the character can be in the answer, safely.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tribar::client {

/// The most data in a frame to a server: its default limit, too.
inline constexpr std::size_t kMostFrameBytes = 65536;

/// Of a username: to create an account, to log in, or of a recipient.
[[nodiscard]] std::optional<std::string> why_not_username(std::string_view name, bool is_utf8);

/// Of the pattern of a list of users. `protocol`: 0 or 1, also below.
[[nodiscard]] std::optional<std::string> why_not_pattern(std::string_view pattern, int protocol,
                                                         bool is_utf8);

/// Of the text of a message from `sender` to `recipient`, whose names can be sent.
[[nodiscard]] std::optional<std::string> why_not_text(std::string_view text,
                                                      std::string_view sender,
                                                      std::string_view recipient, int protocol,
                                                      bool is_utf8);

/// Of a new secret. The answer says nothing of what the secret is.
[[nodiscard]] std::optional<std::string> why_not_new_secret(std::string_view secret);

/// Of a secret to log in with; empty: none, which can be sent.
[[nodiscard]] std::optional<std::string> why_not_secret(std::string_view secret);

}  // namespace tribar::client
