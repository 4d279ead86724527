// SPDX-License-Identifier: MIT
//
// What a server tells a peer, as values, and how it stands in a frame.
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
/// A message to this client, or the echo of one that it sent.
struct Delivery {
  Message message;
  friend bool operator==(const Delivery&, const Delivery&) = default;
};

using Reply = std::variant<Response, ListResponse, Delivery>;

/// What is wrong with a frame from a server, in words.
struct ReplyError {
  std::string text;
};

/// The reply in a frame from a server; views point into `data`. A server is a peer too: anything
/// may come. Control characters are let through, in names too: other servers carry them, and a user
/// must not lose the connection over what another wrote. Who shows them escapes them.
[[nodiscard]] Result<Reply, ReplyError> parse_reply(std::uint8_t code, std::string_view data);

/// Appends the reply's frame to `out`.
void append_reply(std::string& out, const Reply& reply);

}  // namespace tribar
