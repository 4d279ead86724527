// SPDX-License-Identifier: MIT
//
// What a server of protocol 1 tells a client, as values; parsing it from frames and writing it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "chat/command.h"
#include "zero/reply.h"

namespace tribar {

/// The answer to CREATE, LOGIN, SECRET and DELETE, and every refusal.
struct Response1 {
  std::string_view token;      // kOk, or that of an error: see zero/wording.h; it may be a new one
  std::string_view text = {};  // of an error, for people
  std::optional<std::uint64_t> waiting = {};  // success of LOGIN: messages that wait for DELIVER
  /// Success of LOGIN: the highest n that was accepted from this client. An error: a figure that
  /// belongs to its token, or else the n of the SEND that was refused.
  std::optional<std::uint64_t> third = {};
  [[nodiscard]] bool is_ok() const;
  friend bool operator==(const Response1&, const Response1&) = default;
};

struct ListResponse1 {
  struct User {
    std::string_view name;
    bool is_on = false;  // logged in now
    friend bool operator==(const User&, const User&) = default;
  };
  std::vector<User> users;
  friend bool operator==(const ListResponse1&, const ListResponse1&) = default;
};

/// A message to this client. To be acknowledged with its number.
struct Delivery1 {
  MessageNumber number;
  UnixMs time;
  Message message;
  friend bool operator==(const Delivery1&, const Delivery1&) = default;
};

/// The SEND with this client's own number `n` is accepted; number and time are 0 if it was accepted
/// before.
struct Accepted1 {
  std::uint64_t n = 0;
  MessageNumber number;
  UnixMs time;
  friend bool operator==(const Accepted1&, const Accepted1&) = default;
};

using Reply1 = std::variant<Response1, ListResponse1, Delivery1, Accepted1, Ping, Pong>;

/// Parses a frame from a server; views point into `data`. The data is not trusted: a server can
/// send anything. What is returned is as the protocol says: numbers, names that an account can have
/// (of any length), and texts that refuse_text() lets pass, so without control characters but HT,
/// LF, CR. The data of PING and PONG is any bytes. Tokens are lower-case letters, digits and '-'.
[[nodiscard]] Result<Reply1, ReplyError> parse_reply1(std::uint8_t code, std::string_view data);

/// Appends the reply's frame to `out`. The fields are written as they are.
void append_reply1(std::string& out, const Reply1& reply);

}  // namespace tribar
