// SPDX-License-Identifier: MIT
//
// Replies of a server, as values; parsing them from frames and writing them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "zero/command.h"

namespace tribar {

/// The answer to CREATE and LOGIN, and every refusal.
struct Response {
  std::string_view error;  // empty: success
  friend bool operator==(const Response&, const Response&) = default;
};
struct ListResponse {
  std::vector<std::string_view> usernames;
  friend bool operator==(const ListResponse&, const ListResponse&) = default;
};
/// A message to this client, or the confirmation of one that it sent.
struct Delivery {
  Message message;
  friend bool operator==(const Delivery&, const Delivery&) = default;
};

using Reply = std::variant<Response, ListResponse, Delivery>;

/// What is wrong with a frame from a server, as text.
struct ReplyError {
  std::string text;
};

/// Parses a frame from a server; views point into `data`. The data is not trusted: a server can
/// send anything. Control characters are accepted, in names too, because other servers pass them on
/// and a user must not lose the connection over what another user wrote. The caller escapes them
/// before showing them.
[[nodiscard]] Result<Reply, ReplyError> parse_reply(std::uint8_t code, std::string_view data);

/// Appends the reply's frame to `out`.
void append_reply(std::string& out, const Reply& reply);

}  // namespace tribar
